"""Does covering an image in the order of its explanation map lower the answer soonest?

For each image the answer's log-odds are followed while its pixels are covered, a tenth at a time,
in the order of the map, in the order of maps with the same patches shuffled (as smooth, but knowing
nothing), and in the reverse order. The covers are the map's own tissue fill and, as a check that
the map does not only know its own cover, a heavy blur. The figure is the mean log-odds over the
curve, less that of the shuffled maps: below 0 is faithful. With it comes the share of the evidence
on the outline against chance. A 95 % interval is a bootstrap over images.

    python benchmarks/explanation_deletion.py --images FOLDER [--per-class 20] [--json FILE]

FOLDER is BUSI as released, or a folder that `sonolesion phantom` wrote; without it 12 phantoms are
drawn. Images whose answer is normal are left out: nothing is outlined there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import load_bundle
from sonolesion.data.phantom import make_phantom
from sonolesion.imaging.read import read_image
from sonolesion.inference import Predictor
from sonolesion.inference.occlusion import plan_patches
from sonolesion.inference.tissue_fill import fill_with_tissue
from sonolesion.types import CLASS_INDEX, LesionClass, Prediction, UltrasoundImage

STEPS = 10
SHUFFLES = 3
COVERS = ("tissue", "blur")
BLUR_SHARE = 0.1


@dataclass(frozen=True)
class Curves:
    """Mean log-odds over the curve, less that of the untouched image, by order of covering."""

    by_map: float
    shuffled: float
    reverse: float


def main() -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--per-class", type=int, default=20)
    parser.add_argument("--bundle", default="fast")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    predictor = Predictor(load_bundle(arguments.bundle), measure=False)
    curves: dict[str, list[Curves]] = {name: [] for name in COVERS}
    ratios: list[float] = []
    for number, image in enumerate(find_images(arguments.images, arguments.per_class)):
        prediction = predictor.predict(image)
        if prediction.label is LesionClass.NORMAL:
            continue
        explanation = predictor.explain(image, prediction)
        if explanation.figures.lesion is not None:
            ratios.append(explanation.figures.lesion.ratio)
        orders = [explanation.evidence, *shuffle_maps(explanation.evidence, seed=number)]
        for name in COVERS:
            curves[name].append(follow(predictor, image, prediction, orders, cover=name))
    folder = "" if arguments.images is None else " --images FOLDER"
    result = {
        "command": f"python benchmarks/explanation_deletion.py{folder} --per-class "
        f"{arguments.per_class} --bundle {arguments.bundle}",
        "images": "12 phantoms" if arguments.images is None else arguments.images.name,
        "n": len(ratios),
        "bundle": predictor.info.label,
        "evidence_ratio_on_outline": interval(ratios),
        **{
            name: {
                "map_less_shuffled": interval([c.by_map - c.shuffled for c in found]),
                "map_less_reverse": interval([c.by_map - c.reverse for c in found]),
                "share_of_images_map_below_shuffled": round(
                    float(np.mean([c.by_map < c.shuffled for c in found])), 3
                ),
            }
            for name, found in curves.items()
        },
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


def find_images(folder: Path | None, per_class: int) -> Iterator[UltrasoundImage]:
    """Evenly spread images of both lesion classes, or phantoms."""
    if folder is None:
        for seed in range(12):
            kind = (LesionClass.BENIGN, LesionClass.MALIGNANT)[seed % 2]
            yield UltrasoundImage(make_phantom(np.random.default_rng(40000 + seed), kind).pixels)
        return
    for kind in ("benign", "malignant"):
        paths = sorted(p for p in (folder / kind).glob("*.png") if "_mask" not in p.name)
        for index in np.unique(np.linspace(0, len(paths) - 1, per_class).astype(int)):
            yield read_image(paths[index])


def shuffle_maps(evidence: NDArray[np.float32], *, seed: int) -> list[NDArray[np.float32]]:
    """Maps as smooth as the one given, with its values at other patches."""
    height, width = evidence.shape
    grid = plan_patches(height, width)
    high, wide = grid.cell_px
    rows = ((np.arange(grid.n_rows) + 0.5) * high).astype(int)
    cols = ((np.arange(grid.n_cols) + 0.5) * wide).astype(int)
    values = evidence[np.ix_(rows, cols)].astype(np.float64)
    rng = np.random.default_rng(seed)
    return [
        grid.spread(rng.permutation(values.ravel()).reshape(values.shape)).astype(np.float32)
        for _ in range(SHUFFLES)
    ]


def follow(
    predictor: Predictor,
    image: UltrasoundImage,
    prediction: Prediction,
    orders: list[NDArray[np.float32]],
    *,
    cover: str,
) -> Curves:
    """Cover in each order and take the mean change of the log-odds over the curve."""
    pixels = image.pixels
    fill = fill_with_tissue(pixels)
    if cover == "blur":
        fill = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), BLUR_SHARE * min(pixels.shape))
    start = log_odds(prediction.class_prob, prediction.label)
    means = []
    for order in (*orders, -orders[0]):
        rank = np.empty(order.size, np.int64)
        rank[np.argsort(-order, axis=None, kind="stable")] = np.arange(order.size)
        rank = rank.reshape(order.shape)
        curve = [0.0]
        for step in range(1, STEPS):
            covered = np.where(rank < order.size * step / STEPS, fill, pixels)
            answer = answer_of(predictor, np.rint(covered).astype(np.uint8))
            curve.append(log_odds(answer, prediction.label) - start)
        means.append(float(np.mean(curve)))
    return Curves(by_map=means[0], shuffled=float(np.mean(means[1:-1])), reverse=means[-1])


def answer_of(predictor: Predictor, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Class probabilities as the bundle answers, without the input gate."""
    from sonolesion.bundle.decision import measure_peak
    from sonolesion.inference.postprocess import answer_class

    square = predictor.predict_square(UltrasoundImage(pixels))
    return answer_class(
        predictor.info,
        class_logits=square.class_logits,
        lesion_peak=measure_peak(square.lesion_prob),
    ).class_prob


def log_odds(class_prob: NDArray[np.float64], label: LesionClass) -> float:
    """Of one class against the others."""
    chosen = float(class_prob[CLASS_INDEX[label]])
    return float(
        np.log(max(chosen, 1e-300)) - np.log(max(1e-300, float(class_prob.sum()) - chosen))
    )


def interval(values: list[float]) -> dict[str, float]:
    """Mean and 95 % percentile bootstrap interval over images."""
    found = np.array(values)
    rng = np.random.default_rng(0)
    means = found[rng.integers(0, len(found), (2000, len(found)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {name: round(float(v), 3) for name, v in
            (("mean", found.mean()), ("low", low), ("high", high))}  # fmt: skip


if __name__ == "__main__":
    main()
