"""The one place where the stages meet: `make_sample` is a pure function of (recipe, index)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth import codec, legibility
from ocrsynth.degrade.chain import Chain, Fit
from ocrsynth.errors import Rejected, SampleError, told_at
from ocrsynth.fields import is_whole
from ocrsynth.fonts.faces import open_instance
from ocrsynth.fonts.selection import FontSelector
from ocrsynth.lockstep import Ask, run_together
from ocrsynth.page import Further, Page, all_print, fallback_for, neighbours_of
from ocrsynth.parts import standing_apart
from ocrsynth.quads import bent_labels, lines_apart
from ocrsynth.recipe import require_recipe
from ocrsynth.records import LINE_FEED, FontChoice, Frame, Layout, Line, Sample, ShapedLine, TextLine
from ocrsynth.render.decoration import draw_decoration, paint_over, paint_under
from ocrsynth.render.disorder import cut_off, disordered
from ocrsynth.render.layout import Unplaced, advice_on, lay_out_all, lay_out_nothing, widths_of
from ocrsynth.render.paper import blank_paper, draw_surface, ink_on_paper
from ocrsynth.render.raster import draw_mask
from ocrsynth.render.stack import bands_of, rows_of
from ocrsynth.seeding import LARGEST_INDEX, Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import TextMixture, foreign_alphabets
from ocrsynth.text.splits import Splits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ocrsynth.degrade.chain import Costs, Degraded, Drawn
    from ocrsynth.lockstep import Steps
    from ocrsynth.recipe import Recipe
    from ocrsynth.render.inks import Bands

_SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp", "raw": "npy"}
_TEXT_ATTEMPTS = 8
_FREE_ATTEMPTS = 4
"""Of these: if they were all too wide, as on a page of large type, each further text is half as long as the last."""
_FONT_ATTEMPTS = 12
_KEEP_WEAKENED = (0.5, 0.25, 0.0)
"""After the full chain failed its attempts, its probabilities are multiplied by these, one after the other."""
_FAULTS_OF_THE_TEXT = frozenset({"too_wide", "dotted_circle"})
"""Rejections that another font would meet as well."""
_NEARBY = 256
"""So many samples in a row take their backgrounds from the same few files."""
_CHARACTERS_A_PX = 8
"""More than any line of clusters that can be seen has, with all their marks."""
_NARROW = 3.0
"""More than stretches and tilts of a page make a line narrower for its height."""
_LINE_EM = 1.4
"""Height of a picture, in em of its text, about."""


class Pipeline:
    """A recipe made ready: alphabet, sources, fonts and chain are loaded once."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.style: str | None = None
        """Name of the style that the recipe is, in the pipeline of a recipe of styles."""
        letters = alphabet.load(recipe.language)
        self._texts = TextMixture(recipe.text, recipe.sources, letters, recipe.seed)
        self.fonts = FontSelector(
            recipe.fonts, self._texts.characters, frozenset("".join(letters.letters)), letters.id, letters.stressed
        )
        for foreign in foreign_alphabets(recipe.text):
            self.fonts.require("".join(foreign.letters), "text.foreign.languages")
        self._dotless = any("ı" in written.base for written in (letters, *foreign_alphabets(recipe.text)))
        self._splits = Splits(recipe.output.split, "output.split")
        if self._texts.schedule is not None:
            self.fonts.require(self._texts.schedule.targets, "text.coverage")
        self._chain = Chain(recipe.degrade)
        self._place = partial(lay_out_all, recipe.render)
        self._widths = widths_of(recipe.render)
        self._check = partial(legibility.check_all, recipe.legibility)
        self._further = Further(recipe, self._texts, self.fonts, self._splits)
        self._decorates = recipe.render.decoration.happens
        self._styles: list[tuple[str, Pipeline]] = []
        for style in recipe.styles:
            with told_at(style.where):
                self._styles.append((style.name, Pipeline(style.recipe)))
        self._style_weights = list(accumulate(style.weight for style in recipe.styles))
        kind = recipe.output.image
        chains = [pipeline._chain for _, pipeline in self._styles] or [self._chain]  # noqa: SLF001 - of its own kind
        self.suffix = ("jpg" if all(c.ends_in_codec for c in chains) else "png") if kind == "auto" else _SUFFIXES[kind]
        for name, pipeline in self._styles:  # One data set has one kind of picture.
            pipeline.suffix, pipeline.style = self.suffix, name

    def sample(self, index: int) -> Sample:
        """Return sample *index*; raises SampleError if its bounded attempts all fail."""
        return self.batch((index,))[0]

    def measure_chain(self) -> Costs:
        """Return a mapping to which the costs of the chain's steps are added from now on."""
        costs: Costs = {}
        for pipeline in (self, *(pipeline for _, pipeline in self._styles)):
            pipeline._chain.costs = costs  # noqa: SLF001 - of its own kind
        return costs

    def _of(self, index: int) -> Pipeline:
        """Return the pipeline that makes sample *index*: of its style, where the recipe has styles."""
        if not self._styles:
            return self
        which = Stream(self.recipe.seed, index, "style").weighted(self._style_weights)
        return self._styles[which][1]

    def batch(self, indices: Iterable[int]) -> list[Sample]:
        """Return the samples of *indices*, in that order: the same as one by one, but faster (in batches of 64: twice)."""
        return run_together([self._of(index)._steps(index) for index in indices])  # noqa: SLF001 - of its own kind

    def predicted_width(self, index: int) -> float:
        """Return about how wide the picture of sample *index* will be, in px: by its text and the advances of its font."""
        if self._styles:
            return self._of(index).predicted_width(index)
        recipe, seed = self.recipe, self.recipe.seed
        if recipe.text.empty_share and Stream(seed, index, "empty").chance(recipe.text.empty_share):
            return float(recipe.render.min_width_px)
        texts = self._texts.draw(Stream(seed, index, "text"), index).text, *self._further.asked(index)
        font = self.fonts.draw(Stream(seed, index, "font"))
        length_em = max(map(open_instance(font.key).sum_of_advances, texts))
        # The mean of a font's height; what the layout draws about it is not worth its cost here.
        return length_em * recipe.render.height_px / _LINE_EM

    def _steps(self, index: int) -> Steps[Sample]:
        """Make sample *index*; yields between stages."""
        rejected: dict[str, int] = {}
        recipe, seed = self.recipe, self.recipe.seed
        if recipe.text.empty_share and Stream(seed, index, "empty").chance(recipe.text.empty_share):
            return (yield from self._blank(index, rejected))
        vertical = bool(recipe.render.vertical) and Stream(seed, index, "vertical").chance(recipe.render.vertical)
        last: Rejected | None = None
        first: dict[str, str] = {}
        length = 0
        for text_attempt in range(_TEXT_ATTEMPTS):
            halved = text_attempt >= _FREE_ATTEMPTS and last is not None and last.reason == "too_wide"
            line = self._texts.draw(Stream(seed, index, "text", 0, text_attempt), index, max(length // 2, 1) if halved else 0)
            length = len(line.text)
            if length > _CHARACTERS_A_PX * self._widths[1]:
                # To shape a line of a megabyte would take minutes, to keep it as the first draw as much space.
                last = Rejected("too_wide", f"{length} characters, where {self._widths[1]} px are the most")
                rejected[last.reason] = rejected.get(last.reason, 0) + 1
                continue
            line = replace(line, direction="ttb") if vertical else line
            for font_attempt in range(_FONT_ATTEMPTS):
                yield None
                font = self.fonts.draw(Stream(seed, index, "font", text_attempt, font_attempt))
                first = first or {"text": line.text, "source": line.source, "family": font.family}
                try:
                    take = text_attempt * _FONT_ATTEMPTS + font_attempt
                    sample = yield from self._set(index, line, font, take, rejected)
                except Rejected as verdict:
                    last = verdict
                    rejected[verdict.reason] = rejected.get(verdict.reason, 0) + 1
                    if verdict.reason in _FAULTS_OF_THE_TEXT or not self.fonts.unshown.isdisjoint(line.text):
                        break
                    continue
                if take or "redrawn" in sample.provenance.get("lines", ()):
                    # Statistics compare what was asked for with what became of it.
                    text = LINE_FEED.join((first["text"], *self._further.asked(index)))
                    sample.provenance["first_draw"] = first | {"text": text}
                return sample
        counts = ", ".join(f"{reason} {n}×" for reason, n in sorted(rejected.items()))
        raise SampleError(
            f"sample {index}: {sum(rejected.values())} draws were all rejected ({counts}; the last: {last}); "
            + advice_on(rejected, "check the recipe's fonts, widths and legibility")
        )

    def _set(self, index: int, line: TextLine, font: FontChoice, take: int, rejected: dict[str, int]) -> Steps[Sample]:
        """Return the sample of this text in this font; raises Rejected.

        *take* counts the texts and fonts before it: each has a paper of its own.
        """
        fallback, missing = fallback_for(self.recipe, self.fonts, font, line.text, (index, 0, take))
        yield None
        shaped = shape_line(line, font.key, (fallback.key,) if fallback else (), font.setting, missing)
        recipe, render, seed = self.recipe, self.recipe.render, self.recipe.seed
        shaped, lines = self._further.stacked(index, take, shaped, font, rejected)
        line = shaped.line
        shaped, baseline = disordered(shaped, render, Stream(seed, index, "baseline", 0, take))
        cut: tuple[ShapedLine, float] | None = None
        if render.clip_share and (stream := Stream(seed, index, "clip", 0, take)).chance(render.clip_share):
            cut = cut_off(shaped, stream)
        if cut is not None:
            shaped, line = cut[0], cut[0].line
        unplaced = Unplaced(shaped, Stream(seed, index, "layout", 0, take), cut[1] if cut else None)
        layout: Layout | Rejected = yield Ask(self._place, unplaced)
        if isinstance(layout, Rejected):
            raise layout
        flat = shaped.line.direction != "ttb"
        neighbours = neighbours_of(recipe, index, take, layout, font, self._texts, self.fonts) if flat else ()
        page = Page(layout, shaped, font.kind, neighbours, cut=cut is not None)
        picture = yield from self._picture(index, page, take, rejected)
        provenance = self._provenance(line, picture, rejected)
        if lines:
            provenance["lines"] = lines
        if baseline:
            provenance["baseline"] = baseline
        if cut is not None:
            provenance["clipped"] = True
        provenance["font"] = font.described(fallback, layout.size_px, shaped)
        provenance["ligatures"] = [list(ligature) for ligature in shaped.ligatures]
        rows = shaped.rows if layout.n_lines > 1 else []
        return _sample(index, line.text, shaped.cluster_ranges, layout.word_ranges, picture, provenance, rows)

    def _blank(self, index: int, rejected: dict[str, int]) -> Steps[Sample]:
        """Return a sample without text: paper alone, through the same chain."""
        stream = Stream(self.recipe.seed, index, "layout")
        n_clusters = self.recipe.text.length_clusters.draw_int(stream)
        layout = lay_out_nothing(self.recipe.render, n_clusters, stream)
        picture = yield from self._picture(index, Page(layout, None, "", ()), 0, rejected)
        nothing = np.zeros((0, 2), np.int32)
        line = TextLine("", "empty", "ltr", "", "")
        return _sample(index, "", nothing, nothing, picture, self._provenance(line, picture, rejected) | {"font": None}, [])

    def _picture(self, index: int, page: Page, take: int, rejected: dict[str, int]) -> Steps[_Picture]:
        """Return the degraded picture of a line, or of bare paper; raises Rejected if no attempt leaves it legible."""
        recipe, seed = self.recipe, self.recipe.seed
        layout, shaped = page.layout, page.shaped
        nearby = Stream(seed, index // _NEARBY, "backgrounds") if recipe.render.backgrounds else None
        surface = draw_surface(recipe.render, Stream(seed, index, "surface", 0, take), page.font_class, layout.shape, nearby)
        items: list[dict[str, Any]] = []
        bands: Bands = ()
        if shaped is not None:
            clusters = layout.points[: 4 * len(shaped.cluster_ranges)]
            bands = bands_of(shaped, layout)
            if self._decorates and shaped.line.direction != "ttb":
                stream = Stream(seed, index, "decoration", 0, take)
                items = draw_decoration(recipe.render.decoration, layout, clusters, surface, stream, rows_of(shaped, layout))
        keeps = (*(1.0,) * recipe.legibility.attempts, *_KEEP_WEAKENED)
        for attempt, keep in enumerate(keeps):
            try:
                drawn = self._degradation(index, attempt, page, keep)
            except Rejected as warp:
                # Only a warp is, and at the last attempt there is none.
                rejected[warp.reason] = rejected.get(warp.reason, 0) + 1
                continue
            yield None
            # What else is printed is no fault of the picture: the check compares it with all that was drawn.
            reference = all_print(page, items, drawn.bleed)
            yield None
            printed = self._chain.apply_print(drawn, reference)
            ground = None
            if items:
                sheet = blank_paper((printed.shape[0], printed.shape[1]), surface, drawn.bleed)
                ground = paint_under(items, sheet, printed, drawn.bleed)
            inked = ink_on_paper(printed, surface, drawn.bleed, layout.size_px, bands, ground)
            if items:
                inked = paint_over(items, inked, drawn.bleed)
            result: Degraded = yield Ask(self._chain.apply_all, (drawn, inked))
            points = (  # Where the chain bends, with a baseline of many points.
                drawn.move(layout.points)
                if shaped is None or not drawn.parts
                else bent_labels(layout, shaped.cluster_ranges[:, 0], drawn.move, result.image.shape[:2])
            )
            if shaped is not None:
                # A projective warp keeps what lies inside a hull inside; one that bends does not.
                hull = points if drawn.parts else points[-layout.n_baseline - 4 :]
                height, width = result.image.shape[:2]
                rows_apart = legibility.rows_apart(height, width, shaped.flattest_em * drawn.em_px)
                mask = self._chain.warp(drawn, reference, rows_apart)
                moved = points[: 4 * len(shaped.cluster_ranges)]
                flags = shaped.cluster_has_ink, standing_apart(shaped.clusters, dotless=self._dotless)
                seen = legibility.Seen(result.image, mask, hull, drawn.em_px, moved, *flags, rows_apart)
                verdict: Rejected | None = yield Ask(self._check, seen)
                if verdict is not None:
                    if attempt == len(keeps) - 1:
                        raise verdict
                    rejected[verdict.reason] = rejected.get(verdict.reason, 0) + 1
                    continue
            surface |= page.described(items)
            own = self._chain.warp(drawn, draw_mask(shaped, layout, drawn.bleed)) if recipe.output.masks else None
            mask_png = None if own is None else codec.encode_png(own)
            return _Picture(
                *codec.stored_as(result.image, result.encoded, self.suffix, recipe.output.quality),
                mask_png,
                points,
                surface,
                drawn.record,
                keep,
            )
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _degradation(self, index: int, attempt: int, page: Page, keep: float) -> Drawn:
        """Return the chain drawn for a page; raises Rejected if its warps would spoil the line."""
        recipe, layout, shaped = self.recipe, page.layout, page.shaped
        frame = Frame(layout.height_px, layout.width_px, layout.size_px)
        line_quad = tuple(map(tuple, layout.line_quad.tolist()))
        vertical = shaped is not None and shaped.line.direction == "ttb"
        fit = Fit(self._widths, cut=page.cut, vertical=vertical)
        drawn = self._chain.draw((recipe.seed, index, attempt), frame, line_quad, keep, fit)
        if shaped is None:
            return drawn
        config, n = recipe.legibility, max(row.stop - row.start for row in shaped.rows)
        if verdict := legibility.too_small(config, layout.size_px, drawn.em_px):
            raise verdict
        # Without a stretch; far from the limit that tells enough.
        about_px = (line_quad[1][0] - line_quad[0][0]) * drawn.em_px / layout.size_px * drawn.kept_ratio
        near, quad = not vertical and about_px < n * _NARROW * config.min_advance_px, layout.line_quad
        if near and (verdict := legibility.too_narrow(config, n, quad, drawn.move(quad), drawn.kept_ratio)):
            raise verdict
        return drawn

    def _provenance(self, line: TextLine, picture: _Picture, rejected: dict[str, int]) -> dict[str, Any]:
        return {
            "seed": self.recipe.seed,
            "language": self.recipe.language,
            "source": line.source,
            "split": self._splits.of(line.text.partition(LINE_FEED)[0]),
            "direction": line.direction,
            "surface": picture.surface,
            "degrade": picture.degrade,
            "rejected": rejected,
            **({"style": self.style} if self.style is not None else {}),
            **({"weakened": picture.kept} if picture.kept < 1 else {}),
        }


class _Picture(NamedTuple):
    """A finished picture, its stored bytes, where its labels and degradations came to be, and the share of the chain left."""

    image: NDArray[np.uint8]
    encoded: bytes
    mask: bytes | None
    points: NDArray[np.float64]
    surface: dict[str, Any]
    degrade: list[dict[str, Any]]
    kept: float


def _sample(
    index: int,
    text: str,
    cluster_ranges: NDArray[np.int32],
    word_ranges: NDArray[np.int32],
    picture: _Picture,
    provenance: dict[str, Any],
    rows: list[slice],
) -> Sample:
    """Return the sample of a picture; *rows* are the clusters of each of several lines."""
    # As np.round to two decimals, in place: nobody else holds these points.
    hundredths = np.multiply(picture.points, 100, out=picture.points)
    moved = (np.rint(hundredths, out=hundredths) / 100).astype(np.float32)
    n = len(cluster_ranges)
    n_corners = 4 * (n + len(word_ranges) + 1)
    quads = moved[:n_corners].reshape(-1, 4, 2)
    baselines = moved[n_corners:].reshape(max(len(rows), 1), -1, 2)
    outlines = lines_apart(quads[:n], rows, quads[-1], picture.image.shape[:2])
    return Sample(
        index=index,
        image=picture.image,
        encoded=picture.encoded,
        text=text,
        cluster_ranges=cluster_ranges,
        cluster_quads=quads[:n],
        word_ranges=word_ranges,
        word_quads=quads[n:-1],
        line=Line(quads[-1], baselines[0]),
        provenance=provenance,
        mask=picture.mask,
        lines=tuple(map(Line, outlines, baselines)),
    )


def pipeline_for(recipe: Recipe) -> Pipeline:
    """Return the pipeline of *recipe*, made once a process, and again when a file that it reads has changed."""
    return _pipeline_of(recipe, recipe.stamps())


@lru_cache(maxsize=8)
def _pipeline_of(recipe: Recipe, _stamps: tuple[tuple[int, int], ...]) -> Pipeline:
    return Pipeline(recipe)


def make_sample(recipe: Recipe, index: int) -> Sample:
    """Return sample *index* of *recipe*: the same on every call, in every process.

    Raises RecipeError for what is no recipe, ValueError for what is no index, SampleError if no draw gives a valid sample,
    and the errors of loading the recipe's fonts and sources on first use.
    """
    require_recipe(recipe)
    if not is_whole(index, 0, LARGEST_INDEX):
        raise ValueError(f"index: must be a whole number from 0 to 2**64 - 1, got {index!r}")
    return pipeline_for(recipe).sample(int(index))
