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
    value, low, high = (f"{figure[k]:.3f}".removeprefix("0") for k in ("value", "low", "high"))
    return f"{value} [{low}, {high}] n={figure['n']}"


def main() -> None:
    """Print one markdown table."""
    print("| model, data | " + " | ".join(name for name, _, _ in COLUMNS) + " |")
    print("| --- |" + " --- |" * len(COLUMNS))
    for path in sorted(RESULTS.glob("*.json")):
        report = json.loads(path.read_text("utf-8"))
        if report.get("kind") != "sonolesion-evaluation":
            continue
        data = report["data"]
        name = f"{path.stem}: {data['protocol']} {data['split_hash']}, part {data['part']}"
        cells = (cell(find(report, where, key)) for _, where, key in COLUMNS)
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
