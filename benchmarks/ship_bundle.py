"""Put a trained bundle, with its measured figures, into the package.

    sonolesion train prepared -o models --preset small
    sonolesion evaluate prepared --bundle models/bundle -o results
    python benchmarks/ship_bundle.py models/bundle results/report.json --name fast

The figures of the report go into the bundle's card, each with its n and interval, and the report
itself (no image, no path) to benchmarks/results/, from where `results_table.py` reads it.

A bundle made of a cross-validation's networks has no case of those data sets that all of it has
not seen. Its card then has the out-of-fold figures, where each case was answered by the one network
that had not seen it:

    sonolesion export cv/fold_0/best_model.pth -o fast --half --calibration cv/calibration.json
    python benchmarks/ship_bundle.py fast cv/results/busi/report.json --name fast --out-of-fold
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from sonolesion.bundle import load_bundle, write_bundle
from sonolesion.bundle.store import SHIPPED_FOLDER
from sonolesion.errors import InvalidInputError

RESULTS = Path(__file__).parent / "results"
CARD_FIGURES = (
    ("segmentation", "lesion_dice"),
    ("segmentation", "missed_lesions"),
    ("segmentation", "marked_normals"),
    ("classification.overall", "accuracy"),
    ("classification.ranking", "auc_malignant_vs_benign"),
    ("classification.calibration", "ece"),
)


def card_figures(report: dict[str, Any]) -> dict[str, Any]:
    """Pick the figures of the card: name -> value, low, high, n; and on which data."""
    figures: dict[str, Any] = {"data": report["data"], "settings": report["settings"]}
    for path, key in CARD_FIGURES:
        section: Any = report
        for name in path.split("."):
            section = section[name]
        figures[key] = {k: section[key][k] for k in ("value", "low", "high", "n", "unit")}
    return figures


def main() -> None:
    """Copy the bundle with its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", default="0.1")
    parser.add_argument("--description")
    parser.add_argument("--out-of-fold", action="store_true")
    arguments = parser.parse_args()
    bundle = load_bundle(arguments.bundle)
    report = json.loads(arguments.report.read_text("utf-8"))
    if arguments.out_of_fold:
        is_about = report["data"]["split_hash"] in str(bundle.info.training.get("decision"))
    else:
        is_about = report["bundle"]["sha256"] == bundle.info.onnx_sha256
    if not is_about:
        raise InvalidInputError(f"{arguments.report} is not about {arguments.bundle}.")
    info = dataclasses.replace(
        bundle.info,
        name=arguments.name,
        version=arguments.version,
        description=arguments.description or bundle.info.description,
        figures=card_figures(report),
    )
    shipped = write_bundle(SHIPPED_FOLDER / arguments.name, info, bundle.graph, bundle.int8)
    RESULTS.mkdir(exist_ok=True)
    stem = f"crossval_{arguments.report.parent.name}" if arguments.out_of_fold else arguments.name
    shutil.copyfile(arguments.report, RESULTS / f"{stem}.json")
    print(f"{shipped.folder}: {len(shipped.graph) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
