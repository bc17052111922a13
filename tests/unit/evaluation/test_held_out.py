from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from prepared_folder import make_prepared_folder

from sonolesion.data.manifest import Manifest
from sonolesion.errors import UnreadableImageError
from sonolesion.evaluation.held_out import collect_held_out, collect_training_features
from sonolesion.imaging.geometry import ResizeMode, SquareFit, plan_fit
from sonolesion.types import CLASS_NAMES, Prediction, UltrasoundImage


@dataclass(frozen=True)
class Square:
    lesion_prob: np.ndarray
    class_logits: np.ndarray
    class_prob: np.ndarray
    fit: SquareFit
    features: np.ndarray | None


class Mean:
    """Its only feature is the mean grey level, and so is its first logit."""

    def __init__(self, *, with_features: bool = True) -> None:
        self._with_features = with_features

    def predict(self, source: Path) -> Prediction:
        raise UnreadableImageError(f"{source}: nobody asks for this.")

    def predict_square(self, image: UltrasoundImage) -> Square:
        level = float(image.pixels.mean())
        features = np.array([level], np.float32) if self._with_features else None
        logits = np.array([level, 0.0, 0.0])
        empty = np.zeros(image.pixels.shape, np.float32)
        fit = plan_fit(*image.pixels.shape, len(empty), ResizeMode.FIT)
        return Square(empty, logits, np.ones(3) / 3, fit, features)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Three cases in each of train (three times), val and test; the raw files are the processed."""
    made = make_prepared_folder(tmp_path)
    record = replace(made.record, dataset_root=str(made.folder))
    return Manifest(made.rows, record, made.folder)


def test_outputs_of_the_tested_cases_in_their_order(manifest: Manifest) -> None:
    outputs = collect_held_out(Mean(), manifest)
    rows = manifest.part("test")
    assert outputs.features is not None
    assert outputs.features.shape == (3, 1)
    assert outputs.features.dtype == np.float32
    np.testing.assert_allclose(outputs.held_out.class_logits[:, 0], outputs.features[:, 0])
    assert [CLASS_NAMES[i] for i in outputs.held_out.labels] == [row.label for row in rows]
    assert outputs.held_out.groups.tolist() == [row.group for row in rows]


def test_without_features_there_are_none(manifest: Manifest) -> None:
    plain = Mean(with_features=False)
    assert collect_held_out(plain, manifest).features is None
    assert collect_training_features(plain, manifest) is None


def test_features_of_training_cases_are_those_of_the_processed_files(manifest: Manifest) -> None:
    features = collect_training_features(Mean(), manifest)
    assert features is not None
    assert features.shape == (9, 1)
    some = collect_training_features(Mean(), manifest, most=4)
    again = collect_training_features(Mean(), manifest, most=4)
    assert some is not None
    assert again is not None
    assert some.shape == (4, 1)
    assert set(some[:, 0]) < set(features[:, 0])
    np.testing.assert_array_equal(some, again)


def test_each_data_set_gives_as_many(manifest: Manifest) -> None:
    rows = tuple(
        replace(row, dataset="other" if row.label == "normal" else "test") for row in manifest.rows
    )
    features = collect_training_features(
        Mean(), Manifest(rows, manifest.record, manifest.folder), most=2
    )
    assert features is not None
    assert features.shape == (4, 1)


def test_nothing_trained_on_gives_none(manifest: Manifest) -> None:
    tested = Manifest(manifest.part("test"), manifest.record, manifest.folder)
    assert collect_training_features(Mean(), tested) is None
