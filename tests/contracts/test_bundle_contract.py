"""What each bundle keeps, the shipped ones and the tests' own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_bundle import make_bundle, speckle_image
from tiny_decision import make_decision

from sonolesion.bundle import Bundle, BundleInfo, load_bundle, shipped_bundles
from sonolesion.bundle.schema import SCHEMA_VERSION, bundle_info_to_json
from sonolesion.inference import Predictor
from sonolesion.inference.runtime import Session
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, LesionClass, UltrasoundImage


@pytest.fixture(params=["tiny", "tiny with a decision", *shipped_bundles()])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Bundle:
    if request.param.startswith("tiny"):
        make_bundle(
            tmp_path / "tiny", decision=make_decision() if "with" in request.param else None
        )
        return load_bundle(tmp_path / "tiny")
    return load_bundle(request.param)


def test_fields(bundle: Bundle) -> None:
    assert bundle.info.name == bundle.folder.name
    assert bundle.info.class_names == CLASS_NAMES
    assert bundle.info.research_use_only == RESEARCH_USE_ONLY
    assert bundle.info.training
    assert bundle.info.figures


def test_the_file_holds_every_field_and_comes_back(bundle: Bundle) -> None:
    values = json.loads((bundle.folder / "bundle.json").read_text("utf-8"))
    assert list(values) == [field.name for field in dataclasses.fields(BundleInfo)]
    assert values["schema_version"] == SCHEMA_VERSION
    assert (values["decision"] is None) == (bundle.info.decision is None)
    assert json.loads(json.dumps(bundle_info_to_json(bundle.info))) == values


def test_graph_is_valid_onnx(bundle: Bundle) -> None:
    onnx.checker.check_model(onnx.load_from_string(bundle.graph), full_check=True)


def test_same_result_alone_in_a_batch_and_again(bundle: Bundle) -> None:
    size = bundle.info.image_size_px
    images = np.random.default_rng(0).random((3, 1, size, size), np.float32)
    session = Session(bundle, threads=1)
    first = session.run(images)
    again = session.run(images)
    np.testing.assert_array_equal(first.mask_logits, again.mask_logits)
    alone = session.run(images[1:2])
    np.testing.assert_allclose(alone.mask_logits[0], first.mask_logits[1], atol=1e-4)
    np.testing.assert_allclose(alone.class_logits[0], first.class_logits[1], atol=1e-4)


def test_prediction_keeps_its_promises(bundle: Bundle) -> None:
    prediction = Predictor(bundle, threads=1).predict(UltrasoundImage(speckle_image(150, 222)))
    assert prediction.class_prob.shape == (3,)
    assert prediction.class_prob.dtype == np.float64
    assert prediction.class_prob.sum() == pytest.approx(1.0)
    assert prediction.lesion_prob.shape == prediction.mask.shape == (150, 222)
    assert prediction.lesion_prob.dtype == np.float32
    assert prediction.lesion_prob.min() >= 0.0
    assert prediction.lesion_prob.max() <= 1.0
    assert prediction.label.value == CLASS_NAMES[int(prediction.class_prob.argmax())]
    if bundle.info.decision is None:
        np.testing.assert_array_equal(
            prediction.mask, prediction.lesion_prob >= bundle.info.mask_threshold
        )
        assert prediction.prediction_set == ()
    else:
        assert prediction.mask.any() == (prediction.label is not LesionClass.NORMAL)
        assert prediction.label in prediction.prediction_set
    assert prediction.class_logits is not None
    assert prediction.class_logits.shape == (3,)
    assert prediction.lesion_peak is not None
    assert 0.0 <= prediction.lesion_peak <= 1.0
    assert prediction.bundle == bundle.info.label


def test_extreme_inputs_stay_finite(bundle: Bundle) -> None:
    size = bundle.info.image_size_px
    for value in (0.0, 1.0):
        Session(bundle, threads=1).run(np.full((1, 1, size, size), value, np.float32))
