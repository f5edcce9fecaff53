"""The records that the stages hand to each other: TextLine → ShapedLine → Layout → Inked → Sample.

Units: ``_em`` fractions of the font size, ``_px`` output pixels.  Origin top-left, x right, y down, pixel centres at
half-integers; a quad is four corners (x, y), clockwise from the top-left of the upright text.  Ranges of text are
half-open and count code points in logical order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FontKey(NamedTuple):
    """One face at one place in its design space: all that is needed to open it again.

    ``bold_em`` thickens the outlines and ``slant`` (tangent of the angle) shears them, where a family has no such face.
    """

    path: str
    face: int
    coords: tuple[tuple[str, float], ...]
    bold_em: float = 0.0
    slant: float = 0.0


LINE_FEED = "\n"
"""What parts the lines of a label of several."""
TATWEEL = "\u0640"
"""The stroke that draws a word out between joined letters; one in a label, however long it is in the picture."""
_WORD = re.compile(r"\S+")


class Setting(NamedTuple):
    """How a line is set beside its font: OpenType features by tag, and distances added to advances, in em."""

    features: tuple[tuple[str, bool], ...] = ()
    letter_em: float = 0.0
    """Behind every grapheme cluster."""
    word_em: float = 0.0
    """Behind every space, in addition."""
    pitch_em: float = 0.0
    """Width of the cell that every letter stands in, as a typewriter's; 0 for the font's own widths."""
    stressed: tuple[float, float] | None = None
    """Where in the line, from 0 to 1, the words begin that alone are letter-spaced, and how many of the rest they are."""

    kashida_em: float = 0.0
    """Length of a `TATWEEL`; 0 for the font's own."""

    def spaced_range(self, text: str) -> tuple[int, int]:
        """Return where *text* is letter-spaced, as a range of code points that begins and ends with a word."""
        words = [] if self.stressed is None else [match.span() for match in _WORD.finditer(text)]
        if not words or self.stressed is None:
            return 0, len(text)
        begin, length = self.stressed
        first = min(int(begin * len(words)), len(words) - 1)
        last = min(first + int(length * (len(words) - first)), len(words) - 1)
        return words[first][0], words[last][1]


PLAIN = Setting()
"""Features as the font has them, no distances added."""


@dataclass(frozen=True, slots=True)
class FontChoice:
    """A font drawn for a line: its key, and what a user wants to know about it."""

    key: FontKey
    family: str
    style: str
    kind: str
    """The class of the family: serif, sans, mono, typewriter, slab, condensed, hand or display."""
    sha256: str
    setting: Setting = PLAIN

    def described(self, fallback: FontChoice | None, size_px: float, shaped: ShapedLine) -> dict[str, Any]:
        """Return what a sample keeps of the font that *shaped* is set in, as plain JSON values."""
        key, setting = self.key, self.setting
        return {
            "family": self.family,
            "class": self.kind,
            "style": self.style,
            "sha256": self.sha256,
            "face": key.face,
            "axes": dict(key.coords),
            "bold_em": key.bold_em,
            "slant": key.slant,
            "features": dict(setting.features),
            "letter_spacing_em": setting.letter_em if shaped.letter_spaced else 0.0,
            "word_spacing_em": setting.word_em,
            **({"letter_spaced": [*shaped.letter_spaced]} if setting.stressed and shaped.letter_spaced else {}),
            **({"pitch_em": setting.pitch_em} if setting.pitch_em else {}),
            **({"kashida_em": setting.kashida_em} if setting.kashida_em and TATWEEL in shaped.line.text else {}),
            "size_px": round(size_px, 3),
            "x_height_px": round(size_px * shaped.metrics.x_height_em, 3),
            "fallback": fallback.family if fallback else None,
            **({"fallback_sha256": fallback.sha256, "fallback_face": fallback.key.face} if fallback else {}),
        }


@dataclass(frozen=True, slots=True)
class TextLine:
    """A string to set, NFC and in logical order, and where it came from."""

    text: str
    source: str
    direction: str
    """``ltr``, ``rtl``, or ``ttb`` for a vertical line."""
    script: str
    language: str


class FontMetrics(NamedTuple):
    """Heights in em above the baseline (descent: below it, positive)."""

    ascent_em: float
    descent_em: float
    cap_height_em: float
    x_height_em: float


class GlyphRun(NamedTuple):
    """Glyphs of one font, in visual order; positions in em from the start of the baseline, y up.

    In a vertical line the baseline is the line through the middle, and glyphs may stand sideways: turned clockwise.
    """

    font: FontKey
    glyph_ids: list[int]
    x_em: list[float]
    y_em: list[float]
    sideways: bool = False
    clusters: list[int] = []  # noqa: RUF012 - a named tuple's default, never changed
    """The code point that each glyph belongs to, as HarfBuzz counts them."""
    slopes: list[float] | None = None
    """How much each glyph is sheared: its rise *downwards* over its width; None for an upright line."""
    widths: list[float] | None = None
    """Width of each glyph as a share of the font's; None where all are as the font has them."""


class Ligature(NamedTuple):
    """Clusters ``first`` to ``end`` - 1 that share a glyph, and how its width is divided among them."""

    first: int
    end: int
    by: str
    """``caret``: where the font says; ``even``: evenly."""


@dataclass(frozen=True, slots=True)
class ShapedLine:
    """A line of glyphs whose label is proved, or several that stand below each other.

    ``cluster_ranges``: int32 (n, 2), code-point range of each grapheme cluster, a partition of the text.
    ``cluster_boxes_em``: float64 (n, 4), left, top, right, bottom from the baseline start, y *down*: the ink of the
    cluster, or its advance by the x-height where it has none.
    ``cluster_has_ink``: bool (n,).
    """

    line: TextLine
    runs: tuple[GlyphRun, ...]
    advance_em: float
    metrics: FontMetrics
    cluster_ranges: NDArray[np.int32]
    cluster_boxes_em: NDArray[np.float64]
    cluster_has_ink: NDArray[np.bool_]
    ligatures: tuple[Ligature, ...] = ()
    letter_spaced: tuple[int, int] | None = None
    """Range of code points whose letters were set apart, or nearer together; None for none."""
    cluster_quads_em: NDArray[np.float64] | None = None
    """float64 (n, 4, 2) where the baseline is not straight: corners clockwise from the top-left, y down."""
    baseline_em: NDArray[np.float64] | None = None
    """float64 (k, 2), with them: the baseline as a polyline; of several lines all, behind each other."""
    rows_em: tuple[float, ...] = (0.0,)
    """Of several lines, set below each other: how far each baseline lies below the first."""

    @property
    def rows(self) -> list[slice]:
        """Return the clusters of each line, without the line feeds between them."""
        feeds = [i for i, cluster in enumerate(self.clusters) if cluster == LINE_FEED] if len(self.rows_em) > 1 else []
        return [slice(a + 1, b) for a, b in pairwise((-1, *feeds, len(self.cluster_ranges)))]

    @property
    def flattest_em(self) -> float:
        """Return the height of the flattest cluster that has ink, such as a dash."""
        heights = self.cluster_boxes_em[:, 3] - self.cluster_boxes_em[:, 1]
        return float(heights[self.cluster_has_ink].min(initial=1.0))

    @property
    def clusters(self) -> list[str]:
        """Return the grapheme clusters of the text, in logical order."""
        return [self.line.text[start:end] for start, end in self.cluster_ranges.tolist()]

    @property
    def cluster_is_split(self) -> NDArray[np.bool_]:
        """Return bool (n,): whether the cluster shares its glyph with others."""
        import numpy as np  # Records are read by commands that draw nothing.

        split = np.zeros(len(self.cluster_ranges), np.bool_)
        for ligature in self.ligatures:
            split[ligature.first : ligature.end] = True
        return split


class Margins(NamedTuple):
    """Distances in px from the ink of the line to the frame."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a line stands in its frame, before any degradation.

    The baseline begins at (``x_px``, ``baseline_px``) and runs right, or through the middle of a vertical line down.

    ``points``: float64 (4 n + 4 m + 4 + k, 2), the corners of n clusters, m words and the line, then the baseline below
    its ink, a polyline of k = 2 points or more; one array, so that a warp moves all labels in one step.
    ``n_baseline`` is k.  Of several lines the baselines stand behind each other, all with k / ``n_lines`` points.
    """

    height_px: int
    width_px: int
    size_px: float
    x_px: float
    baseline_px: float
    word_ranges: NDArray[np.int32]
    points: NDArray[np.float64]
    n_baseline: int = 2
    n_lines: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width of the frame in px."""
        return self.height_px, self.width_px

    @property
    def line_quad(self) -> NDArray[np.float64]:
        """Return the corners of the line, float64 (4, 2), upright here."""
        return self.points[-self.n_baseline - 4 : -self.n_baseline]

    @property
    def line_box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the line."""
        (left, top), _, (right, bottom), _ = self.line_quad.tolist()
        return left, top, right, bottom


class Bleed(NamedTuple):
    """Whole pixels by which a picture is drawn beyond its frame, so that a warp finds paper there."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What an op may know of the picture it is drawn for: its shape in px, and the scale of the text on it."""

    height: int
    width: int
    em_px: float
    """Font size in px; for a picture of unknown text, an estimate."""


class Cluster(NamedTuple):
    """A grapheme cluster: ``text[start:end]`` and its quad, float32 (4, 2)."""

    start: int
    end: int
    quad: NDArray[np.float32]


class Word(NamedTuple):
    """A run between spaces: ``text[start:end]`` and its quad, float32 (4, 2)."""

    start: int
    end: int
    quad: NDArray[np.float32]


class Line(NamedTuple):
    """The whole line: quad float32 (4, 2), and its baseline as a polyline, float32 (k, 2)."""

    quad: NDArray[np.float32]
    baseline: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and all that is known of it; a picture without text has the label "" and no clusters or words.

    ``image`` is uint8, (H, W) grey or (H, W, 3) RGB, and equals the decoded ``encoded``, the bytes that a shard holds
    (PNG, JPEG, WebP or NPY).  ``cluster_ranges`` int32 (n, 2) and ``cluster_quads`` float32 (n, 4, 2) are in logical order;
    likewise the words.  ``provenance`` holds plain JSON values only.
    """

    index: int
    image: NDArray[np.uint8]
    encoded: bytes
    text: str
    cluster_ranges: NDArray[np.int32]
    cluster_quads: NDArray[np.float32]
    word_ranges: NDArray[np.int32]
    word_quads: NDArray[np.float32]
    line: Line
    provenance: dict[str, Any]
    mask: bytes | None = None
    """PNG of the line's own ink under the warps alone, uint8 (H, W), 0 bare to 255 ink, if the recipe stores masks."""
    lines: tuple[Line, ...] = ()
    """Of several lines each, in order; ``line`` is then the outline of all, with the baseline of the first."""

    @property
    def key(self) -> str:
        """Return the name of the sample in a data set: its index, twelve digits."""
        return f"{self.index:012d}"

    @property
    def clusters(self) -> list[Cluster]:
        """Return the grapheme clusters in logical order; together they partition the text."""
        return [Cluster(int(a), int(b), q) for (a, b), q in zip(self.cluster_ranges, self.cluster_quads, strict=True)]

    @property
    def words(self) -> list[Word]:
        """Return the words, the stretches between white space, in logical order."""
        return [Word(int(a), int(b), q) for (a, b), q in zip(self.word_ranges, self.word_quads, strict=True)]
