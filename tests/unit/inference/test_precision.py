from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import INT8_SHIFT, make_bundle, make_int8_bundle, speckle_image

from sonolesion.bundle import Precision, PrecisionChoice, load_bundle
from sonolesion.errors import BundleError, InvalidInputError
from sonolesion.inference import load_predictor, precision
from sonolesion.inference.precision import choose_form, read_choice
from sonolesion.inference.speed_record import MeasuredSpeed

IMAGE = speckle_image()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOLESION_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SONOLESION_PRECISION", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_int8_bundle(tmp_path / "b").folder


def pretend_speed(monkeypatch: pytest.MonkeyPatch, ratio: float) -> list[int]:
    """Let each measurement give a ratio; the list grows by one at each."""
    calls: list[int] = []

    def measure(*_: object) -> MeasuredSpeed:
        calls.append(1)
        return MeasuredSpeed(fp32_ms=10.0 * ratio, int8_ms=10.0, ratio=ratio, n_pairs=5)

    monkeypatch.setattr(precision, "_measure", measure)
    return calls


def test_fp32_is_the_default_and_int8_is_named(folder: Path) -> None:
    whole, rounded = load_predictor(folder), load_predictor(folder, precision="int8")
    assert (whole.precision, rounded.precision) == (Precision.FP32, Precision.INT8)
    one, two = whole.predict(IMAGE), rounded.predict(IMAGE)
    assert (one.bundle, two.bundle) == ("tiny 0.1", "tiny 0.1+int8")
    assert one.class_logits is not None
    assert two.class_logits is not None
    np.testing.assert_allclose(two.class_logits - one.class_logits, [INT8_SHIFT, 0, 0], atol=1e-5)


def test_an_argument_goes_before_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOLESION_PRECISION", "int8")
    assert load_predictor(folder).precision is Precision.INT8
    assert load_predictor(folder, precision="fp32").precision is Precision.FP32
    monkeypatch.setenv("SONOLESION_PRECISION", "")
    assert read_choice(None) is PrecisionChoice.FP32


def test_another_word_is_refused_by_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match="precision: expected one of auto, fp32, int8"):
        read_choice("fp16")
    monkeypatch.setenv("SONOLESION_PRECISION", "fast")
    with pytest.raises(InvalidInputError, match=r"SONOLESION_PRECISION: .*got 'fast'"):
        read_choice(None)


def test_int8_of_a_bundle_without_it_is_refused_and_auto_is_fp32(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "plain").folder
    with pytest.raises(BundleError, match="no int8 form"):
        load_predictor(folder, precision="int8")
    assert load_predictor(folder, precision="auto").precision is Precision.FP32


def test_a_cpu_that_gives_the_probe_another_answer_is_not_trusted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_speed(monkeypatch, 3.0)
    off = load_bundle(make_int8_bundle(tmp_path / "off", probe_error=0.26).folder)
    for choice in (PrecisionChoice.INT8, PrecisionChoice.AUTO):
        with caplog.at_level(logging.WARNING, "sonolesion"):
            chosen = choose_form(off, choice, threads=1)
        assert chosen.bundle.precision is Precision.FP32
        assert (
            "the probe image differs by 0.26 from the bundle's own (allowed 0.25)" in chosen.warning
        )
        assert "fp32 is used" in caplog.text
    with pytest.raises(BundleError, match=r"probe image differs by 0\.26"):
        choose_form(off, PrecisionChoice.INT8, threads=1, fall_back=False)
    near = load_bundle(make_int8_bundle(tmp_path / "near", probe_error=0.24).folder)
    assert choose_form(near, PrecisionChoice.INT8).bundle.precision is Precision.INT8


def test_a_cpu_whose_sums_overflow_is_not_trusted(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "adds_exactly", lambda: False)
    assert load_predictor(folder, precision="int8").precision is Precision.FP32
    assert "adds products of 8 bits wrongly" in caplog.text
    with pytest.raises(BundleError, match="no VNNI instructions"):
        load_predictor(folder, precision="int8", fall_back=False)
    caplog.clear()
    assert load_predictor(folder).precision is Precision.FP32
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("ratio", "expected"), [(1.3, Precision.INT8), (1.1, Precision.FP32), (0.5, Precision.FP32)]
)
def test_auto_measures_once_and_takes_int8_where_it_is_worth_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ratio: float, expected: Precision
) -> None:
    calls = pretend_speed(monkeypatch, ratio)
    bundle = load_bundle(folder)
    for _ in range(2):
        chosen = choose_form(bundle, PrecisionChoice.AUTO, threads=1)
        assert chosen.bundle.precision is expected
        assert chosen.measured is not None
        assert chosen.measured.ratio == ratio
    assert len(calls) == 1
    choose_form(bundle, PrecisionChoice.AUTO, threads=2)  # another number of threads
    assert len(calls) == 2


def test_another_bundle_runtime_or_cpu_is_measured_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pretend_speed(monkeypatch, 2.0)
    bundle = load_bundle(folder)
    choose_form(bundle, PrecisionChoice.AUTO, threads=1)
    monkeypatch.setattr(precision, "runtime_version", lambda: "9.9")
    choose_form(bundle, PrecisionChoice.AUTO, threads=1)
    monkeypatch.setattr(precision, "describe_cpu", lambda: "another")
    choose_form(bundle, PrecisionChoice.AUTO, threads=1)
    assert len(calls) == 3
    assert len(list((tmp_path / "cache" / "precision").iterdir())) == 3


def test_a_damaged_record_is_measured_again(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pretend_speed(monkeypatch, 2.0)
    bundle = load_bundle(folder)
    choose_form(bundle, PrecisionChoice.AUTO, threads=1)
    (path,) = (cache / "precision").iterdir()
    good = json.loads(path.read_text())
    for text in (
        "", "[]", "{}", json.dumps(good | {"measured": {"ratio": 2}}),
        json.dumps(good | {"measured": good["measured"] | {"ratio": -1}}),
        json.dumps(good | {"key": good["key"] | {"threads": 9}}),
    ):  # fmt: skip
        path.write_text(text)
        choose_form(bundle, PrecisionChoice.AUTO, threads=1)
    assert len(calls) == 7


def test_a_cache_that_cannot_be_written_costs_no_error(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_speed(monkeypatch, 2.0)
    cache.write_text("a file is in the way")
    chosen = choose_form(load_bundle(folder), PrecisionChoice.AUTO, threads=1)
    assert chosen.bundle.precision is Precision.INT8


def test_a_real_measurement_has_positive_times(folder: Path) -> None:
    chosen = choose_form(load_bundle(folder), PrecisionChoice.AUTO, threads=1)
    measured = chosen.measured
    assert measured is not None
    assert min(measured.fp32_ms, measured.int8_ms, measured.ratio) > 0
    assert 5 <= measured.n_pairs <= 25
