"""What int8 costs: the same held-out cases answered by both forms of a bundle.

Each case is read at its own resolution by the network that has not seen it. Differences are
fp32 minus int8 over pairs, with a 95 % bootstrap interval over the groups of cases.

    python benchmarks/int8_loss.py busi bra --held-out fold_0=fast [--json FILE]

`--held-out` names a fold and the bundle of the network that was trained without it; repeat it for
all networks of a cross-validation. Never give a fold that the network was trained on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import load_bundle
from sonolesion.data.manifest import Manifest, ManifestRow, read_manifest
from sonolesion.data.masks import read_united_mask
from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.scoring import case_of
from sonolesion.imaging.read import read_image
from sonolesion.inference import Predictor, load_predictor
from sonolesion.metrics import dice
from sonolesion.metrics.resampling import draw_groups, read_groups
from sonolesion.metrics.roc import malignant_vs_benign_auc
from sonolesion.types import CLASS_INDEX, LesionClass, Prediction

FORMS = ("fp32", "int8")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one form said of one case; `distance` is nan without a gate, `dice` without a lesion."""

    dice: float
    prob: NDArray[np.float64]
    logits: NDArray[np.float64]
    label: LesionClass
    alert: bool
    distance: float
    far: bool
    mask: NDArray[np.bool_]


def main() -> None:
    """Answer all cases twice and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path, nargs="+")
    parser.add_argument("--held-out", action="append", required=True, metavar="FOLD=BUNDLE")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    manifests = [read_manifest(folder) for folder in arguments.prepared]
    rows: list[ManifestRow] = []
    pairs: list[tuple[Answer, Answer]] = []
    for text in arguments.held_out:
        fold, _, bundle = text.partition("=")
        check_unseen(bundle, fold)
        forms = [load_predictor(bundle, measure=False, precision=form) for form in FORMS]
        if forms[1].info.precision != "int8":
            raise SystemExit("this CPU computes int8 wrongly.")
        for manifest in manifests:
            for row in manifest.part(fold):
                rows.append(row)
                whole, rounded = (answer(form, row, manifest) for form in forms)
                pairs.append((whole, rounded))
    result = {
        "command": f"python benchmarks/int8_loss.py {' '.join(p.name for p in arguments.prepared)} "
        + " ".join(
            f"--held-out {fold}={Path(bundle).name}"
            for fold, _, bundle in (t.partition("=") for t in arguments.held_out)
        ),
        **summarise(rows, pairs, n_resamples=arguments.resamples),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


def check_unseen(bundle: str, fold: str) -> None:
    """Say what the bundle was trained on; the fold alone cannot be told from a split's hash."""
    info = load_bundle(bundle).info
    if info.int8 is None:
        raise InvalidInputError(f"{bundle}: has no int8 form. Export it with --int8.")
    print(f"{fold}: {info.label}, trained on split {info.training.get('split_hash')}", flush=True)


def answer(predictor: Predictor, row: ManifestRow, manifest: Manifest) -> Answer:
    """Answer one case at its own resolution."""
    case = case_of(row, Path(manifest.record.dataset_root))
    truth = read_united_mask(case, (row.height_px, row.width_px))
    said: Prediction = predictor.predict(case.image_path)
    assert said.class_logits is not None
    gate = predictor.info.feature_gate
    distance, far = float("nan"), False
    if gate is not None:
        features = predictor.predict_square(read_image(case.image_path)).features
        assert features is not None
        distance = float(gate.distance(features)[0])
        far = distance > gate.threshold
    return Answer(
        dice=dice(said.mask, truth) if truth.any() else float("nan"),
        prob=said.class_prob,
        logits=said.class_logits,
        label=said.label,
        alert=said.malignant_alert,
        distance=distance,
        far=far,
        mask=said.mask,
    )


def summarise(
    rows: list[ManifestRow], pairs: list[tuple[Answer, Answer]], *, n_resamples: int
) -> dict[str, Any]:
    """Make the figures; names of the two forms -> values, and their difference."""
    truth = np.array([CLASS_INDEX[row.label] for row in rows])
    groups = read_groups([row.group for row in rows])
    scores = np.array([[form.dice for form in pair] for pair in pairs])
    probs = [np.array([pair[k].prob for pair in pairs]) for k in range(2)]
    lesions = ~np.isnan(scores[:, 0])
    draws = [
        groups.cases_of(drawn)
        for block in draw_groups(
            groups.n_groups, n_resamples=n_resamples, rng=np.random.default_rng(0)
        )
        for drawn in block
    ]

    def auc(form: int, cases: NDArray[np.int64]) -> float:
        return malignant_vs_benign_auc(truth[cases], probs[form][cases])

    def dice_loss(cases: NDArray[np.int64]) -> float:
        return float(np.nanmean(scores[cases, 0] - scores[cases, 1]))

    every = np.arange(len(rows))
    logits = np.array([pair[0].logits - pair[1].logits for pair in pairs])
    distances = np.array([[form.distance for form in pair] for pair in pairs])
    return {
        "n": len(rows),
        "n_lesions": int(lesions.sum()),
        "n_groups": groups.n_groups,
        "dice": figures(
            [float(np.nanmean(scores[:, k])) for k in range(2)], [dice_loss(d) for d in draws]
        ),
        "auc_malignant_vs_benign": figures(
            [auc(k, every) for k in range(2)], [auc(0, d) - auc(1, d) for d in draws]
        ),
        "label_differs": sum(a.label is not b.label for a, b in pairs),
        "malignant_alert_differs": sum(a.alert != b.alert for a, b in pairs),
        "mask_pixels_that_differ": round(
            float(np.mean([(a.mask ^ b.mask).mean() for a, b in pairs])), 6
        ),
        "class_logits_rms": round(float(np.sqrt(np.mean(logits**2))), 4),
        "feature_gate": {
            "distance_median": [round(float(np.median(distances[:, k])), 4) for k in range(2)],
            "distance_change_median": round(float(np.median(distances[:, 1] - distances[:, 0])), 4),
            "distance_change_largest": round(
                float(np.abs(distances[:, 1] - distances[:, 0]).max()), 4
            ),
            "warned": [sum(pair[k].far for pair in pairs) for k in range(2)],
            "verdict_differs": sum(a.far != b.far for a, b in pairs),
        },
    }


def figures(values: list[float], differences: list[float]) -> dict[str, float]:
    """Both values, the loss by int8 and its interval."""
    low, high = np.percentile(differences, [2.5, 97.5])
    return {
        "fp32": round(values[0], 5),
        "int8": round(values[1], 5),
        "loss": round(values[0] - values[1], 5),
        "low": round(float(low), 5),
        "high": round(float(high), 5),
    }


if __name__ == "__main__":
    main()
