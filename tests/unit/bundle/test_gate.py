from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.bundle.fields import FieldsError
from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.gate_fields import check_feature_gate, feature_gate_to_json
from sonolesion.errors import InvalidInputError
from sonolesion.imaging.finding import Severity


def f32(*values: object) -> np.ndarray:
    return np.array(values, np.float32)


def make_gate(**changes: object) -> FeatureGate:
    """Three features; one direction, the first axis, of variance 4; the rest has .25."""
    gate = FeatureGate(
        mean=f32(1, 0, 0),
        scale=f32(1, 2, 1),
        directions=f32([1, 0, 0]),
        variances=f32(4),
        residual_variance=0.25,
        threshold=2.0,
        n_fit=100,
        n_held_out=50,
    )
    return dataclasses.replace(gate, **changes)  # type: ignore[arg-type]


def random_gate(rng: np.random.Generator, count: int, rank: int) -> FeatureGate:
    directions = np.linalg.qr(rng.normal(size=(count, count)))[0].T[:rank]
    return make_gate(
        mean=rng.normal(size=count).astype(np.float32),
        scale=rng.uniform(0.5, 2, count).astype(np.float32),
        directions=directions.astype(np.float32),
        variances=rng.uniform(1, 9, rank).astype(np.float32),
        residual_variance=0.7,
    )


def test_distance_by_hand() -> None:
    # z = (2, 1, 2): 2^2 / 4 along the direction, (1 + 4) / .25 outside of it
    assert make_gate().distance(f32(3, 2, 2)) == pytest.approx([math.sqrt((1 + 20) / 3)])
    assert make_gate().distance(f32(1, 0, 0)).tolist() == [0.0]
    assert make_gate().distance(np.zeros((0, 3))).shape == (0,)


def test_distance_is_the_mahalanobis_distance_of_the_full_covariance() -> None:
    rng = np.random.default_rng(0)
    gate = random_gate(rng, 12, 4)
    along = gate.directions.astype(np.float64)
    inner = along.T @ np.diag(gate.variances) @ along
    outer = gate.residual_variance * (np.eye(12) - along.T @ along)
    scale = np.diag(gate.scale.astype(np.float64))
    covariance = scale @ (inner + outer) @ scale
    features = rng.normal(size=(5, 12))
    wide = features - gate.mean
    expected = np.sqrt(np.einsum("ni,ij,nj->n", wide, np.linalg.inv(covariance), wide) / 12)
    np.testing.assert_allclose(gate.distance(features), expected, rtol=1e-5)


def test_judgement_follows_the_limit() -> None:
    # z = (0, 0, t): distance t / sqrt(.25 * 3)
    assert make_gate().judge(f32(1, 0, 1.99 * math.sqrt(0.75))) is None
    finding = make_gate().judge(f32(1, 0, 2.01 * math.sqrt(0.75)))
    assert finding is not None
    assert (finding.subject, finding.severity) == ("features", Severity.WARN)
    assert finding.reason == "far from the training data (distance 2.01, ordinary up to 2.00)"


@pytest.mark.parametrize("features", [np.zeros(2), np.zeros((4, 2)), f32(0, np.nan, 0)])
def test_features_of_another_kind_are_refused(features: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="features: expected"):
        make_gate().distance(features)


def test_judge_takes_one_image() -> None:
    with pytest.raises(InvalidInputError, match="one image, got 2"):
        make_gate().judge(np.zeros((2, 3)))


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0.0},
        {"scale": f32(1)},
        {"variances": f32(1, 2)},
    ],
)
def test_contradictory_gates_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="expected"):
        make_gate(**changes)


@given(st.integers(1, 40), st.integers(0, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_json_gives_the_same_gate_back(count: int, rank: int, seed: int) -> None:
    gate = random_gate(np.random.default_rng(seed), count, min(rank, count))
    back = check_feature_gate(json.loads(json.dumps(feature_gate_to_json(gate))))
    for field in dataclasses.fields(gate):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(gate, field.name))
    assert back.directions.dtype == np.float32


def test_a_large_gate_is_compact() -> None:
    gate = random_gate(np.random.default_rng(0), 1280, 64)
    assert len(json.dumps(feature_gate_to_json(gate))) < 480_000


NAN = feature_gate_to_json(make_gate(mean=f32(np.nan, 0, 0)))["mean"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, "unknown field 'extra'"),
        ({"mean": None}, "field 'mean': expected base64 of 3 finite float32, got None"),
        ({"mean": "AAAA"}, "field 'mean': expected base64 of 3"),
        ({"mean": "é" * 16}, "field 'mean': expected base64 of 3"),
        ({"mean": "AAAA AAAAAAAAAAA="}, "field 'mean': expected base64 of 3"),
        ({"mean": NAN}, "field 'mean': expected base64 of 3 finite"),
        ({"scale": "A" * 16}, "field 'scale': expected base64 of 3 finite float32 above 0"),
        ({"rank": 2}, "field 'directions': expected base64 of 6"),
        ({"rank": 65}, "field 'rank': expected an integer in"),
        ({"n_features": True}, "field 'n_features'"),
        ({"threshold": "2"}, "field 'threshold'"),
        ({"residual_variance": 0}, "field 'residual_variance'"),
    ],
)
def test_wrong_fields_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(FieldsError, match=message):
        check_feature_gate(feature_gate_to_json(make_gate()) | change)


def test_a_missing_field_is_named() -> None:
    values = feature_gate_to_json(make_gate())
    del values["rank"], values["scale"]
    with pytest.raises(FieldsError, match="missing field 'rank'"):
        check_feature_gate(values)


def test_what_only_the_whole_shows_is_refused() -> None:
    with pytest.raises(ValueError, match="a JSON object"):
        check_feature_gate([])
    with pytest.raises(ValueError, match="right angles"):
        check_feature_gate(feature_gate_to_json(make_gate(directions=f32([2, 0, 0]))))
