"""How many pictures the feature gate warns about; `gate_rates.py --crossval` calls it.

Held-out cases are judged by the network of the round that holds them out, all other pictures by
the network of the first round. The limit was set on those held-out cases, so their rate says only
that it was set right; "new images" is the rate of one half of each round's groups under a limit
from the other half, the mean of 20 draws.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import load_bundle
from sonolesion.bundle.gate import FeatureGate
from sonolesion.calibration.feature_gate import find_threshold
from sonolesion.data.manifest import read_manifest
from sonolesion.data.rounds import TEST, Round, fold_rounds
from sonolesion.imaging.read import read_image
from sonolesion.inference import Predictor
from sonolesion.types import UltrasoundImage

DRAWS = 20


def measure_feature_gate(
    crossval: Path, prepared: Sequence[Path], pictures: Mapping[str, Sequence[UltrasoundImage]]
) -> dict[str, Any]:
    """Count warnings; section -> counts. `crossval` is a folder of rounds that has bundles."""
    rounds = fold_rounds([read_manifest(p) for p in prepared], inner_val=False)
    warned: defaultdict[str, list[bool]] = defaultdict(list)
    new: defaultdict[str, list[float]] = defaultdict(list)
    sections: dict[str, Any] = {}
    for index, item in enumerate(rounds):
        predictor = Predictor(load_bundle((crossval / item.name / "bundle").resolve()), threads=1)
        gate = predictor.info.feature_gate
        if gate is None:
            raise SystemExit(f"{item.name}: no feature gate. Run `sonolesion crossval` again.")
        distances, datasets, groups = measure_round(predictor, gate, item)
        for name in np.unique(datasets):
            warned[name] += (distances[datasets == name] > gate.threshold).tolist()
        for name, rate in rates_of_halves(distances, datasets, groups).items():
            new[name].append(rate)
        if index == 0:
            for name, images in pictures.items():
                far = [measure(predictor, gate, image) for image in images]
                sections[f"features: {name}"] = {
                    "n": len(far),
                    "warned": int(np.sum(np.array(far) > gate.threshold)),
                    "distance_median": round(float(np.median(far)), 3) if far else None,
                    "threshold": round(gate.threshold, 3),
                }
    for name, flags in warned.items():
        sections[f"features: {name}, out of fold"] = {
            "n": len(flags), "warned": sum(flags), "new_images": round(float(np.mean(new[name])), 4)
        }  # fmt: skip
    return sections


def measure(predictor: Predictor, gate: FeatureGate, image: UltrasoundImage) -> float:
    features = predictor.predict_square(image).features
    assert features is not None
    return float(gate.distance(features)[0])


def measure_round(
    predictor: Predictor, gate: FeatureGate, item: Round
) -> tuple[NDArray[np.float64], NDArray[np.str_], NDArray[np.str_]]:
    """Distance, data set and group of each held-out case of a round."""
    rows = item.manifest.part(TEST)
    found = [
        measure(predictor, gate, read_image(item.manifest.folder / row.processed_image))
        for row in rows
    ]
    return (
        np.array(found),
        np.array([row.dataset for row in rows]),
        np.array([row.group for row in rows]),
    )


def rates_of_halves(
    distances: NDArray[np.float64], datasets: NDArray[np.str_], groups: NDArray[np.str_]
) -> dict[str, float]:
    """Warned share of each data set in one half of the groups under the other half's limit."""
    rng = np.random.default_rng(0)
    names, index = np.unique(groups, return_inverse=True)
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(DRAWS):
        fits = (rng.random(len(names)) < 0.5)[index]
        limit = find_threshold(distances[fits], datasets[fits])
        for name in np.unique(datasets):
            here = ~fits & (datasets == name)
            if here.any():
                rates[name].append(float((distances[here] > limit).mean()))
    return {name: float(np.mean(found)) for name, found in rates.items()}
