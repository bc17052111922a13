from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from tiny_bundle import make_int8_bundle, speckle_image
from typer.testing import CliRunner, Result

from sonolesion.bundle import Bundle
from sonolesion.cli.predict import predict_command

APP = typer.Typer()
APP.command()(predict_command)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(speckle_image()).save("good.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save("black.png")
    Path("text.png").write_text("no image")
    return tmp_path


def predict(bundle: Bundle, *arguments: str) -> Result:
    options = ["--bundle", str(bundle.folder), "--threads", "1"]
    return CliRunner().invoke(APP, [*arguments, *options])


def test_one_image(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png")
    assert result.exit_code == 0, result.output
    assert "good.png: benign" in result.stdout
    assert "Research use only" in result.stdout
    assert (work / "predictions" / "good_prediction.png").is_file()
    record = json.loads((work / "predictions" / "run.json").read_text())
    assert record["arguments"]["inputs"] == ["good.png"]
    assert [Path(i["path"]).name for i in record["inputs"]] == ["good.png"]


def test_json_is_all_there_is_on_stdout(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "text.png", "-o", "out", "--json")
    assert result.exit_code == 3
    value = json.loads(result.stdout)
    assert [p["label"] for p in value["predictions"]] == ["benign"]
    assert [e["code"] for e in value["errors"]] == ["E-IMG-002"]


def test_the_form_that_answered_stands_in_row_and_record(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_int8_bundle(work / "bundle")
    found = {}
    for name, options, variable in (
        ("plain", [], ""), ("asked", ["--precision", "int8"], ""), ("variable", [], "int8"),
        ("before", ["--precision", "fp32"], "int8"),
    ):  # fmt: skip
        monkeypatch.setenv("SONOLESION_PRECISION", variable)
        result = predict(bundle, "good.png", "-o", name, "--json", *options)
        assert result.exit_code == 0, result.output
        record = json.loads((work / name / "run.json").read_text())
        found[name] = (json.loads(result.stdout)["predictions"][0]["bundle"], record["device"])
    whole, rounded = ("tiny 0.1", "cpu fp32"), ("tiny 0.1+int8", "cpu int8")
    assert found == {"plain": whole, "asked": rounded, "variable": rounded, "before": whole}
    # rows of the two forms never stand in one table
    result = predict(bundle, "good.png", "-o", "plain", "--precision", "int8")
    assert result.exit_code == 1
    assert "tiny 0.1 (now tiny 0.1+int8)" in result.stderr


def test_a_cpu_that_computes_int8_wrongly_answers_in_fp32_and_says_so(
    work: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = make_int8_bundle(work / "bundle", probe_error=1.0)
    result = predict(bundle, "good.png", "-o", "out", "--precision", "int8", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["predictions"][0]["bundle"] == "tiny 0.1"
    assert "fp32 is used" in caplog.text


def test_some_failed_gives_3_and_lists_them(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "text.png", "black.png")
    assert result.exit_code == 3
    assert "text.png: not a PNG" in result.stderr
    assert "black.png: no ultrasound content" in result.stderr
    assert json.loads((work / "predictions" / "run.json").read_text())["exit_code"] == 3


@pytest.mark.parametrize("name", ["black.png", "text.png"])
def test_single_refused_image_gives_4_and_a_row(work: Path, tiny_bundle: Bundle, name: str) -> None:
    result = predict(tiny_bundle, name)
    assert result.exit_code == 4
    assert name in (work / "predictions" / "errors.csv").read_text()


def test_nothing_to_predict_gives_2_and_leaves_no_folder(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "gone.png")
    assert result.exit_code == 2
    assert "no image found" in result.stderr
    assert not (work / "predictions").exists()


def test_second_run_does_nothing_and_says_so(work: Path, tiny_bundle: Bundle) -> None:
    first = predict(tiny_bundle, "good.png")
    written = (work / "predictions" / "masks" / "good_mask.png").stat().st_mtime_ns
    second = predict(tiny_bundle, "good.png")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "holds all 1 images already" in second.stderr
    assert second.stdout == first.stdout
    assert (work / "predictions" / "masks" / "good_mask.png").stat().st_mtime_ns == written


def test_finished_folder_ends_as_it_did_the_first_time(work: Path, tiny_bundle: Bundle) -> None:
    assert predict(tiny_bundle, "good.png", "text.png").exit_code == 3
    assert predict(tiny_bundle, "good.png", "text.png").exit_code == 3
    assert predict(tiny_bundle, "text.png", "-o", "one").exit_code == 4
    assert predict(tiny_bundle, "text.png", "-o", "one").exit_code == 4


def test_other_options_need_overwrite(work: Path, tiny_bundle: Bundle) -> None:
    assert predict(tiny_bundle, "good.png").exit_code == 0
    refused = predict(tiny_bundle, "good.png", "--no-pictures")
    assert refused.exit_code == 1
    assert "pictures True (now False)" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert predict(tiny_bundle, "good.png", "--overwrite", "--no-pictures").exit_code == 0
    assert not (work / "predictions" / "good_prediction.png").exists()


def test_inputs_from_a_list_a_table_and_the_standard_input(work: Path, tiny_bundle: Bundle) -> None:
    Path("list.txt").write_text("good.png\n\nblack.png\n")
    Path("cases.csv").write_text("id,image\n7,text.png\n")
    result = predict(
        tiny_bundle, "--list", "list.txt", "--table", "cases.csv", "--column", "image", "--json"
    )
    value = json.loads(result.stdout)
    assert [p["source"] for p in value["predictions"]] == ["good.png"]
    assert [e["source"] for e in value["errors"]] == ["black.png", "text.png"]
    options = ["--list", "-", "--bundle", str(tiny_bundle.folder), "-o", "stdin", "--json"]
    piped = CliRunner().invoke(APP, options, input="good.png\n")
    assert [p["stem"] for p in json.loads(piped.stdout)["predictions"]] == ["good"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "got nothing"),
        (["good.png", "--shard", "3"], "expected K/N such as 3/16"),
        (["good.png", "--shard", "17/16"], "1 <= K <= N"),
        (["good.png", "--column", "image"], "Give a table too"),
        (["--list", "gone.txt"], "Give a text file"),
    ],
)
def test_wrong_usage(work: Path, tiny_bundle: Bundle, arguments: list[str], message: str) -> None:
    result = predict(tiny_bundle, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_shards_together_hold_each_image_once(work: Path, tiny_bundle: Bundle) -> None:
    seen = []
    for number in (1, 2, 3, 4):
        result = predict(
            tiny_bundle, "good.png", "black.png", "text.png",
            "--shard", f"{number}/4", "-o", f"part-{number}", "--json",
        )  # fmt: skip
        value = json.loads(result.stdout)
        seen.append([row["source"] for row in value["predictions"] + value["errors"]])
    assert seen == [["good.png"], ["black.png"], ["text.png"], []]


def test_run_record_holds_the_hashes_taken_while_reading(work: Path, tiny_bundle: Bundle) -> None:
    predict(tiny_bundle, "good.png", "text.png", "gone.png")
    record = json.loads((work / "predictions" / "run.json").read_text())
    digest = hashlib.sha256(Path("good.png").read_bytes()).hexdigest()
    text = hashlib.sha256(b"no image").hexdigest()
    assert [i["sha256"] for i in record["inputs"]] == [digest, text, ""]
    assert json.loads((work / "predictions" / "predictions.jsonl").read_text())["sha256"] == digest


def test_missing_bundle_is_one_line(work: Path) -> None:
    result = CliRunner().invoke(APP, ["good.png", "--bundle", "nowhere"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no bundle 'nowhere'" in result.stderr


def test_explain_writes_a_picture_and_numbers(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "--explain", "--no-pictures", "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["predictions"]
    found = row["explanation"]
    assert found["target"] == "benign"
    assert found["lesion"]["ratio"] > 2
    assert found["lesion"]["ratio"] == pytest.approx(
        found["lesion"]["evidence"] / found["lesion"]["area"], rel=0.01
    )
    assert row["files"]["why"] == "good_why.png"
    with Image.open(work / "predictions" / "good_why.png") as picture:
        assert picture.mode == "RGB"
        assert not picture.info
    text = (work / "predictions" / "good_result.txt").read_text()
    assert "Why benign: " in text
    assert "does not show where disease is" in text
    table = (work / "predictions" / "predictions.csv").read_text()
    assert "evidence_share" in table
    assert "good_why.png" in table


def test_explain_is_another_run(work: Path, tiny_bundle: Bundle) -> None:
    assert predict(tiny_bundle, "good.png").exit_code == 0
    assert "explanation" in (work / "predictions" / "predictions.jsonl").read_text()
    result = predict(tiny_bundle, "good.png", "--explain")
    assert result.exit_code != 0
    assert "explain False (now True)" in result.stderr


def test_reports_are_written_and_named_in_the_tables(work: Path, tiny_bundle: Bundle) -> None:
    Image.fromarray(speckle_image()).save("<b>odd & name.png")
    result = predict(
        tiny_bundle, "<b>odd & name.png", "--report", "pdf", "--report", "html", "--json"
    )
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)["predictions"]
    page = (work / "predictions" / row["files"]["html"]).read_text("utf-8")
    assert "&lt;b&gt;odd &amp; name.png" in page
    assert "<b>odd" not in page
    assert (work / "predictions" / row["files"]["pdf"]).read_bytes().startswith(b"%PDF")
    assert row["explanation"] is None
    assert row["files"]["pdf"] in (work / "predictions" / "predictions.csv").read_text()


def test_an_unknown_form_of_a_report_is_wrong_usage(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "--report", "docx")
    assert result.exit_code == 2
    assert "--report: expected html or pdf, got 'docx'" in result.stderr


def test_explained_and_reported_images_are_taken_over(work: Path, tiny_bundle: Bundle) -> None:
    options = ("good.png", "--explain", "--report", "html")
    first = predict(tiny_bundle, *options)
    rows = (work / "predictions" / "predictions.jsonl").read_text()
    second = predict(tiny_bundle, *options)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "nothing to predict" in second.stderr
    assert (work / "predictions" / "predictions.jsonl").read_text() == rows
    (work / "predictions" / "good_why.png").unlink()
    assert "nothing to predict" not in predict(tiny_bundle, *options).stderr
    assert (work / "predictions" / "good_why.png").is_file()
