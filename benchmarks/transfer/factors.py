"""One-factor changes of the default recipe: each takes away one thing that its styles vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocrsynth import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    Style = dict[str, Any]

WHOLE = "nothing"
"""Name of the recipe from which nothing is taken."""
_PLAIN = {"serif": 3, "sans": 4, "other": 4}
_WEAR = (
    *("ink_spread", "ink_erosion", "ink_feather", "ink_dropout", "ink_fade", "ink_banding", "broken_strokes", "ghosting"),
    *("dot_matrix", "toner_specks", "bleed_through"),
)
_NO_MARKS = dict.fromkeys(("underline", "strike", "box", "rules", "highlighter", "stamp"), 0.0)


def _without(*ops: str) -> Callable[[Style], None]:
    """Return a change that takes *ops* out of a chain, and groups that are left empty."""
    gone = frozenset(ops)

    def kept(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for entry in entries:
            [(name, options)] = entry.items()
            if name in gone:
                continue
            if "ops" in options:
                options["ops"] = kept(options["ops"])
                if not options["ops"]:
                    continue
            found.append({name: options})
        return found

    def change(style: Style) -> None:
        style["degrade"] = kept(style["degrade"])

    return change


def _with(section: str, **values: Any) -> Callable[[Style], None]:
    return lambda style: style[section].update(values)


def _marked(**values: float) -> Callable[[Style], None]:
    return lambda style: style["render"]["decoration"].update(values)


def _words_alone(style: Style) -> None:
    natural = [entry for entry in style["text"]["sources"] if "words" in entry]
    style["text"]["sources"] = natural or style["text"]["sources"]


def _milder(style: Style) -> None:
    def soften(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            [options] = entry.values()
            if "p" in options:
                options["p"] *= 0.6
            soften(options.get("ops", []))

    soften(style["degrade"])


def _few_random(style: Style) -> None:
    for entry in style["text"]["sources"]:
        if "alphabet" in entry:
            entry["alphabet"]["weight"] /= 3


def _short(style: Style) -> None:
    style["text"]["length_clusters"] = [1, min(style["text"]["length_clusters"][1], 12)]


FACTORS: dict[str, Callable[[Style], None]] = {
    "fonts: serif and sans alone": _with("fonts", classes=_PLAIN, pitched=0.0),
    "fonts: no letters on one pitch": _with("fonts", pitched=0.0),
    "text: words alone": _words_alone,
    "text: a third of the random strings": _few_random,
    "case: as in running text": _with("text", case={"asis": 0.5, "sentence": 0.5}),
    "lengths: up to 12": _short,
    "margins: none tight": _with("render", margin_em=[0.2, 0.4], side_margin_em=[0.2, 0.5], looseness=[0.5, 1]),
    "margins: none wide": _with("render", margin_em=[0.02, 0.2], side_margin_em=[0.02, 0.2]),
    "no neighbours": _marked(neighbours=0.0),
    "no rules, boxes, underlines": _marked(**_NO_MARKS),
    "character width: as the fonts have it": _without("stretch"),
    "print: no wear": _without(*_WEAR),
    "resolution: full": _without("downscale", "resample"),
    "no blur": _without("defocus_blur", "gaussian_blur", "motion_blur"),
    "no noise": _without("sensor_noise", "salt_and_pepper", "row_noise", "speckle"),
    "no black and white": _without("binarise", "fax"),
    "all ops: 0.6 of their chance": _milder,
    "polarity: dark on light": _with("render", light_on_dark=0.0),
    "contrast: strong": _with("render", contrast_grey=[150, 250], paper_grey=[230, 255]),
}


def changed(recipe: Recipe, factor: str) -> Recipe:
    """Return *recipe*, one of styles, with one factor taken away in each of them."""
    data = recipe.to_dict()
    for style in data["styles"]:
        FACTORS[factor](style)
    return Recipe.from_dict(data)
