"""What nobody could read is refused for the right reason, and what can be read is kept."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import pytest

from ocrsynth import Recipe, make_sample
from ocrsynth.codec import decode
from ocrsynth.errors import Rejected
from ocrsynth.fields import validate
from ocrsynth.legibility import LegibilityConfig, Seen, check, check_all, rows_apart, too_narrow
from ocrsynth.parts import standing_apart
from ocrsynth.pipeline import Pipeline, pipeline_for
from ocrsynth.records import Bleed, TextLine
from ocrsynth.render.layout import lay_out
from ocrsynth.render.paper import draw_surface, ink_on_paper
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONFIG = LegibilityConfig()
_NO_BLEED = Bleed(0, 0, 0, 0)
_TEXTS = ("Hamburgefonstiv 0123", "the quick brown fox jumps", "ILLUMINATION & minimum", "a", ".-:")


class _Case:
    """A rendered line with all that the check is given."""

    def __init__(self, text: str, index: int, color: str) -> None:
        recipe = Recipe.for_language("en", preset="clean", seed=2, render={"height_px": 48, "color": color})
        font = pipeline_for(recipe).fonts.draw(Stream(2, index, "font"))
        shaped = shape_line(TextLine(text, "test", "ltr", "Latn", "en"), font.key)
        layout = lay_out(shaped, recipe.render, Stream(2, index, "layout"))
        surface = draw_surface(recipe.render, Stream(2, index, "surface"))
        self.mask = draw_mask(shaped, layout, _NO_BLEED)
        self.image = ink_on_paper(self.mask, surface, _NO_BLEED)
        self.paper = ink_on_paper(np.zeros_like(self.mask), surface, _NO_BLEED)
        self.text = text
        self.points = layout.points[-6:]
        self.clusters = layout.points[: 4 * len(shaped.cluster_ranges)].reshape(-1, 4, 2)
        self.em_px = layout.size_px

    def check(
        self, image: NDArray[np.uint8] | None = None, mask: NDArray[np.uint8] | None = None, config: LegibilityConfig = _CONFIG
    ) -> None:
        check(config, self.image if image is None else image, self.mask if mask is None else mask, self.points, self.em_px)

    def reason(self, image: NDArray[np.uint8], mask: NDArray[np.uint8] | None = None) -> str:
        with pytest.raises(Rejected) as caught:
            self.check(image, mask)
        return caught.value.reason


@pytest.fixture(scope="module", params=["grey", "rgb"])
def cases(request: pytest.FixtureRequest) -> list[_Case]:
    return [_Case(text, i, request.param) for i, text in enumerate(_TEXTS)]


def test_clean_lines_pass(cases: list[_Case]) -> None:
    for case in cases:
        case.check()


def test_light_ink_on_dark_paper_passes(cases: list[_Case]) -> None:
    for case in cases:
        case.check(255 - case.image)


def test_white_on_white(cases: list[_Case]) -> None:
    for case in cases:
        assert case.reason(np.full_like(case.image, 255)) == "low_contrast"
        assert case.reason(np.zeros_like(case.image)) == "low_contrast"
        assert case.reason(case.paper) == "low_contrast"


def test_a_contrast_of_three_per_cent(cases: list[_Case]) -> None:
    for case in cases:
        mask = case.mask if case.image.ndim == 2 else case.mask[:, :, None]
        faint = np.broadcast_to(230 - np.rint(0.03 * 255 * (mask / 255)), case.image.shape).astype(np.uint8)
        assert case.reason(faint) == "low_contrast"
        with pytest.raises(Rejected, match=r"^low_contrast: (7|8)\.\d grey levels in one stretch$"):
            case.check(faint)


def test_a_blur_of_three_em(cases: list[_Case]) -> None:
    for case in cases:
        blurred = cv2.GaussianBlur(case.image, (0, 0), 3 * case.em_px, borderType=cv2.BORDER_REPLICATE)
        assert case.reason(np.asarray(blurred, np.uint8)) in {"low_contrast", "illegible"}


def test_a_blur_of_a_tenth_of_an_em_passes(cases: list[_Case]) -> None:
    for case in cases[:3]:
        case.check(np.asarray(cv2.GaussianBlur(case.image, (0, 0), 0.03 * case.em_px), np.uint8))


@pytest.mark.parametrize("text", [*_TEXTS[:3], "mmmm", "Wonder Deliver"])
@pytest.mark.parametrize("polarity", [0, 255])
def test_letters_smeared_into_each_other(text: str, polarity: int) -> None:
    case = _Case(text, 3, "grey")
    image = case.image ^ np.uint8(polarity)

    def smeared(em: float) -> NDArray[np.uint8]:
        length = max(round(em * case.em_px), 1)
        return np.asarray(cv2.blur(image, (length, 1), borderType=cv2.BORDER_REPLICATE), np.uint8)

    case.check(smeared(0.1))
    # A bar as high as the letters: over all pixels it goes along with the strokes, in its rows it does not.
    blind = LegibilityConfig(min_correlation_along=0)
    case.check(smeared(0.6), config=blind.model_copy(update={"min_contrast_grey": 10, "min_correlation": 0.4}))
    with pytest.raises(Rejected, match=r"letters run into each other: along them a correlation of -?0\.\d\d is left"):
        case.check(smeared(0.6), config=_CONFIG.model_copy(update={"min_contrast_grey": 10, "min_correlation": 0.4}))
    # Down the line each letter keeps its place.
    case.check(np.asarray(cv2.blur(image, (1, max(round(0.15 * case.em_px), 1))), np.uint8))


@pytest.mark.parametrize("text", ["\u2014\u2014\u2014", "____", "= = ="])
def test_a_dash_that_has_no_more_than_its_height_is_not_asked_for_stems(text: str) -> None:
    case = _Case(text, 0, "grey")
    case.check(
        np.asarray(cv2.blur(case.image, (max(round(0.3 * case.em_px), 1), 1), borderType=cv2.BORDER_REPLICATE), np.uint8)
    )


def test_a_rest_of_less_than_half_a_stretch_is_looked_at_with_the_one_before() -> None:
    def bars(width: int, rest: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]:
        """Return stems whose last ones, in *rest* columns, are faint, the coverage, and the line's corners."""
        mask = np.zeros((20, width), np.uint8)
        for left in range(1, width - 2, 5):
            mask[4:16, left : left + 2] = 255
        image = np.where(mask > 0, 100, 200).astype(np.uint8)
        image[:, -rest:] = np.where(mask[:, -rest:] > 0, 190, 200)
        return image, mask, np.array(((0.0, 4), (width, 4), (width, 16), (0, 16)))

    # A stretch has 30 px: the last has 40, or there is one of 20 more.
    check(_CONFIG, *bars(100, 10), 20.0)
    with pytest.raises(Rejected, match=r"^low_contrast: 10\.0 grey levels in one stretch$"):
        check(_CONFIG, *bars(110, 20), 20.0)


def test_what_runs_together_is_measured_about_the_mean_of_each_row() -> None:
    # One window, of a mask and levels of which nothing is known but their numbers.
    rng = np.random.default_rng(4)
    mask = rng.integers(0, 256, (16, 40)).astype(np.uint8)
    image = np.clip(120 - 0.3 * mask + rng.normal(0, 40, mask.shape), 0, 255).astype(np.uint8)
    m, g = (a - a.mean(axis=1, keepdims=True) for a in (mask.astype(float), image.astype(float)))
    expected = -(m * g).sum() / np.sqrt((m * m).sum() * (g * g).sum())
    config = LegibilityConfig(min_correlation=0, min_contrast_grey=0, min_correlation_along=1)
    with pytest.raises(Rejected, match=f"a correlation of {expected:.2f} is left"):
        check(config, image, mask, np.array([[1.0, 1], [39, 1], [39, 15], [1, 15]]), 40.0)


def test_ink_under_noise_is_illegible() -> None:
    for i, text in enumerate(_TEXTS[:3]):
        case = _Case(text, i, "grey")
        noise = np.random.default_rng(5).integers(0, 256, case.image.shape)
        drowned = np.clip(noise - 0.35 * case.mask, 0, 255).astype(np.uint8)
        assert case.reason(drowned) == "illegible"


@pytest.mark.parametrize("half", ["left", "right"])
def test_half_of_the_line_wiped_out(cases: list[_Case], half: str) -> None:
    for case in cases[:3]:
        wiped = case.image.copy()
        middle = wiped.shape[1] // 2
        side = slice(0, middle) if half == "left" else slice(middle, None)
        wiped[:, side] = case.paper[:, side]
        assert case.reason(wiped) == "low_contrast"


@pytest.mark.parametrize("place", [0.1, 0.35, 0.6, 0.85])
def test_three_em_of_the_line_wiped_out(cases: list[_Case], place: float) -> None:
    for case in cases[:3]:
        wiped = case.image.copy()
        length = round(3 * case.em_px)
        # All of it on the line, whatever the width of its type.
        start = min(int(place * wiped.shape[1]), wiped.shape[1] - length)
        side = slice(start, start + length)
        wiped[:, side] = case.paper[:, side]
        assert case.reason(wiped) == "low_contrast"


def test_half_of_the_line_inverted(cases: list[_Case]) -> None:
    """Ink is darker or lighter than its paper along the whole line, never both."""
    for case in cases[:3]:
        inverted = case.image.copy()
        middle = inverted.shape[1] // 2
        inverted[:, middle:] = 255 - inverted[:, middle:]
        assert case.reason(inverted) == "low_contrast"


def test_the_text_shifted_against_its_labels(cases: list[_Case]) -> None:
    """Boxes that lie where no ink is are as wrong as text that cannot be read."""
    for case in cases[:3]:
        shifted = np.roll(case.image, round(0.5 * case.em_px), axis=1)
        assert case.reason(shifted) in {"low_contrast", "illegible"}


def test_a_crop_through_the_text(cases: list[_Case]) -> None:
    for case in cases:
        height, width = case.mask.shape
        xs, ys = case.points[:, 0], case.points[:, 1]
        cut_right, cut_bottom = int(xs.max()) - 2, int(ys.max()) - 2
        for rows, columns in ((height, cut_right), (cut_bottom, width)):
            if min(rows, columns) < 1:
                continue
            assert case.reason(case.image[:rows, :columns], case.mask[:rows, :columns]) == "outside_frame"


@pytest.mark.parametrize("shift", [(-1, 0), (0, -1), (1, 0), (0, 1)], ids=["left", "top", "right", "bottom"])
def test_labels_beyond_any_side(shift: tuple[int, int]) -> None:
    case = _Case(_TEXTS[0], 0, "grey")
    height, width = case.mask.shape
    left, top = case.points.min(axis=0)
    right, bottom = case.points.max(axis=0)
    room = np.where(np.array(shift) < 0, (left, top), (width - right, height - bottom))
    check(_CONFIG, case.image, case.mask, case.points + np.array(shift) * (room + 0.4), case.em_px)
    with pytest.raises(Rejected) as caught:
        check(_CONFIG, case.image, case.mask, case.points + np.array(shift) * (room + 0.6), case.em_px)
    assert caught.value.reason == "outside_frame"


def test_the_message_says_where_the_labels_are() -> None:
    case = _Case(_TEXTS[0], 0, "grey")
    points = np.array([[-3.0, 5.0], [50.0, 5.0], [50.0, 60.25], [-3.0, 60.25]])
    text = f"outside_frame: labels span x -3.0…50.0, y 5.0…60.2 of {case.mask.shape[1]}×48"
    with pytest.raises(Rejected, match=f"^{re.escape(text)}$"):
        check(_CONFIG, case.image, case.mask, points, case.em_px)


def test_no_ink_at_all(cases: list[_Case]) -> None:
    for case in cases:
        assert case.reason(case.image, np.zeros_like(case.mask)) == "illegible"


def test_the_limits_are_those_of_the_recipe() -> None:
    case = _Case(_TEXTS[0], 0, "grey")
    faint = (200 - 0.2 * case.mask).astype(np.uint8)
    case.check(faint, config=LegibilityConfig(min_contrast_grey=45))
    with pytest.raises(Rejected, match=r"^low_contrast: "):
        case.check(faint, config=LegibilityConfig(min_contrast_grey=55))
    noisy = np.clip(case.image + np.random.default_rng(5).normal(0, 40, case.image.shape), 0, 255).astype(np.uint8)
    case.check(noisy, config=LegibilityConfig(min_correlation=0.3))
    with pytest.raises(Rejected, match=r"^illegible: strokes explain the picture with a correlation of 0\.\d\d only$"):
        case.check(noisy, config=LegibilityConfig(min_correlation=0.97))


def test_the_contrast_is_measured_in_grey_levels() -> None:
    """A picture that is exactly paper less a share of the coverage has that contrast, in every window."""
    case = _Case(_TEXTS[0], 0, "grey")
    exact = (220 - 0.4 * case.mask.astype(float)).round().astype(np.uint8)
    case.check(exact, config=LegibilityConfig(min_contrast_grey=101, min_correlation=0.99))
    with pytest.raises(Rejected, match=r"^low_contrast: 10[12]\.\d grey levels in one stretch$"):
        case.check(exact, config=LegibilityConfig(min_contrast_grey=103))


def _wiped(case: _Case, cluster: int) -> NDArray[np.uint8]:
    """Return the picture without the ink of one cluster."""
    left, top = np.floor(case.clusters[cluster].min(axis=0)).astype(int)
    right, bottom = np.ceil(case.clusters[cluster].max(axis=0)).astype(int)
    wiped = case.image.copy()
    wiped[top:bottom, left:right] = case.paper[top:bottom, left:right]
    return wiped


@pytest.mark.parametrize("text", ["it is. So, it's", "well-known = x", "il y a 1.5", "«a»–b_c"])
def test_any_single_character_wiped_out(text: str) -> None:
    for color in ("grey", "rgb"):
        case = _Case(text, 7, color)
        check(_CONFIG, case.image, case.mask, case.points, case.em_px, case.clusters.reshape(-1, 2))
        for i, letter in enumerate(text):
            if letter != " ":
                for wiped in (_wiped(case, i), 255 - _wiped(case, i)):
                    with pytest.raises(Rejected) as caught:
                        check(_CONFIG, wiped, case.mask, case.points, case.em_px, case.clusters.reshape(-1, 2))
                    assert caught.value.reason in {"faint_cluster", "low_contrast", "illegible"}, letter


def test_the_message_says_which_character_is_faint() -> None:
    case = _Case("Hamburg, fonts", 0, "grey")
    corners = case.clusters.reshape(-1, 2)
    with pytest.raises(Rejected, match=r"^faint_cluster: -?\d\.\d grey levels in character 8$"):
        check(_CONFIG, _wiped(case, 7), case.mask, case.points, case.em_px, corners)
    off = LegibilityConfig(min_cluster_contrast_grey=0)
    check(off, _wiped(case, 7), case.mask, case.points, case.em_px, corners)


def test_a_grey_colon_between_black_letters_is_faint() -> None:
    """Contrast enough for a faint line is none in a strong one."""
    case = _Case("From: taking", 0, "grey")
    strong, faint = ((235 - share * case.mask).astype(np.uint8) for share in (0.8, 0.2))
    left, right = np.floor(case.clusters[4, :, 0].min()).astype(int), np.ceil(case.clusters[4, :, 0].max()).astype(int)
    mixed = strong.copy()
    mixed[:, left:right] = (235 - 0.12 * case.mask[:, left:right]).astype(np.uint8)
    corners = case.clusters.reshape(-1, 2)
    for image in (strong, faint):
        check(_CONFIG, image, case.mask, case.points, case.em_px, corners)
    with pytest.raises(Rejected, match=r"^faint_cluster: (29|30|31)\.\d grey levels in character 5$"):
        check(_CONFIG, mixed, case.mask, case.points, case.em_px, corners)


def test_a_faint_character_among_many_pictures_is_told_of_its_own() -> None:
    """Pictures are looked at together, of several heights: none may answer for another."""
    cases = [_Case(text, i, "grey") for i, text in enumerate(("So, it is", "a", "Hamburg, fonts", ".-:", "x, y") * 3)]
    flawed = {2, 4, 10}
    seen = []
    for i, case in enumerate(cases):
        image = _wiped(case, case.text.index(",")) if i in flawed | {0} else case.image
        every = 1 + i % 2
        has_ink = np.array([c != " " for c in case.text]) & (i != 0)
        corners, apart = case.clusters.reshape(-1, 2), np.zeros(len(has_ink), np.bool_)
        seen.append(Seen(image, case.mask[::every], case.points, case.em_px, corners, has_ink, apart, every))
    reasons = [verdict.reason if verdict else None for verdict in check_all(_CONFIG, seen)]
    assert reasons == ["faint_cluster" if i in flawed else None for i in range(len(cases))]


@pytest.mark.parametrize(("text", "which"), [("Hamburg, fonts", 7), ("it's so", 2)])
def test_a_faint_character_is_found_where_every_second_row_is_looked_at(text: str, which: int) -> None:
    case = _Case(text, 0, "grey")
    has_ink = np.array([c != " " for c in text])
    whole = Seen(case.image, case.mask[::2], case.points, case.em_px, case.clusters.reshape(-1, 2), has_ink, ~has_ink, 2)
    assert check_all(_CONFIG, [whole]) == [None]
    [verdict] = check_all(_CONFIG, [whole._replace(image=_wiped(case, which))])
    assert re.fullmatch(rf"faint_cluster: .* grey levels in character {which + 1}", str(verdict))


@pytest.mark.parametrize(
    ("letter", "which", "without"), [("d", "upper", "a"), ("h", "upper", "n"), ("p", "lower", "o"), ("q", "lower", "o")]
)
def test_a_letter_that_lost_its_stem_is_another(letter: str, which: str, without: str) -> None:
    case = _Case(f"xo{letter}ox", 1, "grey")
    x_height, baseline = (f(case.clusters[0][:, 1]) for f in (np.min, np.max))
    (left, top), (right, bottom) = case.clusters[2].min(axis=0), case.clusters[2].max(axis=0)
    rows = slice(int(top) - 1, int(x_height) - 1) if which == "upper" else slice(int(baseline) + 2, int(bottom) + 2)
    columns = slice(int(left), int(right) + 1)
    image = case.image.copy()
    image[rows, columns] = case.paper[rows, columns]
    corners = case.clusters.reshape(-1, 2)
    check(_CONFIG, case.image, case.mask, case.points, case.em_px, corners)
    with pytest.raises(Rejected, match=rf"^faint_cluster: .* grey levels in the {which} quarter of character 3$"):
        check(_CONFIG, image, case.mask, case.points, case.em_px, corners)
    # Filled with ink it is no less of a letter.
    image[rows, columns] = case.image.min()
    check(_CONFIG, image, case.mask, case.points, case.em_px, corners)


def test_a_hairline_that_is_gone_is_told() -> None:
    """Of little coverage: a dash of a fine serif at few pixels an em."""
    case = _Case("ab – cd", 0, "grey")
    (left, _), (right, _) = case.clusters[3].min(axis=0), case.clusters[3].max(axis=0)
    columns = slice(int(left), int(right) + 1)
    mask = case.mask.copy()
    mask[:, columns] = mask[:, columns] // 4
    image = case.image.copy()
    image[:, columns] = np.where(
        mask[:, columns] > 0, (image[:, columns] // 4 + case.paper[:, columns] // 4 * 3), case.paper[:, columns]
    )
    corners = case.clusters.reshape(-1, 2)
    config = validate(
        LegibilityConfig, {"min_contrast_grey": 0, "min_correlation": 0, "min_correlation_along": 0}, "legibility"
    )
    [seen] = [
        Seen(image, mask, case.points, case.em_px, corners, np.array([c != " " for c in case.text]), np.zeros(7, np.bool_), 1)
    ]
    assert check_all(config, [seen]) == [None]
    image = image.copy()
    image[:, columns] = case.paper[:, columns]
    [verdict] = check_all(config, [seen._replace(image=image)])
    assert re.fullmatch(r"faint_cluster: .* grey levels in character 4", str(verdict))


def _pieces(case: _Case, character: str) -> list[NDArray[np.bool_]]:
    """Return the pieces of ink of the first *character* of a text, each bool (H, W), the lowest last."""
    (left, top), (right, bottom) = (f(case.clusters[case.text.index(character)], 0) for f in (np.min, np.max))
    n, labels = cv2.connectedComponents((case.mask > 60).astype(np.uint8), connectivity=8)
    pieces = []
    for piece in range(1, n):
        rows, columns = np.nonzero(labels == piece)
        if left <= columns.mean() <= right and top <= rows.mean() <= bottom:
            pieces.append((rows.mean(), cv2.dilate((labels == piece).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0))
    return [piece for _, piece in sorted(pieces, key=lambda item: item[0])]


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize(
    ("text", "character", "which", "number", "seen"),
    [
        ("größte", "ö", 0, 3, "a part"),
        ("größte", "ö", 1, 3, "a part"),
        ("Sie: nun", ":", 0, 4, "the upper quarter"),
        ("Sie: nun", ":", 1, 4, "the lower quarter"),
        ("So! Ja", "!", 1, 3, "the lower quarter"),
        ("a = b", "=", 0, 3, "a part"),
        ("élève", "é", 0, 1, "the upper quarter"),
    ],
)
def test_a_dot_or_accent_that_is_gone_is_told(
    text: str, character: str, which: int, number: int, seen: str, color: str
) -> None:
    """``ö`` without its dots is an ``o``, though most of its ink is there; and one dot is not two."""
    case = _Case(text, 1, color)
    pieces = _pieces(case, character)
    assert len(pieces) >= 2
    corners = case.clusters.reshape(-1, 2)
    check(_CONFIG, case.image, case.mask, case.points, case.em_px, corners)
    image = case.image.copy()
    image[pieces[which]] = case.paper[pieces[which]]
    with pytest.raises(Rejected, match=rf"^faint_cluster: .* grey levels in {seen} of character {number}$"):
        check(_CONFIG, image, case.mask, case.points, case.em_px, corners)
    without = LegibilityConfig(min_cluster_contrast_grey=0)
    check(without, image, case.mask, case.points, case.em_px, corners)


def test_a_part_of_light_letters_is_told_as_well() -> None:
    case = _Case("größte", 1, "grey")
    light, paper = 255 - case.image, 255 - case.paper
    corners = case.clusters.reshape(-1, 2)
    check(_CONFIG, light, case.mask, case.points, case.em_px, corners)
    dot = _pieces(case, "ö")[0]
    light[dot] = paper[dot]
    with pytest.raises(Rejected, match=r"in a part of character 3$"):
        check(_CONFIG, light, case.mask, case.points, case.em_px, corners)


def test_a_part_that_is_gone_is_told_of_its_own_picture() -> None:
    case = _Case("größte", 1, "grey")
    image = case.image.copy()
    dot = _pieces(case, "ö")[0]
    image[dot] = case.paper[dot]
    all_of_them = np.ones(6, np.bool_)
    apart = standing_apart(list(case.text), dotless=False)
    whole = Seen(case.image, case.mask, case.points, case.em_px, case.clusters.reshape(-1, 2), all_of_them, apart, 1)
    verdicts = check_all(_CONFIG, [whole, whole._replace(image=image), whole])
    assert [str(verdict).rpartition(" in ")[2] for verdict in verdicts] == ["None", "a part of character 3", "None"]


def test_what_may_have_parts() -> None:
    clusters = ["ö", "o", "i", "í", ":", ".", "ب", "8", "-", " ", "й", "'", '"']
    assert standing_apart(clusters, dotless=False).tolist() == [c in 'öí:بй"' for c in clusters]
    # Where there is a dotless i, its dot is what tells it.
    assert standing_apart(["i", "ı"], dotless=True).all()
    assert Pipeline(Recipe.for_language("tr"))._dotless
    assert not Pipeline(Recipe.for_language("en"))._dotless


@pytest.mark.parametrize(("language", "preset", "seed"), [("de", "receipt", 3), ("cs", "document", 3), ("vi", "form", 5)])
def test_no_dot_of_a_finished_line_is_gone(language: str, preset: str, seed: int) -> None:
    """Measured anew: each piece of the line's own ink against the paper around it."""
    recipe = Recipe.for_language(language, preset=preset, seed=seed, output={"masks": True}, render={"height_px": 40})
    judged = lost = 0
    for sample in pipeline_for(recipe).batch(range(120)):
        mask, image = decode(cast("bytes", sample.mask)), sample.image.astype(float)
        dark = np.cov(mask.ravel(), image.ravel())[0, 1] < 0
        bare = cv2.dilate(mask, np.ones((3, 3), np.uint8)) < 16
        of_line = abs(image[mask > 200].mean() - image[bare].mean()) if (mask > 200).any() and bare.any() else 0
        n, labels = cv2.connectedComponents((mask > 128).astype(np.uint8), connectivity=8)
        boxes = [c.quad for c in sample.clusters if unicodedata.decomposition(sample.text[c.start])]
        for piece in range(1, n):
            here = labels == piece
            rows, columns = np.nonzero(here)
            middle = columns.mean(), rows.mean()
            if len(rows) < 3 or not any((q.min(0) <= middle).all() and (middle <= q.max(0)).all() for q in boxes):
                continue
            around = (cv2.dilate(here.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & bare
            if np.count_nonzero(around) < 8:
                continue
            judged += 1
            lost += (image[around].mean() - image[here].mean()) * (1 if dark else -1) < 0.1 * of_line
    assert judged > 150
    # The levels around a piece tell its paper less surely than the check does.
    assert lost <= 0.01 * judged


def test_a_dash_of_one_row_is_not_overlooked() -> None:
    assert rows_apart(32, 400, 12.0) == 2
    assert rows_apart(32, 400, 1.0) == rows_apart(20, 400, 12.0) == rows_apart(400, 32, 12.0) == 1


@pytest.mark.parametrize("preset", ["document", "typewriter", "receipt", "fax", "historical", "scene"])
def test_every_character_of_a_finished_line_shows(preset: str) -> None:
    """Measured anew, one box after the other, against the line's own ink under the same warps."""
    recipe = Recipe.for_language("en", preset=preset, seed=4, output={"masks": True})
    judged = 0
    for sample in pipeline_for(recipe).batch(range(150)):
        mask = decode(cast("bytes", sample.mask)).astype(float)
        image = sample.image.astype(float) if sample.image.ndim == 2 else sample.image.astype(float).mean(axis=2)
        light = np.cov(mask.ravel(), image.ravel())[0, 1] > 0
        for cluster in sample.clusters:
            left, top = np.floor(cluster.quad.min(axis=0)).astype(int)
            right, bottom = np.ceil(cluster.quad.max(axis=0)).astype(int)
            box = slice(max(top - 2, 0), bottom + 2), slice(max(left, 0), right)
            m, g = mask[box].ravel(), image[box].ravel()
            if m.sum() < 3 * 255 or m.var() < 0.01 * 255**2:
                continue
            judged += 1
            contrast = 255 * ((m * g).mean() - m.mean() * g.mean()) / m.var() * (1 if light else -1)
            assert contrast > 6, (sample.index, sample.text[cluster.start : cluster.end], contrast)
    assert judged > 1500


def test_gaps_between_words_are_not_held_against_a_line() -> None:
    case = _Case("a" + " " * 12 + "b", 0, "grey")
    case.check()


def test_samples_of_clean_and_scan_pass_the_check_that_made_them(clean: Recipe, scan: Recipe) -> None:
    for recipe in (clean, scan, clean.with_changes(render={"color": "rgb"}), scan.with_changes(render={"color": "rgb"})):
        reasons = [make_sample(recipe, i).provenance["rejected"] for i in range(25)]
        assert sum(map(bool, reasons)) <= 5, reasons


def test_a_line_with_a_thin_dash_is_looked_at_row_by_row() -> None:
    recipe = Recipe.for_language("en", preset="clean", seed=6, render={"height_px": 32})
    recipe = recipe.with_changes(
        text={"sources": [{"pattern": {"templates": ["hand–made"], "join": [1, 1]}}], "length_clusters": [9, 9]}
    )
    pipeline = Pipeline(recipe)
    apart: list[int] = []

    def spy(pictures: list[Seen]) -> list[Rejected | None]:
        for seen in pictures:
            dash = np.ptp(seen.clusters.reshape(-1, 4, 2)[4, :, 1])
            apart.append(seen.rows_apart)
            assert seen.rows_apart == (1 if dash < 2.5 else 2)
            assert len(seen.mask) == len(seen.image[:: seen.rows_apart])
        return check_all(recipe.legibility, pictures)

    pipeline._check = spy
    pipeline.batch(range(60))
    assert set(apart) == {1, 2}


def test_letters_too_narrow_are_told_in_pixels_that_were_there_all_the_way() -> None:
    def quad(width: float) -> NDArray[np.float64]:
        return np.array(((3.0, 4.0), (3 + width, 4), (3 + width, 24), (3, 24)))

    config = LegibilityConfig(min_advance_px=2.5)
    verdict = too_narrow(config, 16, quad(160), quad(56), 0.5)
    assert verdict is not None
    assert str(verdict) == "too_small: 16 characters of 10.0 px each are seen with 1.8 px"
    assert too_narrow(config, 16, quad(160), quad(56), 1.0) is None
    # Three may be thin letters, and type that was as small before is the recipe's own wish.
    assert too_narrow(config, 3, quad(30), quad(6), 0.5) is None
    assert too_narrow(config, 16, quad(32), quad(30), 1.0) is None
    assert too_narrow(LegibilityConfig(min_advance_px=0), 16, quad(160), quad(1), 0.1) is None
