"""Writes a data set in another format, shard by shard, without rendering again."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from ocrsynth import codec
from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.files import part_name, remove, stated, whole_name, write_atomically
from ocrsynth.generation.card import card_of_conversion
from ocrsynth.generation.parts import WHOLE
from ocrsynth.generation.plan import CARD, DATA, DATASET, NOTICE, PLAN, locked, read_plan
from ocrsynth.generation.source import CONVERSION, checked, open_source
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.generation.source import Shard, Source
    from ocrsynth.write.base import Format, Stored


class Converted(NamedTuple):
    """What `convert` wrote."""

    samples: int
    """Of the source."""
    shards: int
    skipped: Counter[str]
    words: int = 0
    """Samples of the target, where its format makes one of every word."""


def convert(
    source: str | Path,
    target: str | Path,
    fmt: str,
    *,
    source_format: str | None = None,
    unreadable: str = "refuse",
    partial: bool = False,
    progress: Callable[[int], None] = lambda _samples: None,
) -> Converted:
    """Write the data set at *source* as format *fmt* into the folder *target*; one shard becomes one shard.

    What the source's format does not keep cannot come back: boxes from a format without boxes.  A conversion that was broken
    off is done again.  Keys that would not do as names of files, or that two samples of a shard have, are changed.  A data set
    that `generate` has not finished is refused, or with *partial* written as far as it is there.  With *unreadable*
    ``skip``, samples that the format's consumer would drop or change are left out and counted.

    Raises OutputError for a target that holds something else, an unreadable source, or a sample that the format cannot
    hold; RecipeError for unknown formats, or one that needs boxes that the source has not.
    """
    there = open_source(source, source_format)
    if not partial:
        there.require_whole(", or take what is there with --partial")
    made = FORMATS.get(fmt, "--format")()
    _check_possible(there, made)
    out = Path(target)
    if out.resolve() == there.root.resolve() or there.root.resolve() in out.resolve().parents:
        raise OutputError(f"{target}: lies in the source; choose another folder")
    head = {"source": str(Path(source)), "source_format": there.format.name, "format": fmt, "unreadable": unreadable}
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out, WHOLE, lambda: _prepare(out, head)):
            return _convert(there, made, out, unreadable, progress)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        of_source = error.filename is not None and Path(error.filename).is_relative_to(there.root)
        what = f"{error.filename}: cannot be read" if of_source else f"{out}/: cannot be written"
        raise OutputError(f"{what}, {error.strerror or error}; free or fix it and run again") from error


def _check_possible(source: Source, target: Format) -> None:
    if target.constraints.needs_boxes and source.format.keeps.isdisjoint(("meta", "boxes")):
        raise RecipeError(
            f"--format: {target.name!r} is about boxes, and format {source.format.name!r} keeps none, got {target.name!r}; "
            "convert from a format that does, such as webdataset"
        )
    if source.format.name == "lstmf":
        raise RecipeError(
            f"--format: labels of 'lstmf' are in visual order and cannot be turned back, got {target.name!r}; "
            "convert from the format it was made beside, or copy the files"
        )


def _prepare(out: Path, head: dict[str, str]) -> None:
    content = orjson.dumps(head, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    path = out / CONVERSION
    if path.exists():
        if path.read_bytes() != content:
            raise OutputError(f"{out}/: holds another conversion; choose an empty folder")
    else:
        others = [p.name for p in out.iterdir() if whole_name(p) != CONVERSION]
        if others:
            raise OutputError(f"{out}/: is not empty, got {min(others)!r}; choose an empty folder")
        write_atomically(path, content)
    data = out / DATA
    data.mkdir(exist_ok=True)
    # What a conversion leaves that was killed; the lock tells that none is at work.
    for folder in (data, *(p for p in data.iterdir() if p.is_dir() and not p.is_symlink())):
        for begun in [p for p in folder.glob("*.part-*") if whole_name(p) is not None]:
            remove(begun)


def _convert(there: Source, made: Format, out: Path, unreadable: str, progress: Callable[[int], None]) -> Converted:
    skipped: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    entries = []
    samples = 0
    held: Counter[str] = Counter()
    kinds = _kinds(there, made)
    folders: dict[Path, list[str]] = {}
    numbers: Counter[str] = Counter()
    for shard in there.shards:
        folder = out / DATA / shard.split if shard.split else out / DATA
        folder.mkdir(exist_ok=True)
        final = folder / made.shard_name(numbers[shard.split])
        numbers[shard.split] += 1
        taken, count, left_out = _one(there, shard, made, final, unreadable, kinds, characters)
        skipped.update(left_out)
        samples += taken
        held[shard.split] += count
        progress(taken)
        if taken:
            entries.append({**stated(final, out), "format": made.name, "count": count})
            folders.setdefault(folder, []).append(final.name)
    _remove_older(out / DATA, made, numbers, {folder.name for folder in folders if folder != out / DATA})
    joined = []
    for folder, names in folders.items():
        made.join(folder, names)
        joined += [stated(folder / name, out) for name in made.joined]
    if (there.root / NOTICE).is_file():
        write_atomically(out / NOTICE, (there.root / NOTICE).read_bytes())
    summary = {
        "count": held.total(),
        **({"splits": splits} if (splits := {name: n for name, n in sorted(held.items()) if name}) else {}),
        "formats": [made.name],
        "shards": entries,
        **({"joined": joined} if joined else {}),
        "skipped": dict(sorted(skipped.items())),
        "delivered": {"characters": dict(sorted(characters.items()))},
    }
    language = read_plan(there.root).language if (there.root / PLAN).is_file() else ""
    write_atomically(out / CARD, card_of_conversion(made.name, held, skipped.total(), language).encode())
    content = orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    write_atomically(out / DATASET, content)
    return Converted(samples, len(entries), skipped, held.total() if made.of_words else 0)


def _remove_older(data: Path, made: Format, numbers: Counter[str], filled: set[str]) -> None:
    """Remove the shards of a conversion before this one, of a source that had more of them, or other splits than *filled*."""

    def number(path: Path) -> int | None:
        head = path.name.split(".")[0]
        return int(head) if head.isdecimal() and path.name == made.shard_name(int(head)) else None

    folders = {p.name: p for p in data.iterdir() if p.is_dir() and not p.is_symlink() and number(p) is None}
    for split, folder in ({"": data} | folders).items():
        left = list(folder.iterdir())
        # Whatever else lies there is the user's.
        if split and split not in numbers and not any(number(path) is not None for path in left):
            continue
        gone = {p for p in left if ((found := number(p)) is not None and found >= numbers[split])}
        if split and split not in filled:
            gone |= {path for path in left if path.name in made.joined}
        for path in gone:
            remove(path)
        if split and len(gone) == len(left):
            folder.rmdir()


def _kinds(there: Source, made: Format) -> frozenset[str]:
    """Return the suffixes of pictures that may stay as they are."""
    kinds = made.constraints.images
    if not made.constraints.one_kind or (there.root / PLAN).is_file():
        return kinds  # What `generate` makes is of one kind.
    found: set[str] = set()
    with suppress(ValueError):  # Of a broken shard whoever reads it in full will tell.
        for _, stored in there.read():
            found.add(_suffix_of(stored.image))
            if len(found) > 1:
                return frozenset(("png",))
    return kinds


def _one(
    there: Source,
    shard: Shard,
    made: Format,
    final: Path,
    unreadable: str,
    kinds: frozenset[str],
    characters: Counter[str],
) -> tuple[int, int, Counter[str]]:
    """Write a shard; return the samples that were taken, how many they became, and how many were left out for what.

    Pictures of *kinds* are not encoded again; the *characters* of labels are counted.
    """
    part = part_name(final)
    remove(part)
    remove(final)
    skipped: Counter[str] = Counter()
    taken: set[str] = set()
    lines = count = 0
    writer = None
    try:
        try:
            for stored in checked(there.format.samples(shard.path)):
                # A format that keeps no keys numbers the samples of each shard.
                parts = (stored.key,) if "key" in there.format.keeps else (shard.split, shard.path.stem, stored.key)
                fitted = _fitted(stored, kinds)._replace(key=_named("-".join(filter(None, parts)), taken))
                if unreadable == "refuse":
                    made.check(fitted)
                elif (slug := made.fault(fitted)) is not None:
                    skipped[f"{made.name}: {slug}"] += 1
                    continue
                writer = writer or made.open(part)
                writer.add(fitted)
                characters.update(stored.text)
                lines += 1
                count += made.count_of(fitted)
            there.check_count(shard, lines + skipped.total())
        except ValueError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"{shard.path}: cannot be converted, {error}; see what is wrong with ocrsynth lint") from None
        finally:
            if writer is not None:
                writer.close()
        if writer is not None:
            part.replace(final)
    except BaseException:
        remove(part)
        raise
    return lines, count, skipped


_LONGEST_KEY = 80
"""In bytes: a tar's header has room for 100, the ending included."""


def _named(key: str, taken: set[str]) -> str:
    """Return *key*, or one like it that does as the name of a file and is not *taken*; it is then.

    Of a key with folders or points in it, formats would take a part for the whole.
    """
    plain = re.sub(r"[^\w-]+", "_", key).strip("_").encode()[:_LONGEST_KEY].decode(errors="ignore") or "sample"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found)
    return found


def _fitted(stored: Stored, kinds: frozenset[str]) -> Stored:
    """Return the sample with a picture of one of *kinds*, suffixes; raises ValueError if it has none that is whole."""
    if not stored.image:
        raise ValueError(f"the picture of sample {stored.key!r} is missing")
    # Decoded in any case: what is broken here would be broken there, and nobody would know why.
    picture = codec.decode(stored.image)
    # Not every format keeps them, and those that keep all metadata have them.
    stored = stored._replace(meta={"height": picture.shape[0], "width": picture.shape[1]} | stored.meta)
    return stored if _suffix_of(stored.image) in kinds else stored._replace(image=codec.encode_png(picture))


def _suffix_of(image: bytes) -> str:
    """Return the suffix of a picture; empty for one of the kinds that OpenCV reads and no format stores."""
    try:
        return codec.suffix_of(image)
    except ValueError:
        return ""
