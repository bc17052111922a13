"""Which cases the page shows, and how their outlines are traced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonolesion.evaluation import EvaluationSettings, score_cases
from sonolesion.evaluation.gallery import choose_gallery, draw_tile, outline_path


@pytest.fixture
def cases(predictor, manifest):
    return score_cases(predictor, manifest, settings=EvaluationSettings())


def names(cases) -> list[str]:
    return [case.result.case_id for case in cases]


def test_the_worst_and_best_lesions_by_dice(cases) -> None:
    gallery = choose_gallery(cases, count=2)
    assert names(gallery.worst) == ["malignant (2)", "malignant (1)"]  # no prediction comes first
    assert names(gallery.best) == ["malignant (3)", "benign (1)"]


def test_no_case_is_both_worst_and_best(cases) -> None:
    gallery = choose_gallery(cases, count=50)
    assert not set(names(gallery.worst)) & set(names(gallery.best))
    assert len(gallery.worst) + len(gallery.best) == 5


def test_lists_hold_all_missed_malignant_and_false_positive_normals(cases) -> None:
    gallery = choose_gallery(cases, count=0)
    assert (gallery.worst, gallery.best) == ((), ())
    # malignant (1) is read as malignant, but its lesion is not marked
    assert names(gallery.missed_malignant) == ["malignant (1)", "malignant (2)"]
    assert names(gallery.false_positive_normals) == ["normal (2)"]


def test_an_outline_runs_through_pixel_centres_and_scales() -> None:
    mask = np.zeros((10, 10), np.bool_)
    mask[2:5, 3:7] = True
    path = outline_path(mask, scale=(2.0, 10.0))
    corners = {tuple(map(float, p.split())) for p in path.strip("MZ").split("L")}
    assert corners == {(35.0, 5.0), (35.0, 9.0), (65.0, 9.0), (65.0, 5.0)}


def test_a_hole_is_an_outline_of_its_own_and_an_empty_mask_has_none() -> None:
    ring = np.ones((9, 9), np.bool_)
    ring[3:6, 3:6] = False
    assert outline_path(ring, scale=(1.0, 1.0)).count("M") == 2
    assert outline_path(np.zeros((5, 5), np.bool_), scale=(1.0, 1.0)) == ""


def test_a_tile_of_an_unreadable_image_has_words_for_a_picture(cases, manifest) -> None:
    root = Path(manifest.record.dataset_root)
    broken = draw_tile(next(c for c in cases if c.result.error), root)
    assert (broken.picture, broken.truth_path) == ("", "")
    assert "cannot be read" in broken.description
    shown = draw_tile(cases[2], root)
    assert shown.picture.startswith("data:image/jpeg;base64,")
    assert (shown.width, shown.height) == (64, 48)
