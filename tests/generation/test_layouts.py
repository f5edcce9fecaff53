"""Data sets of other people: label files of any name, pages and figures that say little or too much."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from commands import run_here

from ocrsynth import Recipe, codec, generate
from ocrsynth.errors import ExitCode, OutputError
from ocrsynth.generation.convert import convert
from ocrsynth.generation.lint import lint
from ocrsynth.generation.report import report
from ocrsynth.generation.source import open_source

if TYPE_CHECKING:
    from pathlib import Path


def _ramp(first: int = 0) -> bytes:
    """Return a picture of all levels from *first* on."""
    return codec.encode_png(np.tile(np.arange(first, 200 + first, dtype=np.uint8), (32, 1)))


class TestLayoutsOfTrainers:
    """Label files as the documents of other tools name them, with pictures beside or above them."""

    _LABELS = ("one", "two", "three")

    def _pictures(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for number, _ in enumerate(self._LABELS):
            (folder / f"w{number}.png").write_bytes(_ramp(number))

    def _texts(self, path: Path) -> list[tuple[str, str, int]]:
        return [(shard.split, s.text, len(s.image)) for shard, s in open_source(path).read()]

    def test_lists_of_paddleocr(self, tmp_path: Path) -> None:
        self._pictures(tmp_path / "rec" / "train")
        lines = "".join(f"train/w{i}.png\t{text}\n" for i, text in enumerate(self._LABELS))
        (tmp_path / "rec" / "rec_gt_train.txt").write_text(lines + "\n", encoding="utf-8")
        (tmp_path / "rec" / "rec_gt_test.txt").write_text("rec/train/w0.png\tone\n", encoding="utf-8")
        found = self._texts(tmp_path)
        assert [(split, text) for split, text, _ in found] == [("test", "one"), *(("train", text) for text in self._LABELS)]
        assert all(size for *_, size in found)
        assert [text for _, text, _ in self._texts(tmp_path / "rec" / "rec_gt_train.txt")] == list(self._LABELS)

    def test_lists_of_mmocr(self, tmp_path: Path) -> None:
        self._pictures(tmp_path / "textrecog_imgs")
        entries = [
            {"img_path": f"textrecog_imgs/w{i}.png", "instances": [{"text": text}]} for i, text in enumerate(self._LABELS)
        ]
        content = {"metainfo": {"dataset_type": "TextRecogDataset"}, "data_list": entries}
        (tmp_path / "textrecog_train.json").write_text(json.dumps(content), encoding="utf-8")
        found = self._texts(tmp_path)
        assert [(split, text) for split, text, _ in found] == [("train", text) for text in self._LABELS]
        assert all(size for *_, size in found)

    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_tables_of_datasets(self, mark: str, tmp_path: Path) -> None:
        self._pictures(tmp_path / "val")
        rows = "".join(f'w{i}.png,"{text}, ""so"""\n' for i, text in enumerate(self._LABELS))
        (tmp_path / "val" / "metadata.csv").write_text(f"{mark}file_name,text\n{rows}", encoding="utf-8")
        found = self._texts(tmp_path)
        assert [(split, text) for split, text, _ in found] == [("val", f'{text}, "so"') for text in self._LABELS]
        assert all(size for *_, size in found)

    def test_a_broken_list_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "textrecog_train.json").write_text('{"data_list": [{"img_path": 3}]}', encoding="utf-8")
        with pytest.raises(ValueError, match=r"textrecog_train\.json is no list of img_path and instances"):
            self._texts(tmp_path)

    @pytest.mark.parametrize(("file", "key"), [("labels.jsonl", "file"), ("metadata.jsonl", "file_name")])
    def test_blank_lines_of_json_are_none(self, file: str, key: str, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_ramp())
        record = json.dumps({key: "a.png", "key": "a", "text": "one"})
        (tmp_path / file).write_text(f"{record}\n\n", encoding="utf-8")
        assert [text for _, text, _ in self._texts(tmp_path)] == ["one"]

    def test_other_texts_are_no_lists(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("see w0.png\nand others\n", encoding="utf-8")
        (tmp_path / "table.csv").write_text("name,text\na,b\n", encoding="utf-8")
        (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
        with pytest.raises(OutputError, match="nothing that looks like a data set"):
            open_source(tmp_path)

    def test_a_file_of_a_usual_name_says_more_than_a_list(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_ramp())
        (tmp_path / "CREDITS.txt").write_text("a.png\tPhoto by Bob\n", encoding="utf-8")
        (tmp_path / "labels.tsv").write_text("a.png\tone\n", encoding="utf-8")
        assert [text for _, text, _ in self._texts(tmp_path)] == ["one"]

    @pytest.mark.parametrize(
        ("file", "line"),
        [
            ("labels.jsonl", '{"file": "a.png", "key": "a", "text": "one"}'),
            ("labels.jsonl", '{"filename": "a.png", "text": "one"}'),
            ("metadata.jsonl", '{"file_name": "a.png", "text": "one"}'),
            ("rec_gt.txt", "a.png\tone"),
            ("labels.tsv", "a.png\tone"),
            ("labels.csv", "filename,words\na.png,one"),
        ],
    )
    def test_a_label_file_may_be_named_itself(self, file: str, line: str, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_ramp())
        (tmp_path / file).write_text(f"{line}\n", encoding="utf-8")
        assert [text for _, text, _ in self._texts(tmp_path / file)] == ["one"]
        assert run_here(tmp_path, "lint", str(tmp_path / file)).returncode == ExitCode.OK

    def test_lists_for_detection_are_none_for_recognition(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_ramp())
        words = json.dumps([{"transcription": "one", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}])
        (tmp_path / "train_label.txt").write_text(f"a.png\t{words}\n", encoding="utf-8")
        with pytest.raises(OutputError, match="nothing that looks like a data set"):
            open_source(tmp_path)

    def test_columns_of_sizes_are_no_fault(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_ramp())
        (tmp_path / "metadata.csv").write_text("file_name,text,width,height\na.png,one,9,9\n", encoding="utf-8")
        assert not lint(tmp_path).faults

    @pytest.mark.parametrize("name", ["metadata.jsonl", "metadata.csv"])
    def test_the_folder_of_a_split_is_one_whatever_its_labels_are_called(self, name: str, tmp_path: Path) -> None:
        for split in ("train", "test"):
            self._pictures(tmp_path / split)
            rows = '{"file_name": "w0.png", "text": "one"}' if name.endswith("jsonl") else "file_name,text\nw0.png,one"
            (tmp_path / split / name).write_text(f"{rows}\n", encoding="utf-8")
        assert [split for split, *_ in self._texts(tmp_path)] == ["test", "train"]


@pytest.mark.parametrize("fmt", ["page-xml", "alto"])
@pytest.mark.parametrize(
    "meta",
    [
        {"lines": [[0, 2]]},
        {"lines": None, "baseline": None, "line_quad": None},
        {"lines": [[0, 1]], "line_quads": [[[0, 0], [9, 0], [9, 9], [0, 9]]], "line_baselines": [[[0, 8], [9, 8]]]},
    ],
)
def test_metadata_that_say_little_are_no_hindrance_to_pages(meta: dict[str, Any], fmt: str, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "a.png").write_bytes(_ramp())
    (tmp_path / "from" / "labels.jsonl").write_text(json.dumps({"file": "a.png", "key": "a", "text": "ab", **meta}) + "\n")
    convert(tmp_path / "from", tmp_path / "to", fmt)
    assert [stored.text for _, stored in open_source(tmp_path / "to").read()] == ["ab"]


def test_lines_of_a_page_that_nobody_transcribed_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_ramp())
    line = '<TextLine id="{0}"><Coords points="0,0 9,0 9,9 0,9"/><Baseline points="{1}"/>{2}</TextLine>'
    lines = line.format("a", "auto", "<TextEquiv><Unicode>ab</Unicode></TextEquiv>") + line.format("b", "0,8 9,8", "")
    (tmp_path / "a.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="a.png" imageWidth="9" imageHeight="9"><TextRegion id="r">{lines}</TextRegion></Page></PcGts>'
    )
    assert [stored.text for _, stored in open_source(tmp_path).read()] == ["ab"]
    assert not lint(tmp_path).faults


@pytest.mark.parametrize(
    "stated",
    [
        {"requested": {"lengths": {"5": 0}}, "delivered": {"lengths": {"5": 0}}},
        {"requested": {"fonts": {"A": "many", "B": None}}, "delivered": {"fonts": {"A": [], "B": {}}}},
        {"requested": {"fonts": 3}, "delivered": {"fonts": "none"}},
    ],
)
def test_odd_figures_do_not_end_the_page(stated: dict[str, Any], tmp_path: Path) -> None:
    generate(Recipe.for_language("en", seed=9, preset="clean"), 6, tmp_path / "out")
    whole = json.loads((tmp_path / "out/dataset.json").read_bytes())
    (tmp_path / "out/dataset.json").write_text(json.dumps(whole | stated))
    (tmp_path / "out/receipts/000009.json").symlink_to(tmp_path / "nowhere.json")
    assert "Requested against delivered" in report(tmp_path / "out")
