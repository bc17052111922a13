"""Print the rows of docs/results.md from the reports in benchmarks/results/.

python benchmarks/results_table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
COLUMNS = (
    ("lesion Dice", "segmentation", "lesion_dice"),
    ("lesions missed", "segmentation", "missed_lesions"),
    ("normals marked", "segmentation", "marked_normals"),
    ("accuracy, 3 classes", "classification.overall", "accuracy"),
    ("AUC malignant : benign", "classification.ranking", "auc_malignant_vs_benign"),
    ("AUC malignant : rest", "classification.ranking", "auc_malignant_vs_rest"),
    ("specificity at sensitivity .95", "classification.ranking", "specificity_at_sensitivity_95"),
)


MISSION_COLUMNS = (
    ("IoU", "mission_convention.figures", "mission_iou"),
    ("Dice", "mission_convention.figures", "mission_dice"),
    ("pixel accuracy", "mission_convention.figures", "pixel_accuracy"),
    ("accuracy", "classification.overall", "accuracy"),
)


def find(report: dict[str, Any], path: str, key: str) -> dict[str, Any] | None:
    """Return one figure of a report, or None where it has none of that name."""
    section: Any = report
    for name in path.split("."):
        section = section.get(name, {})
    return section.get(key)


def cell(figure: dict[str, Any] | None) -> str:
    """Value, interval and n: ".743 [.651, .814] n=63"."""
    if figure is None or figure["value"] is None:
        return "-"
    if figure["low"] is None:
        return f"{figure['value']:.3f} n={figure['n']}".removeprefix("0")
    value, low, high = (f"{figure[k]:.3f}".removeprefix("0") for k in ("value", "low", "high"))
    return f"{value} [{low}, {high}] n={figure['n']}"


def main() -> None:
    """Print one markdown table for each convention."""
    print_table("honest", COLUMNS)
    print()
    print_table("mission", MISSION_COLUMNS)


def print_table(convention: str, columns: tuple[tuple[str, str, str], ...]) -> None:
    """Print the rows of all reports that count by `convention`."""
    print("| model, data | " + " | ".join(name for name, _, _ in columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for path in sorted(RESULTS.glob("*.json")):
        report = json.loads(path.read_text("utf-8"))
        if report.get("kind") != "sonolesion-evaluation":
            continue
        if report["settings"]["convention"] != convention:
            continue
        data = report["data"]
        name = f"{path.stem}: {data['protocol']} {data['split_hash']}, {data['part']}"
        cells = (cell(find(report, where, key)) for _, where, key in columns)
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
