"""Tells in words what a recipe will produce: what is drawn, how often, in which order."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ocrsynth.degrade.base import PHASES
from ocrsynth.degrade.chain import Chain
from ocrsynth.descriptions import defaults, first_line, meanings, plain
from ocrsynth.pipeline import pipeline_for
from ocrsynth.render.decoration import DecorationConfig
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import kashida_share, label_characters, other_digits_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ocrsynth.degrade.entries import Gate, Link
    from ocrsynth.generation.costs import Costs
    from ocrsynth.recipe import Recipe


def facts(recipe: Recipe) -> dict[str, Any]:
    """Return what a recipe will produce as plain JSON values; raises CoverageError and what making a pipeline raises.

    Of a recipe of styles ``styles`` holds the same of each, with its share of the lines; the rest is then what they start from.
    """
    shares = _shares({style.name: style.weight for style in recipe.styles})
    return {
        "language": recipe.language,
        "seed": recipe.seed,
        "texts": _texts(recipe),
        "fonts": _fonts(recipe),
        "picture": _picture(recipe),
        "degrade": [_step(link) for link in Chain(recipe.degrade).links],
        "output": recipe.output.model_dump(mode="json"),
        "styles": [{"name": s.name, "share": shares[s.name], **facts(s.recipe)} for s in recipe.styles if s.name in shares],
    }


def probability_of(link: Link) -> float:
    """Return the probability that an op happens to a sample, with those of the groups around it."""
    p = link.p
    for gate in link.gates:
        p *= gate.p * _share_in(gate)
    return p


def _share_in(gate: Gate) -> float:
    if gate.kind == "one_of":
        return gate.weights[gate.member] / sum(gate.weights)
    if gate.kind == "some_of":
        return sum(gate.n) / 2 / len(gate.weights)
    return 1.0


def _texts(recipe: Recipe) -> dict[str, Any]:
    letters, text = alphabet.load(recipe.language), recipe.text
    total = sum(s.weight for s in recipe.sources)
    other = other_digits_share(text, letters)
    return {
        "alphabet": {"name": letters.name, "script": letters.script, "letters": len(letters.letters)},
        "characters": len(label_characters(text, letters)),
        "sources": [
            {
                "name": s.source.name,
                "share": round(s.weight / total, 4),
                "description": first_line(type(s.source)).replace("`", ""),
            }
            for s in recipe.sources
        ],
        "length_clusters": plain(text.length_clusters),
        "case": _shares(text.case.model_dump()) if letters.casing else {},
        "foreign": {"languages": list(text.foreign.languages), "share": text.foreign.share} if text.foreign.languages else {},
        "loanwords": text.loanwords.model_dump() if text.loanwords.share else {},
        "kashida": kashida_share(text, letters),
        "other_digits": {"digits": letters.other_digits, "share": other} if other else {},
        "coverage": text.coverage.model_dump() if text.coverage.at_least else {},
        "empty_share": text.empty_share,
        "lines": plain(recipe.render.lines),
        "vertical_share": recipe.render.vertical,
        "clipped_share": recipe.render.clip_share,
    }


def _fonts(recipe: Recipe) -> dict[str, Any]:
    selector = pipeline_for(recipe).fonts
    families = selector.families
    kinds = {kind: [f.name for f in families if f.kind == kind] for kind in selector.classes}
    shares = _shares(selector.classes)
    return {
        "families": len(families),
        "faces": sum(len(f.faces) for f in families),
        "without_all_letters": len(selector.all_families) - len(families),
        "classes": {kind: {"share": shares[kind], "families": kinds[kind]} for kind in kinds},
        "italic": recipe.fonts.italic,
        "regular": recipe.fonts.regular,
        "spaced": recipe.fonts.spaced,
        "stressed": selector.stressed,
    }


def _picture(recipe: Recipe) -> dict[str, Any]:
    render = recipe.render
    keys = ("light_on_dark", "coloured_paper", "coloured_ink", "bent", "jittered", "background_share")
    shares = {key: getattr(render, key) for key in keys if getattr(render, key) > 0}
    if render.color == "grey":
        shares = {key: share for key, share in shares.items() if not key.startswith("coloured")}
    if not render.backgrounds:
        shares.pop("background_share", None)
    about = render.decoration.model_dump(exclude={"line_distance_em"})
    return {
        "height_px": render.height_px,
        "line_pitch_em": plain(render.line_pitch_em) if render.lines.high > 1 else [],
        "color": render.color,
        "paper": _shares(render.paper),
        "ink": _shares(render.ink),
        "paper_grey": plain(render.paper_grey),
        "contrast_grey": plain(render.contrast_grey),
        "shares": shares,
        "decoration": {key: share for key, share in about.items() if share > 0},
    }


def _step(link: Link) -> dict[str, Any]:
    fields = link.op.model_dump(mode="json")
    return {
        "op": link.op.name,
        "phase": link.op.phase,
        "probability": round(probability_of(link), 4),
        "groups": [gate.kind for gate in link.gates],
        "cause": first_line(type(link.op)),
        "fields": fields,
        "changed": [key for key, usual in defaults(type(link.op)).items() if fields[key] != usual],
    }


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights as shares of their sum, the largest first, without those that are 0."""
    total = sum(weights.values())
    kept = sorted(((name, w) for name, w in weights.items() if w > 0), key=lambda item: -item[1])
    return {name: round(w / total, 4) for name, w in kept}


def in_words(found: dict[str, Any]) -> str:
    """Return `facts` as text for people."""
    lines: list[str] = []
    if found["styles"]:
        lines.append("Each line is of one kind of document:")
        lines += [f"  {_percent(style['share'])} {style['name']}" for style in found["styles"]]
        for style in found["styles"]:
            lines += ["", f"{style['name'].upper()}, {_percent(style['share']).strip()} of the lines", "", *_contents(style)]
    else:
        lines += _contents(found)
    output = found["output"]
    lines += ["", f"Output: {', '.join(output['format'])}; pictures {output['image']}, boxes {output['boxes']}"]
    if output["split"]:
        lines.append(f"  splits: {_list(output['split'])}")
    return "\n".join(lines)


def _contents(found: dict[str, Any]) -> list[str]:
    """Return texts, fonts, picture and degradation of a recipe or of one style."""
    texts, fonts, picture = found["texts"], found["fonts"], found["picture"]
    letters = texts["alphabet"]
    lines = [f"Texts: {letters['name']} ({found['language']}), {texts['characters']:,} different characters may occur"]
    lines += [f"  {_percent(s['share'])} {s['name']}: {s['description']}" for s in texts["sources"]]
    low, high = texts["length_clusters"]
    lines.append(f"  of {low:g} to {high:g} characters, all lengths equally likely")
    lines += _optional(texts)
    lines += ["", f"Fonts: {fonts['families']} families, {fonts['faces']} faces; {_lacking(fonts['without_all_letters'])}"]
    for kind, entry in fonts["classes"].items():
        lines.append(f"  {_percent(entry['share'])} {kind}: {_some(entry['families'])}")
    lines.append(
        f"  {fonts['regular']:.0%} of lines in the regular weight, {fonts['italic']:.0%} italic where a family has it, "
        f"{fonts['spaced']:.0%} spaced out or tightened"
        + (f", {_percent(fonts['stressed']).strip()} with words stressed by spacing" if fonts["stressed"] else "")
    )
    colour = "grey" if picture["color"] == "grey" else "colour"
    more = f", and {_range(picture['line_pitch_em'])} em more for each further line" if picture["line_pitch_em"] else ""
    lines += ["", f"Picture: {picture['height_px']} px high{more}, {colour}"]
    lines.append(f"  paper: {_list(picture['paper'])}; luminance {_range(picture['paper_grey'])} of 255")
    lines.append(f"  ink: {_list(picture['ink'])}; {_range(picture['contrast_grey'])} levels darker than the paper")
    if picture["shares"]:
        lines.append(f"  of all lines: {_list({k.replace('_', ' '): v for k, v in picture['shares'].items()})}")
    texts_of = meanings(DecorationConfig)
    for key, share in picture["decoration"].items():
        lines.append(f"  {_percent(share)} {key}: {texts_of[key].removeprefix('share of ')}")
    lines += ["", "Degradation, in this order; a picture that is then illegible is degraded anew:"]
    lines += _steps(found["degrade"])
    return lines


def _optional(texts: dict[str, Any]) -> list[str]:
    lines = []
    if texts["case"]:
        lines.append(f"  case: {_list(texts['case'])}")
    if texts["foreign"]:
        languages = ", ".join(texts["foreign"]["languages"])
        lines.append(f"  {_percent(texts['foreign']['share'])} with words of {languages} inside")
    if texts["loanwords"]:
        languages = ", ".join(texts["loanwords"]["languages"]) or "other languages"
        lines.append(f"  {_percent(texts['loanwords']['share'])} with words of {languages} inside, in letters of its own")
    if texts["kashida"]:
        lines.append(f"  {_percent(texts['kashida'])} with a word drawn out between joined letters")
    if texts["other_digits"]:
        digits = texts["other_digits"]["digits"].split()
        lines.append(f"  {_percent(texts['other_digits']['share'])} with the digits {digits[0]} to {digits[-1]}")
    if texts["coverage"]:
        target = texts["coverage"]
        lines.append(f"  each character at least {target['at_least']} times in {target['samples']:,} samples")
    if texts["empty_share"]:
        lines.append(f"  {_percent(texts['empty_share'])} without text, with an empty label")
    if texts["lines"][1] > 1:
        lines.append(f"  {_range(texts['lines'])} lines in a picture, with line feeds between them in the label")
    if texts["vertical_share"]:
        lines.append(f"  {_percent(texts['vertical_share'])} from top to bottom")
    if texts["clipped_share"]:
        lines.append(f"  {_percent(texts['clipped_share'])} cut off at the end, with a label that ends before")
    return lines


def _steps(steps: list[dict[str, Any]]) -> list[str]:
    lines = []
    for phase, inside in groupby(sorted(steps, key=lambda s: PHASES.index(s["phase"])), key=lambda s: s["phase"]):
        lines.append(f"  {phase}")
        for step in inside:
            fields = step["fields"]
            changed = ", ".join(f"{key} {_value(fields[key])}" for key in step["changed"] or fields)
            group = f" (in {' of '.join(reversed(step['groups']))})" if step["groups"] else ""
            lines.append(f"    {_percent(step['probability'])} {step['op']}{group}: {changed}")
    return lines or ["  nothing"]


def costs_as_dict(costs: Costs, count: int, workers: int) -> dict[str, Any]:
    """Return costs, and what *count* samples would take, as plain JSON values."""
    return {
        "measured": costs.samples,
        "us_a_line": {stage: round(us, 1) for stage, us in costs.stages_us.items()},
        "us_a_line_in_all": round(costs.us_a_sample, 1),
        "lines_per_s": round(costs.lines_per_s, 1),
        "ops": [
            {"op": op, "share": round(used, 4), "us_a_use": round(us, 1), "share_of_time": round(share, 4)}
            for op, used, us, share in costs.ops
        ],
        "rejected": costs.rejected,
        "wall_over_processor_time": round(costs.busy, 2),
        "bytes_a_sample": round(costs.bytes_a_sample),
        "start_s": round(costs.start_s, 2),
        "count": count,
        "workers": workers,
        "bytes": round(costs.bytes_a_sample * count),
        "seconds": round(costs.seconds_for(count, workers), 1),
    }


def costs_in_words(costs: Costs, count: int, workers: int) -> str:
    """Return costs, and what *count* samples would take, as text for people."""
    lines = [f"Cost, measured now on one core with {costs.samples:,} lines: {costs.lines_per_s:,.0f} lines/s"]
    lines.append(f"  {'stage':12}{'µs a line':>10}{'of all time':>13}")
    for stage, us in costs.stages_us.items():
        lines.append(f"  {stage:12}{us:>10.0f}{us / costs.us_a_sample:>13.0%}")
    lines.append(f"  {'all':12}{costs.us_a_sample:>10.0f}")
    if costs.ops:
        lines.append(f"  {'op':24}{'uses':>8}{'µs a use':>10}{'of all time':>13}  (a line drawn again uses it twice)")
        lines += [f"  {op:24}{used:>8.0%}{us:>10.0f}{share:>13.1%}" for op, used, us, share in costs.ops]
    again = ", ".join(f"{reason} {n / costs.samples:.1%}" for reason, n in sorted(costs.rejected.items()))
    lines.append(f"  drawn again: {again or 'none'}")
    seconds = costs.seconds_for(count, workers)
    lines.append(
        f"  {count:,} samples: about {_size(costs.bytes_a_sample * count)} on disk, about {_duration(seconds)} with {workers} "
        f"worker{'s' if workers != 1 else ''}"
    )
    if costs.busy > _BUSY:
        lines.append(f"  (this machine is busy: at the moment all takes {costs.busy:.1f} times as long)")
    return "\n".join(lines)


_BUSY = 1.3


def _percent(share: float) -> str:
    return f"{share:>6.1%}" if share < 0.1 else f"{share:>6.0%}"


def _list(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" if share < 0.1 else f"{name} {share:.0%}" for name, share in shares.items())


def _range(pair: Iterable[float]) -> str:
    low, high = pair
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _value(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, (int, float)) for v in value):
        return _range(value).replace(" to ", "–")
    return str(value)


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _lacking(n: int) -> str:
    return f"{n} more of these classes lack letters of the language" if n else "all of these classes have its letters"


def _size(size_bytes: float) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:,.1f} {unit}"
    return f"{size_bytes / 1e3:,.0f} kB"


def _duration(seconds: float) -> str:
    for unit, scale in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:.1f} {unit}"
    return f"{seconds:.0f} seconds"
