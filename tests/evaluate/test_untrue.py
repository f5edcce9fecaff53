"""What would put readings and labels together that do not belong together, and files that are not what they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch
import yaml
from click.testing import CliRunner
from PIL import Image

from ocrsynth.charset import Charset
from ocrsynth.cli import cli
from ocrsynth.errors import AssetError, OutputError, RecipeError, WorkerError
from ocrsynth.evaluate import Settings, compare, evaluate, freeze_suite, read_result
from ocrsynth.evaluate.engines.predictions import Predictions
from ocrsynth.evaluate.suite import load_suite
from ocrsynth.evaluate.table import cell, shown, table
from ocrsynth.pictures import read_picture

_BLUR = {"group": "capture", "chain": [{"defocus_blur": {"radius_em": ["$s", "$s"]}}], "strengths": [0.1, 0.2]}
_SUITE = {"name": "one", "x_height_px": 16, "perturbations": {"blur": _BLUR}}
_WIDTH = "python:odd_engines:width"


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parent / "odd_engines.py", tmp_path)
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(_SUITE))
    monkeypatch.chdir(tmp_path)


def _settings(count: int = 3, **options: Any) -> Settings:
    return Settings(count=count, suite="one.yaml", **options)


def _folder_of_lines(*pictures: Image.Image) -> None:
    Path("own").mkdir()
    rows = []
    for i, picture in enumerate(pictures):
        picture.save(f"own/{i}.png")
        rows.append(json.dumps({"file_name": f"{i}.png", "text": f"line {i}"}))
    Path("own/metadata.jsonl").write_text("\n".join(rows) + "\n")


class TestFrozen:
    def test_lines_that_are_fewer_are_refused(self) -> None:
        """Each picture would be held against its neighbour's label."""
        freeze_suite("frozen", _settings())
        path = Path("frozen/lines/lines.jsonl")
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
        with pytest.raises(OutputError, match=r"frozen/lines: must be the lines that were frozen, got others"):
            evaluate(_WIDTH, "r", _settings(data="frozen"), workers=1)

    def test_a_picture_in_the_place_of_another_is_refused(self) -> None:
        freeze_suite("frozen", _settings())
        shutil.copy("frozen/blur-2/000001.png", "frozen/blur-1/000001.png")
        with pytest.raises(OutputError, match=r"blur-1/000001\.png: is not the picture that was frozen"):
            evaluate(_WIDTH, "r", _settings(data="frozen"), workers=1)

    def test_conditions_that_its_suite_has_not_are_refused(self) -> None:
        freeze_suite("frozen", _settings())
        content = orjson.loads(Path("frozen/suite.json").read_bytes())
        content["conditions"].append("blur-9")
        Path("frozen/suite.json").write_bytes(orjson.dumps(content))
        with pytest.raises(OutputError, match=r"has conditions that its suite has not, got blur-9"):
            evaluate(_WIDTH, "r", _settings(data="frozen"), workers=1)

    @pytest.mark.parametrize(
        ("options", "name"),
        [({"seed": 4}, "--seed"), ({"fonts": "/nowhere"}, "--fonts"), ({"system_fonts": True}, "--system-fonts")],
    )
    def test_what_has_no_effect_beside_it_is_refused(self, options: dict[str, Any], name: str) -> None:
        freeze_suite("frozen", _settings())
        with pytest.raises(RecipeError, match=f"^{name}: a frozen suite has its own"):
            evaluate(_WIDTH, "r", _settings(data="frozen", **options), workers=1)
        with pytest.raises(RecipeError, match=r"^--suite: a frozen suite has its own"):
            evaluate(_WIDTH, "r", Settings(count=3, data="frozen", suite=_other_suite()), workers=1)

    def test_only_what_is_not_frozen_is_refused(self) -> None:
        freeze_suite("frozen", _settings(only=("blur-1",)))
        with pytest.raises(RecipeError, match=r"--only: frozen holds no pictures of 'blur-2'"):
            evaluate(_WIDTH, "r", _settings(data="frozen", only=("blur-2",)), workers=1)


def _other_suite() -> str:
    Path("two.yaml").write_text(yaml.safe_dump({**_SUITE, "name": "two"}))
    return "two.yaml"


class TestOtherPictures:
    def test_results_of_other_pictures_are_not_compared(self) -> None:
        evaluate(_WIDTH, "a", _settings(), workers=1)
        a = read_result("a")
        b = read_result("a")
        assert compare(a, b)
        b["conditions"][1]["images_sha256"] = "0" * 64
        with pytest.raises(RecipeError, match=r"^compare: both must have read the same pictures, got others under blur-1"):
            compare(a, b)
        Path("b.json").write_bytes(orjson.dumps(b))
        with pytest.raises(RecipeError, match=r"^baseline: both must have read the same pictures"):
            evaluate("python:odd_engines:Reader", "c", _settings(), workers=1, baseline=read_result("b.json"))

    def test_readings_of_other_lines_are_refused(self) -> None:
        evaluate(_WIDTH, "a", _settings(seed=1), workers=1)
        with pytest.raises(RecipeError, match=r"predictions\.jsonl: was read of other pictures, got '[0-9a-f]{16}' for"):
            evaluate("predictions:a/predictions.jsonl", "b", _settings(), workers=1)
        same = evaluate("predictions:a/predictions.jsonl", "c", _settings(seed=1), workers=1)
        assert same["summary"] == read_result("a")["summary"]

    def test_what_a_report_could_not_read_stays_unread(self) -> None:
        evaluate(_WIDTH, "a", _settings(), workers=1)
        rows = [orjson.loads(row) for row in Path("a/predictions.jsonl").read_bytes().splitlines()]
        rows[2] |= {"reading": "", "status": "timeout"}
        Path("p.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        assert evaluate("predictions:p.jsonl", "b", _settings(), workers=1)["summary"]["failures"] == 1

    @pytest.mark.parametrize(
        "row", [{"line": 2.9, "reading": "a"}, {"line": 2, "reading": 12}, {"line": True, "reading": "a"}, {"line": -1}]
    )
    def test_a_row_of_the_wrong_types_is_refused(self, row: dict[str, Any]) -> None:
        Path("p.jsonl").write_bytes(orjson.dumps({"condition": "clean", **row}) + b"\n")
        with pytest.raises(RecipeError, match=r"p\.jsonl:1: is no prediction \(condition and reading must be text"):
            evaluate("predictions:p.jsonl", "b", _settings(), workers=1)


class TestPicturesThatThereAreNot:
    """Their readings would be left out in silence, and those that were meant be counted as missing."""

    def _predictions(self, *keys: tuple[str, int]) -> str:
        rows = [{"condition": condition, "line": line, "reading": "a"} for condition, line in keys]
        Path("p.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        return "predictions:p.jsonl"

    def _refused(self, engine: Any, message: str, **options: Any) -> None:
        with pytest.raises(RecipeError) as caught:
            evaluate(engine, "r", _settings(**options))
        assert str(caught.value) == f"p.jsonl: has readings of pictures that the suite has not, {message}"
        assert not Path("r").exists()

    def test_unknown_conditions_are_told(self) -> None:
        engine = self._predictions(("clean", 0), ("blur_1", 0), ("blur_1", 1), ("blur_2", 0), ("blur_2", 1))
        message = (
            "4 of 5, got blur_1 line 0, blur_1 line 1, blur_2 line 0 …; did you mean 'blur-1'? (known: blur-1, blur-2, clean)"
        )
        self._refused(engine, message)
        self._refused(Predictions(Path("p.jsonl")), message)

    def test_unknown_lines_are_told(self) -> None:
        freeze_suite("frozen", _settings())
        engine = self._predictions(("clean", 1), ("clean", 2), ("clean", 3))
        self._refused(engine, "1 of 3, got clean line 3; its lines are 0 to 2", data="frozen")
        _folder_of_lines(Image.new("L", (200, 32), 255), Image.new("L", (220, 32), 255))
        self._refused(engine, "2 of 3, got clean line 2, clean line 3; its lines are 0 to 1", data="own")

    def test_what_was_chosen_out_of_a_whole_is_no_fault(self) -> None:
        evaluate(_WIDTH, "a", _settings(4), workers=1)
        freeze_suite("frozen", _settings(4, only=("blur-2",)))
        engine = "predictions:a/predictions.jsonl"
        for number, options in enumerate(({"only": ("blur-1",)}, {"data": "frozen"})):
            result = evaluate(engine, f"b{number}", _settings(2, **options), workers=1)
            assert result["summary"]["failures"] == 0


class TestWhatChanged:
    def test_other_data_under_the_same_name_is_another_evaluation(self) -> None:
        _folder_of_lines(Image.new("L", (200, 32), 255), Image.new("L", (220, 32), 255))
        evaluate(_WIDTH, "r", _settings(data="own"), workers=1)
        evaluate(_WIDTH, "r", _settings(data="own"), workers=1)
        Path("own/metadata.jsonl").write_text(Path("own/metadata.jsonl").read_text().replace("line 1", "line one"))
        with pytest.raises(OutputError, match=r"r: holds another evaluation, its files is"):
            evaluate(_WIDTH, "r", _settings(data="own"), workers=1)

    @pytest.mark.parametrize("other", ["./own", "elsewhere/../own", "link", "absolute"])
    def test_one_folder_by_another_path_is_the_same_evaluation(self, other: str) -> None:
        _folder_of_lines(Image.new("L", (200, 32), 255), Image.new("L", (220, 32), 255))
        shutil.copytree("own", "copy")
        Path("link").symlink_to("own")
        Path("elsewhere").mkdir()
        first = evaluate(_WIDTH, "r", _settings(data="own"), workers=1)
        again = str(Path("own").resolve()) if other == "absolute" else other
        assert evaluate(_WIDTH, "r", _settings(data=again), workers=1)["summary"] == first["summary"]
        assert evaluate(_WIDTH, "./r", _settings(data="own"), workers=1)["summary"] == first["summary"]
        with pytest.raises(OutputError, match=r"^r: holds another evaluation, its data is 'own', got 'copy'; choose another"):
            evaluate(_WIDTH, "r", _settings(data="copy"), workers=1)

    def test_one_file_of_readings_by_another_path_is_the_same_evaluation(self) -> None:
        evaluate(_WIDTH, "a", _settings(), workers=1)
        for name in ("p.jsonl", "q.jsonl"):
            shutil.copy("a/predictions.jsonl", name)
        evaluate("predictions:p.jsonl", "r", _settings(), workers=1)
        evaluate("predictions:./p.jsonl", "r", Settings(count=3, suite="./one.yaml"), workers=1)
        with pytest.raises(OutputError, match=r"its engine is 'predictions:p\.jsonl', got 'predictions:q\.jsonl'"):
            evaluate("predictions:q.jsonl", "r", _settings(), workers=1)

    @pytest.mark.parametrize("file", ["odd_engines.py", "p.jsonl"])
    def test_an_engine_whose_file_changed_is_another(self, file: str) -> None:
        evaluate(_WIDTH, "a", _settings(), workers=1)
        shutil.copy("a/predictions.jsonl", "p.jsonl")
        engine = _WIDTH if file.endswith(".py") else "predictions:p.jsonl"
        evaluate(engine, "r", _settings(), workers=1)
        with Path(file).open("a") as opened:
            opened.write("\n")
        with pytest.raises(OutputError, match=r"r: holds another evaluation, its files is"):
            evaluate(engine, "r", _settings(), workers=1)

    def test_an_object_for_an_engine_has_no_files(self) -> None:
        """Not even where it bears the name of one that has."""
        evaluate(_WIDTH, "a", _settings(), workers=1)
        engine = Predictions(Path("a/predictions.jsonl"))
        evaluate(engine, "r", _settings())
        assert orjson.loads(Path("r/evaluation.json").read_bytes())["files"] == {}

    @pytest.mark.parametrize("file", ["predictions.jsonl", "lines/lines.jsonl"])
    def test_damaged_rows_are_told(self, file: str) -> None:
        evaluate(_WIDTH, "r", _settings(), workers=1)
        path = Path("r") / file
        rows = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([rows[0], b'{"half": \n', *rows[1:]]))
        with pytest.raises(OutputError, match=f"{path.name}.*: is damaged"):
            evaluate(_WIDTH, "r", _settings(), workers=1)

    def test_a_result_without_its_parts_is_told(self) -> None:
        Path("r.json").write_text('{"schema": 1, "conditions": []}')
        with pytest.raises(OutputError, match=r"r\.json: is no result of an evaluation of this schema"):
            read_result("r.json")


class TestPicturesOfOnesOwn:
    def test_alpha_is_paper_and_exif_is_heeded(self) -> None:
        ink = Image.new("RGBA", (300, 40), (0, 0, 0, 0))
        ink.paste((0, 0, 0, 255), (20, 12, 280, 28))
        _folder_of_lines(ink, ink)
        lying = ink.convert("RGB").transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6
        lying.save("own/1.png", exif=exif)
        evaluate(_WIDTH, "r", _settings(2, data="own", keep_size=True, only=("blur-1",)), workers=1)
        first, second = (read_picture(Path(f"r/lines/00000{i}.png")) for i in (0, 1))
        assert (first[2, 2] == 255).all()
        assert (first[20, 150] == 0).all()
        assert second.shape[:2] == (40, 300)

    def test_a_picture_that_grows_too_long_is_named_before_anything_is_read(self) -> None:
        wide = Image.new("L", (20_000, 48), 255)
        wide.paste(0, (10, 20, 19_000, 26))
        _folder_of_lines(Image.new("L", (200, 48), 255), wide)
        with pytest.raises(RecipeError, match=r"^--data: the picture of 1\S* would have \d+×\d+ px, got 20000×48"):
            evaluate(_WIDTH, "r", _settings(2, data="own"), workers=1)


class TestSuites:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"x_heigth_px": 20}, "x_heigth_px: unknown key in a suite, got 'x_heigth_px'; did you mean 'x_height_px'?"),
            ({"name": ["a"]}, "name: must be a name, got ['a']"),
            ({"perturbations": {"../evil": _BLUR}}, "the name must be of letters, digits and _, got '../evil'"),
            ({"perturbations": {"a/b": _BLUR}}, "the name must be of letters, digits and _, got 'a/b'"),
            ({"perturbations": {"b": _BLUR | {"group": ["x"]}}}, "group: must be a name, got ['x']"),
            ({"perturbations": {"b": _BLUR | {"strengths": [0.2, 0.05, 0.1]}}}, "strengths: must rise, or fall"),
            ({"perturbations": {"b": _BLUR | {"strengths": [0.1, 0.1]}}}, "strengths: must rise, or fall"),
            ({"perturbations": {"b": _BLUR | {"chain": [{"jpeg": {}}]}}}, "chain: must say $s where its strength stands"),
        ],
    )
    def test_a_suite_is_checked_as_a_recipe_is(self, change: dict[str, Any], message: str) -> None:
        Path("bad.yaml").write_text(yaml.safe_dump({**_SUITE, **change}))
        with pytest.raises(RecipeError) as caught:
            load_suite("bad.yaml")
        assert message in str(caught.value)

    def test_a_perturbation_that_stands_twice_is_told_with_its_line(self) -> None:
        text = yaml.safe_dump(_SUITE, sort_keys=False)
        again = text[text.index("  blur:") :]
        Path("twice.yaml").write_text(text + again)
        with pytest.raises(RecipeError, match=r"^twice\.yaml:\d+: .*blur"):
            load_suite("twice.yaml")


class TestEngines:
    @pytest.mark.parametrize("name", ["as_string", "as_dict"])
    def test_what_is_no_list_of_readings_is_a_failure(self, name: str) -> None:
        Path("wrong.py").write_text(
            "def as_string(images):\n    return 'x' * len(images)\n\n"
            "def as_dict(images):\n    return {i: 'x' for i in range(len(images))}\n"
        )
        result = evaluate(f"python:wrong:{name}", "r", _settings(), workers=1)
        assert result["summary"]["failures"] == 9
        rows = [orjson.loads(row) for row in Path("r/predictions.jsonl").read_bytes().splitlines()]
        assert any("must give a list of readings, got" in row.get("detail", "") for row in rows)

    def test_a_program_that_dies_at_each_start_ends_the_run(self) -> None:
        with pytest.raises(WorkerError, match=r"engine 'cmd:false': started 3 times, it gave no answer"):
            evaluate("cmd:false", "r", _settings(), workers=1)

    @pytest.mark.parametrize("what", ["weights", "program"])
    def test_what_pytorch_cannot_read_is_told_in_one_line(self, what: str) -> None:
        Path("net.py").write_text("import torch\n\ndef net(n):\n    return torch.nn.Linear(32, n)\n")
        Charset("abc").save("abc.charset")
        Path("bad.pt").write_bytes(b"no weights at all")
        spec = "torch:module=net:net,weights=bad.pt" if what == "weights" else "torch:program=bad.pt"
        with pytest.raises(AssetError, match=r"^bad\.pt: cannot be (used|read), [^\n]+$"):
            evaluate(f"{spec},charset=abc.charset", "r", _settings(), workers=1)
        if what == "weights":
            torch.save({"bias": torch.zeros(3)}, "bad.pt")
            with pytest.raises(AssetError, match=r"^bad\.pt: cannot be used, RuntimeError: [^\n]+$"):
                evaluate(f"{spec},charset=abc.charset", "s", _settings(), workers=1)


class TestReadings:
    """Files of readings, and those of a run before."""

    @staticmethod
    def _perfect(**more: Any) -> list[dict[str, Any]]:
        freeze_suite("frozen", _settings())
        labels = [json.loads(row)["text"] for row in Path("frozen/lines/lines.jsonl").read_text().splitlines()]
        conditions = [c.name for c in load_suite("one.yaml").conditions()]
        return [{"condition": c, "line": i, "reading": t, **more} for c in conditions for i, t in enumerate(labels)]

    @pytest.mark.parametrize("more", [{"engine_s": 0.1}, {"about": "another engine"}])
    def test_a_reading_may_have_any_other_key(self, more: dict[str, Any]) -> None:
        Path("p.jsonl").write_text("\n".join(map(json.dumps, self._perfect(**more))))
        result = evaluate("predictions:p.jsonl", "r", _settings(data="frozen"), workers=1)
        assert {c["cer"] for c in result["conditions"]} == {0.0}

    def test_a_file_without_readings_is_none(self) -> None:
        Path("p.jsonl").write_text('\n{"engine_s": 1}\n')
        with pytest.raises(RecipeError, match=r"^p\.jsonl: holds no readings; write "):
            evaluate("predictions:p.jsonl", "r", _settings(), workers=1)

    @pytest.mark.parametrize(("status", "told"), [(None, "'status'"), (5, "status: must be text, got 5")])
    def test_a_row_without_a_status_is_damaged(self, status: int | None, told: str) -> None:
        evaluate(lambda images: ["x"] * len(images), "r", _settings())
        path = Path("r/predictions.jsonl")
        rows = [json.loads(row) for row in path.read_text().splitlines()]
        number = next(i for i, row in enumerate(rows) if "status" in row)
        rows[number] = {key: value for key, value in rows[number].items() if key != "status"}
        if status is not None:
            rows[number]["status"] = status
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with pytest.raises(OutputError, match=rf"predictions\.jsonl:{number + 1}: is damaged, {told}, got .*; take it out"):
            evaluate(lambda images: ["x"] * len(images), "r", _settings())

    def test_another_function_does_not_get_the_readings_of_the_first(self) -> None:
        def read(images: list[Any]) -> list[str]:
            return ["x"] * len(images)

        read.version = "1"  # type: ignore[attr-defined]
        first = evaluate(read, "r", _settings())
        assert evaluate(read, "r", _settings())["conditions"] == first["conditions"]
        read.version = "2"  # type: ignore[attr-defined]
        with pytest.raises(OutputError, match=r"^r: was begun with engine .*'1'.*, got .*'2'.*; choose another folder"):
            evaluate(read, "r", _settings())

    def test_a_frozen_suite_is_read_in_its_language(self) -> None:
        freeze_suite("frozen", _settings(language="de"))
        result = evaluate(lambda images: ["x"] * len(images), "r", _settings(data="frozen"))
        assert result["lines"]["language"] == "de"
        same = evaluate(lambda images: ["x"] * len(images), "s", _settings(data="frozen", language="de_Latn"))
        assert same["lines"]["language"] == "de"
        with pytest.raises(RecipeError, match=r"^--lang: a frozen suite has its own, got 'fr' beside .*, which is of 'de'"):
            evaluate(lambda images: ["x"] * len(images), "t", _settings(data="frozen", language="fr"))


class TestReports:
    def test_what_was_left_out_is_said(self) -> None:
        evaluate(_WIDTH, "r", _settings(only=("blur-1",)), workers=1)
        assert Path("r/report.md").read_text().startswith(f"# {_WIDTH} under one, blur-1 alone\n")
        assert read_result("r")["only"] == ["blur-1"]

    def test_intervals_are_those_of_the_result(self) -> None:
        result = evaluate(_WIDTH, "r", _settings(), workers=1)
        condition = result["conditions"][1]
        low, high = (f"{100 * condition[key]:.1f}" for key in ("cer_low", "cer_high"))
        assert f"{100 * condition['cer']:.1f} ({low} – {high})" in Path("r/report.md").read_text()

    def test_tables_hold_what_readings_hold(self) -> None:
        assert [shown(c) for c in ("", " ", "\n", "\t", "a|b")] == ["(nothing)", "(space)", "(line end)", "(tab)", "a|b"]
        assert [cell(c) for c in ("A\n| B", "`", "<b>", "\\|")] == ["A \\| B", "\\`", "&lt;b>", "\\\\\\|"]

    def test_signs_of_markdown_are_none_of_a_web_page(self) -> None:
        suite = {**_SUITE, "perturbations": {"blur": _BLUR | {"group": "<b>|x"}}}
        Path("odd.yaml").write_text(yaml.safe_dump(suite))
        evaluate(lambda images: ["`|`"] * len(images), "r", Settings(count=3, suite="odd.yaml"))
        page, report = Path("r/report.html").read_text(), Path("r/report.md").read_text()
        assert "<bdi>`</bdi>" in page
        assert "\\" not in page.split("Most frequent")[1].split("</table>")[0]
        assert "| &lt;b>\\|x |" in report
        assert "| \\` |" in report

    def test_severities_stand_in_their_order(self) -> None:
        blur = _BLUR | {"strengths": [round(0.01 * i, 2) for i in range(1, 13)]}
        Path("many.yaml").write_text(yaml.safe_dump({**_SUITE, "perturbations": {"blur": blur}}))
        result = evaluate(_WIDTH, "r", Settings(count=2, suite="many.yaml"), workers=1)
        assert "|  | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 |" in table(result)


class TestOptions:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--timeout", "nan"], "nan is no number"),
            (["--seed", "18446744073709551616"], "is not in the range"),
            (["--max-cer", "mean=0.5", "--max-cer", "mean=2"], "--max-cer: bounds a figure twice, got mean=0.5, mean=2"),
        ],
    )
    def test_wrong_values_are_told(self, arguments: list[str], message: str) -> None:
        found = CliRunner().invoke(cli, ["evaluate", _WIDTH, "-o", "r", "-n", "2", "--suite", "one.yaml", *arguments])
        assert message in found.output + str(found.exception)
        assert not Path("r").exists()
