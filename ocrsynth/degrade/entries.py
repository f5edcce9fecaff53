"""The entries of a recipe's ``degrade`` list: ops with their probabilities, and groups of ops."""

from __future__ import annotations

from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ocrsynth.degrade.base import OPS, Op
from ocrsynth.errors import RecipeError, suggest
from ocrsynth.fields import number_advice, validate, weight_fault
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["one_of", "some_of", "sequence"]
KINDS: tuple[Kind, ...] = ("one_of", "some_of", "sequence")
_BORROWED = "albumentations"
"""An entry that names a transform of that library in place of an op."""


class Gate(NamedTuple):
    """A group of entries in a chain, and which of its members an op belongs to.

    ``one_of`` opens for one member, by weight; ``some_of`` for a number of them; ``sequence`` for all or for none.
    """

    kind: Kind
    occurrence: int
    """How many groups of this kind stand before it."""
    p: float
    """Probability that the group happens at all."""
    weights: tuple[float, ...]
    """Of the members; of ``one_of`` only they matter."""
    n: tuple[int, int]
    """Least and largest number of members that happen."""
    member: int


class Link(NamedTuple):
    """An op of a chain, the probability that it happens, and how many of its name stand before it."""

    op: Op
    p: float
    occurrence: int
    gates: tuple[Gate, ...] = ()
    """Groups around the op, the outermost first; all must be open for it."""


def parse_chain(entries: Any, where: str) -> tuple[Link, ...]:
    """Return the links of a recipe's list of ``- op: {field: …, p: 0.5}``; raises RecipeError with the path.

    An entry may also be a group: ``- one_of: {p: 0.7, ops: […]}``, whose members may have a ``weight``,
    ``- some_of: {n: [1, 2], ops: […]}`` or ``- sequence: {p: 0.3, ops: […]}``; groups may stand in groups.
    """
    links: list[Link] = []
    _parse_list(entries, where, (), links, {})
    return tuple(links)


def _parse_list(
    entries: Any, where: str, gates: tuple[Gate, ...], links: list[Link], groups: dict[str, int], first: int = 0
) -> None:
    if not isinstance(entries, (list, tuple)):
        raise RecipeError(f"{where}: must be a list of ops or the name of a preset, got {entries!r}; write '- op: {{…}}' lines")
    for i, entry in enumerate(entries, first):
        at = f"{where}[{i}]"
        name, arguments = _entry(entry, at)
        if name in KINDS:
            _parse_group(name, arguments, f"{at}.{name}", gates, links, groups)
            continue
        p = _number(arguments.pop("p", 1.0), f"{at}.{name}.p", least=0, most=1)
        if name == _BORROWED:
            from ocrsynth.degrade.borrowed import from_entry

            op = from_entry(arguments, f"{at}.{name}")
        else:
            op = validate(OPS.get(name, at), arguments, f"{at}.{name}")
        links.append(Link(op, p, sum(link.op.name == op.name for link in links), gates))


def _entry(entry: Any, at: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(entry, dict) or len(entry) != 1:
        raise RecipeError(f"{at}: must be one 'op: {{…}}' pair, got {entry!r}; start a new '-' for each op")
    [(name, arguments)] = entry.items()
    if arguments is not None and not isinstance(arguments, dict):
        if name not in (*KINDS, _BORROWED):
            OPS.get(str(name), at)
        raise RecipeError(f"{at}.{name}: must be a mapping of keys to values, got {arguments!r}; write 'key: value' pairs")
    return str(name), dict(arguments or {})


def _number(value: Any, where: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        advice = number_advice(value, "leave it out for 1")
        raise RecipeError(f"{where}: must be a probability from {least} to {most}, got {value!r}; {advice}")
    return float(value)


def _parse_group(
    kind: Kind, arguments: dict[str, Any], where: str, gates: tuple[Gate, ...], links: list[Link], groups: dict[str, int]
) -> None:
    members = arguments.pop("ops", None)
    p = _number(arguments.pop("p", 1.0), f"{where}.p", least=0, most=1)
    n = arguments.pop("n", None) if kind == "some_of" else None
    for key in arguments:
        known = ("n", "ops", "p") if kind == "some_of" else ("ops", "p")
        raise RecipeError(f"{where}: unknown key {key!r}; {suggest(str(key), known)}")
    if not isinstance(members, (list, tuple)) or not members:
        raise RecipeError(f"{where}.ops: must list the members of the group, got {members!r}; write 'ops: [- op: {{…}}, …]'")
    weights = []
    bare = []
    for i, entry in enumerate(members):
        name, inner = _entry(entry, f"{where}.ops[{i}]")
        weight = inner.pop("weight", 1.0) if kind == "one_of" else 1.0
        if fault := weight_fault(weight):
            raise RecipeError(f"{where}.ops[{i}].{name}.weight: {fault}")
        weights.append(float(weight))
        bare.append({name: inner})
    count = _count(n, len(members), f"{where}.n") if kind == "some_of" else (1, 1)
    occurrence = groups[kind] = groups.get(kind, -1) + 1
    for i, entry in enumerate(bare):
        gate = Gate(kind, occurrence, p, tuple(weights), count, i)
        before = len(links)
        _parse_list([entry], f"{where}.ops", (*gates, gate), links, groups, i)
        if len(links) == before:
            raise RecipeError(f"{where}.ops[{i}]: holds no op, got {entry!r}; leave it out")


def _count(n: Any, members: int, where: str) -> tuple[int, int]:
    if n is None:
        return 1, members
    pair = [n, n] if isinstance(n, int) and not isinstance(n, bool) else n
    good = isinstance(pair, (list, tuple)) and len(pair) == 2 and all(type(v) is int for v in pair)
    if not good or not 0 <= pair[0] <= pair[1] <= members:
        advice = number_advice(n, "write 'n: [1, 2]'", whole=True)
        raise RecipeError(f"{where}: must be a range [low, high] of 0 to {members} members, got {n!r}; {advice}")
    return pair[0], pair[1]


def describe_chain(links: Sequence[Link]) -> list[dict[str, Any]]:
    """Return the entries that `parse_chain` reads back to the same links."""
    return _described(list(links), 0)


def _described(links: list[Link], depth: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for gate_of_group, group in groupby(
        links, key=lambda link: link.gates[depth]._replace(member=0) if len(link.gates) > depth else None
    ):
        if gate_of_group is None:
            entries += [{link.op.name: {**link.op.model_dump(mode="json"), "p": link.p}} for link in group]
            continue
        gate = gate_of_group
        members = []
        for member, inside in groupby(group, key=lambda link: link.gates[depth].member):
            [entry] = _described(list(inside), depth + 1)
            if gate.kind == "one_of":
                [(name, fields)] = entry.items()
                entry = {name: {**fields, "weight": gate.weights[member]}}
            members.append(entry)
        described: dict[str, Any] = {"p": gate.p, "ops": members}
        if gate.kind == "some_of":
            described["n"] = list(gate.n)
        entries.append({gate.kind: described})
    return entries


class Gates:
    """Which members of the groups of a chain happen in one draw; each group draws once, from a stream of its own."""

    def __init__(self, seed: int, index: int, attempt: int) -> None:
        self._address = (seed, index)
        self._attempt = attempt
        self._open: dict[tuple[str, int], frozenset[int]] = {}

    def are_open(self, gates: tuple[Gate, ...]) -> bool:
        """Tell whether all *gates* around an op are open for it."""
        return all(gate.member in self._members(gate) for gate in gates)

    def _members(self, gate: Gate) -> frozenset[int]:
        name = (gate.kind, gate.occurrence)
        found = self._open.get(name)
        if found is None:
            stream = Stream(*self._address, f"group:{gate.kind}", gate.occurrence, self._attempt)
            found = self._open[name] = _drawn_members(gate, stream)
        return found


def _drawn_members(gate: Gate, stream: Stream) -> frozenset[int]:
    if stream.unit() >= gate.p:
        return frozenset()
    if gate.kind == "sequence":
        return frozenset(range(len(gate.weights)))
    if gate.kind == "one_of":
        return frozenset((stream.weighted(list(accumulate(gate.weights))),))
    rest = list(range(len(gate.weights)))
    return frozenset(rest.pop(stream.below(len(rest))) for _ in range(stream.between(*gate.n)))
