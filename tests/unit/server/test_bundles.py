"""Which form of a model answers, and that a case is read again by the form that read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_server import scan_png
from tiny_bundle import INT8_SHIFT, make_bundle, make_int8_bundle

from sonolesion.bundle import Precision
from sonolesion.errors import BundleError, ConflictError, InvalidInputError
from sonolesion.server.bundles import choose_precision, find_bundles
from sonolesion.server.image_answers import ImageAnswers
from sonolesion.server.settings import ServerSettings
from sonolesion.server.task_frames import task_from_frame, task_to_frame
from sonolesion.server.tasks import ImageInput, Task, TaskKind


@pytest.fixture
def both(tmp_path: Path) -> dict[str, str]:
    """A model with an int8 form, and one without."""
    return {
        "two": str(make_int8_bundle(tmp_path / "two", name="two").folder),
        "one": str(make_bundle(tmp_path / "one", name="one").folder),
    }


def test_fp32_answers_unless_int8_is_asked_for(both: dict[str, str]) -> None:
    plain = find_bundles(both, "two")
    assert (plain.get(None).info.label, plain.get(None).precision) == ("two 0.1", Precision.FP32)
    quick = find_bundles(both, "two", precision=Precision.INT8)
    assert quick.get("two").info.label == "two 0.1+int8"
    assert quick.get("two").precision is Precision.INT8
    # a model without the form answers in the one it has
    assert (quick.get("one").info.label, quick.get("one").precision) == ("one 0.1", Precision.FP32)


@pytest.mark.parametrize("precision", list(Precision))
def test_what_a_form_read_is_shown_by_that_form(both: dict[str, str], precision: Precision) -> None:
    found = find_bundles(both, "two", precision=precision)
    whole = find_bundles(both, "two").get("two").info.onnx_sha256
    rounded = find_bundles(both, "two", precision=Precision.INT8).get("two").info.onnx_sha256
    assert whole != rounded
    assert found.by_hash(whole).precision is Precision.FP32
    assert found.by_hash(rounded).precision is Precision.INT8
    with pytest.raises(ConflictError, match="not here any more"):
        found.by_hash("0" * 64)


def test_the_precision_is_chosen_by_the_default_model(
    both: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(bundle: str, precision: str | None) -> Precision:
        return choose_precision(
            ServerSettings(data=tmp_path, bundle=bundle, bundles=both, precision=precision)
        )

    assert choose("two", None) is Precision.FP32
    assert choose("two", "int8") is Precision.INT8
    assert choose("one", "auto") is Precision.FP32
    with pytest.raises(BundleError, match="no int8 form"):
        choose("one", "int8")
    with pytest.raises(InvalidInputError, match="expected one of auto, fp32, int8"):
        choose("two", "half")
    monkeypatch.setenv("SONOLESION_PRECISION", "int8")
    assert choose("two", None) is Precision.INT8


def test_a_worker_answers_in_the_form_that_the_task_names(both: dict[str, str]) -> None:
    answers = ImageAnswers(both["two"], threads=1)
    rows = {}
    for precision in Precision:
        task = Task(
            kind=TaskKind.ROW, image=ImageInput(data=scan_png()), bundle=both["two"],
            precision=precision,
        )  # fmt: skip
        assert task_from_frame(task_to_frame(task)) == task
        rows[precision] = answers.run(task).values
    assert [row["bundle"] for row in rows.values()] == ["two 0.1", "two 0.1+int8"]
    one, two = (row["class_prob"]["normal"] for row in rows.values())
    # the odds of normal rise by exp(.01)
    assert two / (1 - two) == pytest.approx(one / (1 - one) * (1 + INT8_SHIFT), rel=2e-3)


def test_a_worker_whose_cpu_computes_int8_wrongly_refuses(tmp_path: Path) -> None:
    place = str(make_int8_bundle(tmp_path / "off", probe_error=1.0).folder)
    with pytest.raises(BundleError, match="answer to the probe image differs by 1"):
        ImageAnswers(place, threads=1, precision=Precision.INT8)
