from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny_bundle import speckle_image

from sonolesion.bundle import Bundle
from sonolesion.inference import load_predictor
from sonolesion.inference.early import begin_loading


def test_gives_the_predictor_that_load_predictor_gives(tiny_bundle: Bundle) -> None:
    early = begin_loading(tiny_bundle.folder, threads=1)
    assert early is not None
    predictor = early.finish(1)
    assert predictor is not None
    assert predictor.info == tiny_bundle.info
    found = predictor.predict(speckle_image())
    wanted = load_predictor(tiny_bundle.folder, threads=1).predict(speckle_image())
    np.testing.assert_array_equal(found.lesion_prob, wanted.lesion_prob)


def test_another_number_of_threads_needs_another_session(tiny_bundle: Bundle) -> None:
    early = begin_loading(tiny_bundle.folder, threads=1)
    assert early is not None
    assert early.finish(2) is None


def test_a_bundle_that_is_refused_is_left_to_who_says_why(tmp_path: Path) -> None:
    assert begin_loading(tmp_path, threads=1) is None
    assert begin_loading("no such bundle", threads=1) is None
