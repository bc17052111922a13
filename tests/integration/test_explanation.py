"""The shipped network on phantoms: its map lies on the lesion; shuffled weights have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from sonolesion.bundle import Bundle, load_bundle, write_bundle
from sonolesion.data.phantom import Phantom, make_phantom
from sonolesion.inference import Predictor
from sonolesion.inference.explain import locate_evidence
from sonolesion.types import LesionClass
from sonolesion.types.explanation import Explanation

SEEDS = (3, 5, 11, 12)
RING_PX = 50.0


@pytest.fixture(scope="module")
def phantoms() -> list[Phantom]:
    kinds = (LesionClass.BENIGN, LesionClass.MALIGNANT)
    return [make_phantom(np.random.default_rng(s), kinds[i % 2]) for i, s in enumerate(SEEDS)]


def shuffle_weights(bundle: Bundle, folder: Path) -> Bundle:
    """The same graph with the numbers inside each weight array in another order."""
    model = onnx.load_model_from_string(bundle.graph)
    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim >= 2:
            shuffled = rng.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(shuffled, tensor.name))
    return write_bundle(folder, bundle.info, model.SerializeToString())


def ratio_on_lesion(explanation: Explanation, phantom: Phantom) -> float:
    """Evidence on the true lesion over chance; 0 where nothing speaks for the answer."""
    truth = np.any(phantom.masks, axis=0)
    lesion, _ = locate_evidence(explanation.evidence, truth, ring_px=RING_PX)
    return 0.0 if lesion is None else lesion.ratio


@pytest.mark.slow
def test_the_map_is_on_the_lesion_and_shuffled_weights_lose_it(
    phantoms: list[Phantom], tmp_path: Path
) -> None:
    shipped = load_bundle("fast")
    trained = Predictor(shipped, threads=2)
    shuffled = Predictor(shuffle_weights(shipped, tmp_path / "shuffled"), threads=2)
    ratios, moved, alike = [], [], []
    for phantom in phantoms:
        first, second = (p.explain(phantom.pixels) for p in (trained, shuffled))
        ratios.append(ratio_on_lesion(first, phantom))
        moved.append(second.figures.scale / first.figures.scale)
        alike.append(np.corrcoef(first.evidence.ravel(), second.evidence.ravel())[0, 1])
    assert min(ratios) > 1.5, ratios
    assert np.mean(ratios) > 3.0, ratios
    assert max(moved) < 0.1, "no place moves the answer of shuffled weights by much"
    assert abs(np.mean(alike)) < 0.5, alike
