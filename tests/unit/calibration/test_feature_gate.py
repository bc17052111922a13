from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage

from sonolesion.bundle.gate_fields import check_feature_gate, feature_gate_to_json
from sonolesion.calibration.feature_gate import _choose_shrinkage, fit_feature_gate
from sonolesion.errors import InvalidInputError


def draw(rng: np.random.Generator, count: int, width: int = 40) -> np.ndarray:
    """Pooled features as a ReLU network gives them: correlated, none below 0."""
    mix = np.random.default_rng(99).normal(size=(10, width)) / 3
    return np.maximum(rng.normal(size=(count, 10)) @ mix + 0.5 * rng.normal(size=(count, width)), 0)


@pytest.mark.parametrize(("share", "beyond"), [(0.01, 3), (0.1, 39), (0.002, 0)])
def test_the_threshold_is_a_distance_of_the_held_out_images(share: float, beyond: int) -> None:
    # 400 images: of rank ceil(401 * .99) = 397, ceil(401 * .9) = 361, 401 * .998 > 400: the last
    rng = np.random.default_rng(0)
    held_out = draw(rng, 400)
    gate = fit_feature_gate(draw(rng, 800), held_out, warned_share=share)
    assert (gate.distance(held_out) > gate.threshold).sum() == beyond
    assert gate.threshold in gate.distance(held_out)
    assert (gate.n_fit, gate.n_held_out, gate.n_features) == (800, 400, 40)


def test_of_no_data_set_more_than_the_share_is_warned_of() -> None:
    rng = np.random.default_rng(8)
    held_out = np.concatenate([draw(rng, 300), 1.3 * draw(rng, 100)])
    datasets = np.repeat(["plain", "loud"], [300, 100])
    gate = fit_feature_gate(draw(rng, 800), held_out, datasets=datasets, warned_share=0.1)
    over = gate.distance(held_out) > gate.threshold
    # rank ceil(101 * .9) = 91 of the loud ones; the plain ones lie lower
    assert over[300:].sum() == 9
    assert over[:300].sum() < 9
    with pytest.raises(InvalidInputError, match=r"datasets: expected \(400,\), got \(300,\)"):
        fit_feature_gate(held_out, held_out, datasets=datasets[:300])


def test_ordinary_images_pass_and_others_do_not() -> None:
    rng = np.random.default_rng(1)
    gate = fit_feature_gate(draw(rng, 1000), draw(rng, 500))
    new = gate.distance(draw(rng, 20_000))
    assert (new > gate.threshold).mean() == pytest.approx(0.01, abs=0.01)
    assert np.median(new) == pytest.approx(1.0, abs=0.15)
    assert (gate.distance(4 * draw(rng, 200)) > gate.threshold).mean() > 0.9
    # each feature as usual, but not together with those it goes with
    permuted = draw(rng, 200)[:, rng.permutation(40)]
    assert (gate.distance(permuted) > gate.threshold).mean() > 0.2


def test_more_features_than_images_still_fit() -> None:
    rng = np.random.default_rng(2)
    gate = fit_feature_gate(draw(rng, 120, 320), draw(rng, 120, 320))
    assert gate.directions.shape == (64, 320)
    assert (gate.distance(draw(rng, 2000, 320)) > gate.threshold).mean() < 0.03


def test_without_correlation_it_is_the_scaled_euclidean_distance() -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(20_000, 3)) * [1.0, 10.0, 0.1] + [5.0, 0.0, 1.0]
    gate = fit_feature_gate(features, features[:100])
    # one deviation off in each feature
    assert gate.distance([6.0, 10.0, 1.1]) == pytest.approx([1.0], abs=0.02)


def test_shrinkage_is_that_of_ledoit_and_wolf() -> None:
    for count in (60, 2000):
        features = draw(np.random.default_rng(count), count)
        scaled = (features - features.mean(axis=0)) / features.std(axis=0)
        ours = _choose_shrinkage(scaled, scaled.T @ scaled / count, 1.0)
        assert ours == pytest.approx(ledoit_wolf_shrinkage(scaled))


def test_a_feature_that_never_fires_raises_no_alarm_by_rounding() -> None:
    rng = np.random.default_rng(4)
    features = draw(rng, 300)
    features[:, 7] = 0.0
    gate = fit_feature_gate(features, features)
    near = features[:1].copy()
    near[0, 7] = 1e-3
    assert gate.distance(near) == pytest.approx(gate.distance(features[:1]), rel=0.01)


def test_a_fitted_gate_survives_the_bundle() -> None:
    rng = np.random.default_rng(5)
    gate = fit_feature_gate(draw(rng, 100), draw(rng, 60))
    back = check_feature_gate(json.loads(json.dumps(feature_gate_to_json(gate))))
    np.testing.assert_array_equal(back.distance(draw(rng, 5)).shape, (5,))
    assert back.threshold == gate.threshold


@pytest.mark.parametrize(
    ("fit", "held_out", "choices", "message"),
    [
        ((49, 4), (60, 4), {}, "features: expected .* at least 50"),
        ((60, 4), (49, 4), {}, "held_out_features: expected"),
        ((60, 4), (60, 5), {}, "held_out_features: expected 4 features"),
        ((60, 4), (60, 4), {"warned_share": 1.0}, r"warned_share: expected in \(0, 1\), got 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    fit: tuple[int, int], held_out: tuple[int, int], choices: dict[str, object], message: str
) -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(InvalidInputError, match=message):
        fit_feature_gate(rng.normal(size=fit), rng.normal(size=held_out), **choices)  # type: ignore[arg-type]


def test_nan_and_constant_features_are_refused() -> None:
    good = np.random.default_rng(7).normal(size=(60, 3))
    with pytest.raises(InvalidInputError, match="finite"):
        fit_feature_gate(good * np.nan, good)
    with pytest.raises(InvalidInputError, match="nothing to fit"):
        fit_feature_gate(np.ones((60, 3)), good)
