"""Every format on what it promises: labels that its consumer takes arrive byte for byte, all others are refused or counted.

The readers here share no code with the writers; where the real consumer can be installed, it reads, too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import struct
import subprocess
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import cv2
import lmdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bidi import get_display
from PIL import Image

from ocrsynth import Recipe, codec, generate
from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.generation.convert import convert
from ocrsynth.pipeline import Pipeline
from ocrsynth.write.base import FORMATS, Constraints, Stored
from ocrsynth.write.folders import lines_of
from ocrsynth.write.meta import stored_of
from ocrsynth.write.visual import visual_label, visual_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocrsynth.records import Sample

_LABELS = (
    'say "yes", 1,234',
    "back\\slash \\n",
    "a/b\\c:d*e?f<g>h|i & co;",
    "{json: [1]}, 'x'",
    "caf\u00e9 na\u00efve",
    "cafe\u0301 not composed",
    " leading",
    "trailing ",
    "two  spaces",
    "\u05e9\u05dc\u05d5\u05dd (12) \u05e2\u05d5\u05dc\u05dd",
    "\u0645\u0631\u062d\u0628\u0627 abc \u0639\u0627\u0644\u0645",
    "क्षत्रिय हिन्दी",
    "漢字かな交じり文",
    "line\u2028separator",
    "next\u0085line",
    "tab\tinside",
    "line\nfeed",
    "return\rhere",
    "no-break\u00a0space",
    "=formula, #hash, -dash",
    "null",
    "NA",
    "1e5",
    "",
    "x" * 1000,
)
_ALL = [name for name in FORMATS if name != "dummy"]
_LINES = [name for name in _ALL if name != "doctr"]


@lru_cache(maxsize=4)
def _made(preset: str, color: str, **output: Any) -> tuple[Sample, ...]:
    return tuple(
        Pipeline(Recipe.for_language("en", preset=preset, seed=29, render={"color": color})).batch(range(len(_LABELS)))
    )


def _stored(preset: str = "scan", color: str = "grey") -> list[Stored]:
    """Return samples with the labels above; their boxes stay those of their own texts."""
    found = []
    for sample, text in zip(_made(preset, color), _LABELS, strict=True):
        stored = stored_of(replace(sample, text=text))
        words = [[m.start(), m.end()] for m in re.finditer(r"\S+", text)]
        quads = np.resize(stored.meta["word_quads"], (len(words), 4, 2)) if words else np.zeros((0, 4, 2))
        found.append(stored._replace(meta={**stored.meta, "words": words, "word_quads": quads}))
    return found


def _write(name: str, path: Path, samples: list[Stored]) -> Path:
    writer = FORMATS.get(name, "test")().open(path)
    for stored in samples:
        writer.add(stored)
    writer.close()
    return path


Pairs = list[tuple[str, bytes]]


def _jsonl(file: str, key: str) -> Callable[[Path], Pairs]:
    def read(path: Path) -> Pairs:
        records = [json.loads(line) for line in (path / file).read_bytes().split(b"\n") if line]
        return [(r["text"], (path / r[key]).read_bytes()) for r in records]

    return read


def _webdataset(path: Path) -> Pairs:
    import tarfile

    with tarfile.open(path) as tar:
        content = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    keys = sorted({n.partition(".")[0] for n in content})
    return [(content[f"{k}.txt"].decode(), content.get(f"{k}.jpg") or content[f"{k}.png"]) for k in keys]


def _paddle(path: Path) -> Pairs:
    """As PaddleOCR's SimpleDataSet does."""
    found = []
    with (path / "rec_gt.txt").open("rb") as lines:
        for line in lines:
            parts = line.decode("utf-8").strip("\n").split("\t")
            found.append((parts[1], (path / parts[0]).read_bytes()))
    return found


def _tesstrain(path: Path) -> Pairs:
    found = []
    for label in sorted(path.glob("*.gt.txt")):
        text = label.read_bytes().decode()
        assert text.endswith("\n")
        [picture] = [p for p in path.glob(f"{label.name.removesuffix('.gt.txt')}.*") if p.suffix in (".png", ".jpg")]
        found.append((unicodedata.normalize("NFC", text.strip()), picture.read_bytes()))
    return found


def _tsv(path: Path) -> Pairs:
    with (path / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n"))
    return [(text, (path / name).read_bytes()) for name, text in rows]


def _easyocr(path: Path) -> Pairs:
    """As the trainer's read_csv with sep='^([^,]+),' does."""
    found = []
    for line in (path / "labels.csv").read_bytes().decode().split("\n")[1:]:
        if line:
            match = re.match(r"^([^,]+),", line)
            assert match
            found.append((line[match.end() :].rstrip(), (path / match[1]).read_bytes()))
    return found


def _lmdb(path: Path) -> Pairs:
    """As DTRB and PARSeq do."""
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        n = int(transaction.get(b"num-samples"))
        return [
            (transaction.get(f"label-{i:09d}".encode()).decode(), transaction.get(f"image-{i:09d}".encode()))
            for i in range(1, n + 1)
        ]


def _parquet(path: Path) -> Pairs:
    table = pq.read_table(path)
    assert "huggingface" in {k.decode() for k in table.schema.metadata}
    return [(r["text"], r["image"]["bytes"]) for r in table.to_pylist()]


def _kraken(path: Path) -> Pairs:
    with pa.ipc.open_file(str(path)) as file:
        about = json.loads(file.schema.metadata[b"lines"])
        table = file.read_all()
    assert about["counts"] == {"all": len(table), "train": len(table), "validation": 0, "test": 0}
    assert sum(about["alphabet"].values()) == sum(len(r["lines"]["text"]) for r in table.to_pylist())
    assert all(table.column("train").to_pylist())
    return [(r["lines"]["text"], r["lines"]["im"]) for r in table.to_pylist()]


def _lstmf(path: Path) -> Pairs:
    data = path.read_bytes()
    at = 0

    def number(layout: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(layout, data, at)
        at += struct.calcsize(layout)
        return int(value)

    def block() -> bytes:
        nonlocal at
        n = number("<I")
        at += n
        return data[at - n : at]

    found = []
    for _ in range(number("<I")):
        assert number("<B") == 1
        block()
        number("<i")
        image = block()
        block()
        text = block().decode()
        height, width = codec.decode(image).shape[:2]
        assert number("<I") == 1
        assert [number("<h") for _ in range(4)] == [0, 0, width, height]
        assert number("<I") == 1
        assert block().decode() == text
        assert number("<B") == 0
        found.append((text, image))
    assert at == len(data)
    return found


def _xml(kind: str) -> Callable[[Path], Pairs]:
    def read(path: Path) -> Pairs:
        found = []
        for file in sorted(path.glob("*.xml")):
            root = ET.parse(file).getroot()  # noqa: S314 - our own file
            space = root.tag.partition("}")[0] + "}"
            if kind == "page":
                [page] = root.iter(f"{space}Page")
                name = page.get("imageFilename") or ""
                [line] = root.iter(f"{space}TextLine")
                text = line.find(f"{space}TextEquiv/{space}Unicode").text or ""  # type: ignore[union-attr]
                assert line.find(f"{space}Baseline") is not None
            else:
                [file_name] = root.iter(f"{space}fileName")
                name = file_name.text or ""
                [line] = root.iter(f"{space}TextLine")
                text = "".join(" " if e.tag == f"{space}SP" else e.get("CONTENT", "") for e in line if e.tag != f"{space}Shape")
                assert line.get("BASELINE")
            found.append((text, (path / name).read_bytes()))
        return found

    return read


_READERS: dict[str, Callable[[Path], Pairs]] = {
    "alto": _xml("alto"),
    "coco-text": _jsonl("words.jsonl", "file_name"),
    "easyocr": _easyocr,
    "folder": _jsonl("labels.jsonl", "file"),
    "imagefolder": _jsonl("metadata.jsonl", "file_name"),
    "kraken": _kraken,
    "lmdb": _lmdb,
    "lstmf": _lstmf,
    "mmocr": _jsonl("labels.jsonl", "filename"),
    "paddle": _paddle,
    "page-xml": _xml("page"),
    "parquet": _parquet,
    "tesstrain": _tesstrain,
    "tsv": _tsv,
    "webdataset": _webdataset,
}


def test_every_format_of_lines_has_a_reader_here() -> None:
    assert sorted(_READERS) == sorted(_LINES)


@pytest.mark.parametrize("name", _LINES)
class TestLabels:
    def test_what_a_consumer_takes_arrives_byte_for_byte(self, name: str, tmp_path: Path) -> None:
        fmt = FORMATS.get(name, "test")()
        taken = [s for s in _stored() if fmt.fault(s) is None]
        assert len(taken) >= len(_LABELS) / 2
        found = _READERS[name](_write(name, tmp_path / f"000000{fmt.suffix}", taken))
        expected = [visual_label(s) if name == "lstmf" else s.text for s in taken]
        assert [text.encode() for text, _ in found] == [text.encode() for text in expected]
        for (_, picture), stored in zip(found, taken, strict=True):
            assert (codec.decode(picture) == codec.decode(stored.image)).all()

    def test_the_own_reader_agrees(self, name: str, tmp_path: Path) -> None:
        fmt = FORMATS.get(name, "test")()
        taken = [s for s in _stored() if fmt.fault(s) is None]
        path = _write(name, tmp_path / f"000000{fmt.suffix}", taken)
        own = [(s.text, s.image) for s in fmt.read(path)]
        assert own == _READERS[name](path)
        if "key" in fmt.keeps:
            assert [s.key for s in fmt.read(path)] == [s.key for s in taken]

    def test_what_it_would_lose_is_refused(self, name: str) -> None:
        fmt = FORMATS.get(name, "test")()
        refused = [s for s in _stored() if fmt.fault(s) is not None]
        limits = fmt.constraints
        for stored in refused:
            with pytest.raises(OutputError, match=re.escape(f"format {name!r} cannot hold the label")):
                fmt.check(stored)
        texts = {s.text for s in refused}
        assert {t for t in _LABELS if not limits.forbidden.isdisjoint(t)} <= texts
        assert ("" in texts) == limits.drops_empty
        assert (" leading" in texts) == limits.strips
        assert ("cafe\u0301 not composed" in texts) == limits.nfc

    def test_equal_samples_give_equal_bytes(self, name: str, tmp_path: Path) -> None:
        fmt = FORMATS.get(name, "test")()
        taken = [s for s in _stored() if fmt.fault(s) is None]
        trees = []
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            path = _write(name, tmp_path / folder / f"000000{fmt.suffix}", taken)
            files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
            trees.append([(p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in files])
        assert trees[0] == trees[1]

    def test_colour_survives(self, name: str, tmp_path: Path) -> None:
        fmt = FORMATS.get(name, "test")()
        taken = [s for s in _stored("clean", "rgb") if fmt.fault(s) is None][:4]
        found = _READERS[name](_write(name, tmp_path / f"000000{fmt.suffix}", taken))
        for (_, picture), stored in zip(found, taken, strict=True):
            expected = codec.decode(stored.image)
            # Tesseract trains on grey pictures.
            expected = cv2.cvtColor(expected, cv2.COLOR_RGB2GRAY) if name == "lstmf" else expected
            assert (codec.decode(picture) == expected).all()


@pytest.mark.parametrize("name", _ALL)
@pytest.mark.parametrize("damage", ["truncated", "garbage", "missing"])
def test_a_broken_shard_is_a_value_error(name: str, damage: str, tmp_path: Path) -> None:
    fmt = FORMATS.get(name, "test")()
    path = _write(name, tmp_path / f"000000{fmt.suffix}", [s for s in _stored() if fmt.fault(s) is None])
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and p.suffix not in (".jpg", ".png"))
    for file in files:
        if damage == "missing":
            file.unlink()
        else:
            content = file.read_bytes()
            # What is cut or foreign must be told; single pictures are looked at by verify and lint.
            file.write_bytes(content[: len(content) // 3] if damage == "truncated" else b"\xff\xfe\x00garbage" * 50)
    if damage == "missing" and (name in ("tesstrain", "page-xml", "alto") or path.suffix):
        return
    if damage == "truncated" and name in ("tesstrain", "paddle"):
        # A list that is cut in a label is still a list; its hash tells.
        return
    with pytest.raises(ValueError, match=r"\S"):
        list(fmt.read(path))


def test_words_for_doctr_are_cut_from_their_lines(tmp_path: Path) -> None:
    samples = [stored_of(s) for s in _made("clean", "grey")]
    path = _write("doctr", tmp_path / "000000", samples)
    labels = json.loads((path / "labels.json").read_bytes())
    words = [word for s in samples for word in s.text.split()]
    assert [labels[name] for name in sorted(labels)] == words
    assert sorted(p.name for p in (path / "images").iterdir()) == sorted(labels)
    assert not any(" " in text for text in labels.values())
    for name in labels:
        picture = codec.decode((path / "images" / name).read_bytes())
        assert picture.size
        assert int(picture.max()) - int(picture.min()) > 20


def test_csv_writers_would_quote_what_easyocr_takes_literally(tmp_path: Path) -> None:
    path = _write("easyocr", tmp_path / "000000", [_stored()[0]])
    raw = (path / "labels.csv").read_text(encoding="utf-8").splitlines()[1]
    assert raw.partition(",")[2] == _LABELS[0]
    assert next(csv.reader([raw]))[1:] != [_LABELS[0]]


@pytest.mark.parametrize("name", ["lstmf", "tesstrain"])
@pytest.mark.parametrize(("direction", "shown"), [("rtl", "51 #4531"), ("ltr", "#4531 51")])
def test_the_order_of_numbers_is_that_of_their_line(name: str, direction: str, shown: str, tmp_path: Path) -> None:
    """A Hebrew line of figures alone is drawn from right to left: nothing in its text tells."""
    stored = _stored()[0]
    stored = stored._replace(text="#4531 51", meta={**stored.meta, "text": "#4531 51", "provenance": {"direction": direction}})
    path = _write(name, tmp_path / "000000", [stored])
    found = path.read_bytes() if name == "lstmf" else (path / f"{stored.key}.box").read_bytes()
    assert shown.encode() in found
    assert visual_order("#4531 51", direction) == get_display("#4531 51", base_dir=direction[0].upper())


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا abc عالم", "abc שלום 12", "سعر 100 ريال", "plain", "א", "12 שקל"])
def test_visual_order_is_that_of_python_bidi(text: str) -> None:
    base = next((unicodedata.bidirectional(c) for c in text if unicodedata.bidirectional(c) in ("L", "R", "AL")), "L")
    assert visual_order(text) == get_display(text, base_dir="L" if base == "L" else "R")


def test_brackets_are_mirrored_as_they_are_seen_and_marks_stay_behind_their_letters() -> None:
    """Package bidi's fast half leaves brackets as they are, which is not what the picture shows (UAX #9, L4)."""
    assert visual_order("שלום (12)") == "(12) םולש"
    assert visual_order("שָׁלוֹם") == "םוֹלשָׁ"


class TestPaddle:
    def test_lists_and_dictionary_of_the_whole(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", seed=3, output={"format": "paddle", "shard_size": 20})
        generate(recipe, 50, tmp_path / "out")
        data = tmp_path / "out/data"
        lines = (data / "rec_gt.txt").read_text(encoding="utf-8").split("\n")[:-1]
        assert len(lines) == 50
        characters = set()
        for line in lines:
            name, text = line.split("\t")
            assert cv2.imread(str(data / name)) is not None
            characters |= set(text)
        listed = (data / "dict.txt").read_text(encoding="utf-8").split("\n")[:-1]
        assert set(listed) == characters - {" "}
        assert listed == sorted(listed)
        for line, rec in zip((data / "det_gt.txt").read_text(encoding="utf-8").split("\n"), lines, strict=False):
            name, content = line.split("\t")
            assert name == rec.split("\t")[0]
            words = json.loads(content)
            assert " ".join(w["transcription"] for w in words) == rec.split("\t")[1]
            assert all(len(w["points"]) == 4 for w in words)


def test_a_word_beyond_the_picture_has_a_box_of_its_last_pixel(tmp_path: Path) -> None:
    image = codec.encode_png(np.zeros((20, 30), np.uint8))
    for corner, box in (((30.0, 20.0), [29, 19, 1, 1]), ((-5.0, -5.0), [0, 0, 1, 1]), ((28.5, 18.5), [28, 18, 2, 2])):
        quad = np.add(corner, ((0, 0), (3, 0), (3, 3), (0, 3)))
        meta = {"text": "a", "height": 20, "width": 30, "words": [[0, 1]], "word_quads": [quad]}
        path = _write("coco-text", tmp_path / f"{box}", [Stored("000000000000", "a", image, meta)])
        [labels] = path.glob("*.jsonl")
        assert json.loads(labels.read_bytes())["words"][0]["bbox"] == box


def test_a_word_thinner_than_a_pixel_has_an_area(tmp_path: Path) -> None:
    stored = _stored()[0]
    quad = np.array([[[4.2, 12.9], [30.1, 12.9], [30.1, 13.3], [4.2, 13.3]]])
    stored = stored._replace(text="—", meta={**stored.meta, "text": "—", "words": [[0, 1]], "word_quads": quad})
    path = _write("paddle", tmp_path / "000000", [stored])
    [word] = json.loads((path / "det_gt.txt").read_text(encoding="utf-8").partition("\t")[2])
    assert word["points"] == [[4, 13], [30, 13], [30, 14], [4, 14]]


def test_points_of_page_lie_in_the_picture(tmp_path: Path) -> None:
    """Without boxes the frame stands in for them; its right and lower sides are the last pixels."""
    stored = Stored("000000000000", "a", codec.encode_png(np.zeros((20, 30), np.uint8)), {"text": "a"})
    root = ET.parse(_write("page-xml", tmp_path / "000000", [stored]) / "000000000000.xml").getroot()  # noqa: S314 - our own
    frames = {element.get("points") for element in root.iter() if element.tag.endswith("}Coords")}
    assert frames == {"0,0 29,0 29,19 0,19"}
    [baseline] = (element.get("points") for element in root.iter() if element.tag.endswith("}Baseline"))
    assert baseline == "0,15 29,15"


@pytest.mark.parametrize(("mode", "kind"), [("L", "L"), ("LA", "L"), ("RGB", "RGB"), ("RGBA", "RGB")])
def test_kraken_is_told_whether_there_is_colour(mode: str, kind: str, tmp_path: Path) -> None:
    """Pictures of others may have an alpha channel."""
    file = io.BytesIO()
    Image.new(mode, (30, 20)).save(file, "PNG")
    path = _write("kraken", tmp_path / "000000.arrow", [Stored("000000000000", "a", file.getvalue(), {"text": "a"})])
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as table:
        assert json.loads(table.schema.metadata[b"lines"])["im_mode"] == kind


def test_a_mark_of_byte_order_is_text_behind_the_first_line(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_bytes("\ufefffirst\n\ufeffsecond\n".encode())
    assert list(lines_of(labels)) == ["first", "\ufeffsecond"]


def test_coco_text_says_what_a_split_is_for(tmp_path: Path) -> None:
    output = {"format": "coco-text", "shard_size": 20, "split": {"train": 0.5, "val": 0.3, "test": 0.2}}
    generate(Recipe.for_language("en", preset="clean", output=output), 40, tmp_path / "out")
    for split in ("train", "val", "test"):
        coco = json.loads((tmp_path / "out/data" / split / "coco_text.json").read_bytes())
        assert {image["set"] for image in coco["imgs"].values()} == {split}


def test_coco_text_of_the_whole(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", seed=3, output={"format": "coco-text", "shard_size": 20})
    generate(recipe, 50, tmp_path / "out")
    coco = json.loads((tmp_path / "out/data/coco_text.json").read_bytes())
    assert len(coco["imgs"]) == len(coco["imgToAnns"]) == 50
    for number, image in coco["imgs"].items():
        assert (tmp_path / "out/data" / image["file_name"]).is_file()
        for annotation in coco["imgToAnns"][number]:
            ann = coco["anns"][str(annotation)]
            assert ann["image_id"] == int(number)
            left, top, width, height = ann["bbox"]
            assert left >= 0 <= top
            assert left + width <= image["width"]
            assert top + height <= image["height"]


def test_mmocr_of_the_whole(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", seed=3, output={"format": "mmocr", "shard_size": 20})
    generate(recipe, 50, tmp_path / "out")
    whole = json.loads((tmp_path / "out/data/textrecog.json").read_bytes())
    assert whole["metainfo"] == {"dataset_type": "TextRecogDataset", "task_name": "textrecog"}
    assert len(whole["data_list"]) == 50
    for entry in whole["data_list"]:
        assert (tmp_path / "out/data" / entry["img_path"]).is_file()
        assert entry["instances"][0]["text"]


@pytest.fixture(scope="module")
def for_the_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with splits in the three formats that Hugging Face datasets loads."""
    out = tmp_path_factory.mktemp("hub") / "out"
    split = {"train": 0.6, "val": 0.2, "test": 0.2}
    formats = ["parquet", "webdataset", "imagefolder"]
    generate(Recipe.for_language("en", seed=4, output={"format": formats, "shard_size": 25, "split": split}), 60, out)
    return out


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["parquet", "webdataset", "imagefolder", "card"])
def test_hugging_face_datasets_loads_it(kind: str, for_the_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    import datasets

    stated = json.loads((for_the_hub / "dataset.json").read_bytes())
    if kind == "card":
        loaded = datasets.load_dataset(str(for_the_hub), cache_dir=str(tmp_path))
    elif kind == "imagefolder":
        loaded = datasets.load_dataset(kind, data_dir=str(for_the_hub / "data" / kind), cache_dir=str(tmp_path))
    else:
        ending = {"parquet": "parquet", "webdataset": "tar"}[kind]
        files = {
            name: sorted(map(str, (for_the_hub / "data" / kind / folder).glob(f"*.{ending}")))
            for name, folder in (("train", "train"), ("validation", "val"), ("test", "test"))
        }
        loaded = datasets.load_dataset(kind, data_files=files, cache_dir=str(tmp_path))
    assert {name: len(loaded[name]) for name in loaded} == {
        name: stated["splits"][folder] for name, folder in (("train", "train"), ("validation", "val"), ("test", "test"))
    }
    seen: dict[str, np.ndarray] = {}
    for part in loaded.values():
        for row in part:
            text = row.get("text", row.get("txt"))
            image = row.get("image") or row.get("jpg")
            seen[text] = np.asarray(image.convert("L"))
    recipe = Recipe.load(for_the_hub / "recipe.lock.yaml")
    for sample in Pipeline(recipe).batch(range(60)):
        assert np.abs(seen[sample.text].astype(int) - sample.image).max() <= 3


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["parquet", "webdataset", "imagefolder"])
def test_hugging_face_datasets_loads_a_conversion(
    kind: str, for_the_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    import datasets

    convert(for_the_hub, tmp_path / "converted", kind)
    loaded = datasets.load_dataset(str(tmp_path / "converted"), cache_dir=str(tmp_path))
    stated = json.loads((for_the_hub / "dataset.json").read_bytes())
    of_hub = {"train": "train", "validation": "val", "test": "test"}
    assert {name: len(loaded[name]) for name in loaded} == {name: stated["splits"][of_hub[name]] for name in of_hub}


@pytest.mark.filterwarnings("ignore")
def test_hugging_face_datasets_loads_pictures_of_two_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader of tars takes the columns of the first five samples for those of all."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    import datasets

    mine = tmp_path / "mine"
    (mine / "images").mkdir(parents=True)
    picture = np.tile(np.arange(64, dtype=np.uint8), (32, 1))
    names = [f"{i}.{'jpg' if i < 8 else 'png'}" for i in range(16)]
    for name in names:
        encoded = codec.encode_png(picture) if name.endswith("png") else codec.encode_jpeg(picture, 90)
        (mine / "images" / name).write_bytes(encoded)
    (mine / "labels.tsv").write_text("".join(f"{name}\tline {name}\n" for name in names))
    convert(mine, tmp_path / "tars", "webdataset")
    loaded = datasets.load_dataset(str(tmp_path / "tars"), cache_dir=str(tmp_path / "cache"))["train"]
    assert len(loaded) == 16
    assert all(row["png"].size == (64, 32) for row in loaded)


@pytest.mark.engine
def test_tesseract_reads_our_lstmf_and_our_pairs(tmp_path: Path) -> None:
    """``lstmeval`` scores our pages; ``lstm.train`` makes from our pair a page with the same label and pixels."""
    tessdata = _tessdata()
    recipe = Recipe.for_language("en", preset="clean", seed=4, output={"format": ["lstmf", "tesstrain"], "shard_size": 20})
    generate(recipe, 30, tmp_path / "out")
    data = tmp_path / "out/data/lstmf"
    done = subprocess.run(
        ["lstmeval", "--model", str(tessdata / "eng.traineddata"), "--eval_listfile", "list.txt", "--verbosity", "1"],
        cwd=data,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    output = done.stdout + done.stderr
    rate = re.search(r"BCER eval=([\d.]+)", output)
    assert rate, output[-500:]
    assert float(rate[1]) < 15
    truths = re.findall(r"^Truth:(.*)$", output, re.MULTILINE)
    labels = [s.text for s in Pipeline(recipe).batch(range(30))]
    assert sum(label in truths for label in labels) >= 20
    folder = tmp_path / "out/data/tesstrain/000000"
    stem = "000000000000"
    picture = next(p for p in folder.glob(f"{stem}.*") if p.suffix in (".png", ".jpg"))
    command = ["tesseract", picture.name, stem, "--psm", "13", "lstm.train"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    [(theirs, image)] = _pages_of(folder / f"{stem}.lstmf")
    ours = _lstmf(data / "000000.lstmf")[0]
    assert theirs == ours[0]
    assert (cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE) == codec.decode(ours[1])).all()


def _pages_of(path: Path) -> Pairs:
    """Return label and picture of each page of Tesseract's own file, whose boxes may be many."""
    return [(s.text, s.image) for s in FORMATS.get("lstmf", "test")().read(path)]


def _tessdata() -> Path:
    from pathlib import Path

    assert shutil.which("lstmeval"), "the package tesseract-ocr is missing"
    [found] = Path("/usr/share/tesseract-ocr").glob("*/tessdata")
    return found


class TestOutput:
    """What a recipe may ask of the output."""

    @pytest.mark.parametrize("image", ["png", "jpeg", "webp", "raw"])
    @pytest.mark.parametrize("color", ["grey", "rgb"])
    def test_every_coding_is_the_sample(self, image: str, color: str, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", seed=4, render={"color": color}, output={"image": image, "quality": 80})
        generate(recipe, 12, tmp_path / "out")
        shard = next((tmp_path / "out/data").iterdir())
        for stored, sample in zip(FORMATS.get("webdataset", "t")().read(shard), Pipeline(recipe).batch(range(12)), strict=True):
            assert stored.image == sample.encoded
            assert codec.suffix_of(stored.image) == {"jpeg": "jpg", "raw": "npy"}.get(image, image)
            assert (codec.decode_as(stored.image, sample.image.ndim) == sample.image).all()
            assert sample.image.ndim == (2 if color == "grey" else 3)

    def test_masks_are_the_ink_of_the_line_where_its_labels_are(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", preset="camera", seed=4, render={"height_px": 64}, output={"masks": True})
        generate(recipe, 24, tmp_path / "out")
        shard = next((tmp_path / "out/data").iterdir())
        for stored in FORMATS.get("webdataset", "t")().read(shard):
            assert stored.mask is not None
            mask = codec.decode(stored.mask)
            assert mask.shape == codec.decode(stored.image).shape[:2]
            outside = (mask > 127).astype(np.uint8)
            inked = int(outside.sum())
            for quad in np.asarray(stored.meta["cluster_quads"]):
                grown = quad + np.sign(quad - quad.mean(axis=0)) * 2
                cv2.fillConvexPoly(outside, np.rint(grown).astype(np.int32), 0)
            assert inked > 100
            assert outside.sum() <= 0.01 * inked

    @pytest.mark.parametrize("boxes", ["words", "none"])
    def test_fewer_boxes(self, boxes: str, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", seed=4, output={"boxes": boxes})
        generate(recipe, 6, tmp_path / "out")
        shard = next((tmp_path / "out/data").iterdir())
        for stored in FORMATS.get("webdataset", "t")().read(shard):
            assert "cluster_quads" not in stored.meta
            assert ("word_quads" in stored.meta) == (boxes == "words")

    def test_unreadable_labels_are_left_out_of_that_format_and_counted(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language(
            "en", seed=4, text={"empty_share": 0.3}, output={"format": ["webdataset", "paddle"], "unreadable": "skip"}
        )
        result = generate(recipe, 60, tmp_path / "out")
        stated = json.loads((tmp_path / "out/dataset.json").read_bytes())
        [(what, n)] = stated["skipped"].items()
        assert what == "paddle: empty"
        assert 5 < n < 35
        assert stated["count"] == result.statistics.samples == 60
        lines = (tmp_path / "out/data/paddle/rec_gt.txt").read_text(encoding="utf-8").split("\n")[:-1]
        assert len(lines) == 60 - n
        assert sum(entry["count"] for entry in stated["shards"] if entry["format"] == "webdataset") == 60

    @pytest.mark.parametrize("name", ["lstmf", "kraken"])
    def test_vertical_lines_are_not_for_those_who_scale_lines_to_one_height(self, name: str) -> None:
        fmt = FORMATS.get(name, "test")()
        flat = _stored()[0]
        tall = flat._replace(meta={**flat.meta, "provenance": {"direction": "ttb"}})
        assert (fmt.fault(flat), fmt.fault(tall)) == (None, "vertical_line")
        assert FORMATS.get("folder", "test")().fault(tall) is None
        text = f"^render.vertical: consumers of format '{name}' make nothing of vertical lines, got 0.5; leave it out, or set "
        with pytest.raises(RecipeError, match=text):
            Recipe.for_language("ja", render={"vertical": 0.5}, output={"format": name})

    def test_the_longest_label_is_a_bound(self) -> None:
        limits = Constraints(longest=5, one_word=True)
        assert [limits.fault(t) for t in ("abcde", "abcdef", "äöü", "a b")] == [
            None,
            "too_long",
            "too_long",
            "more_than_one_word",
        ]
