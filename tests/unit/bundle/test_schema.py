from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from tiny_bundle import make_info

from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.gate_fields import feature_gate_to_json
from sonolesion.bundle.schema import (
    SCHEMA_VERSION,
    BundleInfo,
    bundle_info_to_json,
    parse_bundle_info,
)
from sonolesion.errors import BundleError
from sonolesion.imaging.geometry import ResizeMode

GATE = FeatureGate(
    mean=np.zeros(2, np.float32),
    scale=np.ones(2, np.float32),
    directions=np.zeros((0, 2), np.float32),
    variances=np.zeros(0, np.float32),
    residual_variance=1.0,
    threshold=2.0,
    n_fit=50,
    n_held_out=50,
)
FIELDS = [field.name for field in dataclasses.fields(BundleInfo)]


def values() -> dict[str, object]:
    return bundle_info_to_json(make_info(onnx_sha256="0" * 64))


def test_round_trip_through_json() -> None:
    info = make_info(onnx_sha256="a" * 64, resize=ResizeMode.SQUEEZE, temperature=1.7)
    text = json.dumps(bundle_info_to_json(info))
    assert parse_bundle_info(json.loads(text), file="b") == info


def test_label_is_name_and_version() -> None:
    assert make_info().label == "tiny 0.1"


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_is_required_and_named(name: str) -> None:
    cut = values()
    del cut[name]
    with pytest.raises(BundleError, match=rf"here/bundle\.json.*missing field '{name}'"):
        parse_bundle_info(cut, file="here/bundle.json")


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_refuses_another_type(name: str) -> None:
    with pytest.raises(BundleError, match=f"field '{name}'"):
        parse_bundle_info(values() | {name: [None]}, file="b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("class_names", ["benign", "normal", "malignant"]),
        ("class_names", ["normal", "benign"]),
        ("resize", "stretch"),
        ("resample", "opencv-bicubic"),
        ("mask_threshold", 0.0),
        ("mask_threshold", 1.0),
        ("mask_threshold", True),
        ("temperature", 0.0),
        ("temperature", 101),
        ("temperature", float("nan")),
        ("image_size_px", 256.0),
        ("image_size_px", True),
        ("image_size_px", 8),
        ("image_size_px", 100_000),
        ("created", "yesterday"),
        ("created", "2026-02-30"),
        ("name", "../evil"),
        ("name", ""),
        ("licence", "   "),
        ("version", "1 0"),
        ("onnx_sha256", "A" * 64),
        ("onnx_sha256", "0" * 63),
        ("input_name", "a b"),
        ("research_use_only", "Cleared for clinical use."),
        ("schema_version", 0),
        ("schema_version", True),
        ("training", []),
    ],
)
def test_wrong_value_is_named(name: str, value: object) -> None:
    with pytest.raises(BundleError, match=f"field '{name}': expected .*, got "):
        parse_bundle_info(values() | {name: value}, file="b")


def test_unknown_field_is_named() -> None:
    with pytest.raises(BundleError, match="unknown field 'threshold'"):
        parse_bundle_info(values() | {"threshold": 0.5}, file="b")


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(BundleError) as caught:
        parse_bundle_info(values() | {"extra": 1, "name": 2, "resize": 3}, file="b")
    assert all(word in str(caught.value) for word in ("'extra'", "'name'", "'resize'"))


def test_newer_schema_says_update_before_anything_else() -> None:
    with pytest.raises(BundleError, match=r"schema_version 5 is newer.*Update sonolesion"):
        parse_bundle_info(values() | {"schema_version": 5, "new_field": 1}, file="b")


def test_a_bundle_of_schema_1_is_refused_with_what_it_lacks() -> None:
    old = values() | {"schema_version": 1}
    del old["decision"]
    with pytest.raises(
        BundleError,
        match=r"missing field 'decision'; field 'schema_version': expected 4, got 1\. Export the",
    ):
        parse_bundle_info(old, file="b")


def test_a_bundle_of_schema_2_is_read_as_one_without_features() -> None:
    old = values() | {"schema_version": 2}
    del old["feature_gate"], old["feature_output"], old["int8"]
    info = parse_bundle_info(old, file="b")
    assert info == make_info(onnx_sha256="0" * 64)
    assert (info.feature_gate, info.feature_output, info.int8) == (None, None, None)
    assert info.schema_version == SCHEMA_VERSION


def test_a_gate_needs_features() -> None:
    gate = feature_gate_to_json(GATE)
    read = parse_bundle_info(
        values() | {"feature_gate": gate, "feature_output": "features"}, file="b"
    )
    assert feature_gate_to_json(read.feature_gate or GATE) == gate
    assert bundle_info_to_json(read)["feature_gate"] == gate
    with pytest.raises(BundleError, match="has a feature_gate and no feature_output"):
        parse_bundle_info(values() | {"feature_gate": gate}, file="b")


@pytest.mark.parametrize("value", [[], None, "text", 3])
def test_not_an_object(value: object) -> None:
    with pytest.raises(BundleError, match="expected a JSON object"):
        parse_bundle_info(value, file="b")


def test_a_bundle_of_schema_3_is_read_as_one_without_int8() -> None:
    old = values() | {"schema_version": 3}
    del old["int8"]
    info = parse_bundle_info(old, file="b")
    assert info.int8 is None
    assert info.schema_version == SCHEMA_VERSION
    with pytest.raises(BundleError, match="missing field 'temperature'"):
        parse_bundle_info({k: v for k, v in old.items() if k != "temperature"}, file="b")
