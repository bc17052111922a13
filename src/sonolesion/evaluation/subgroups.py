"""Dice of lesion cases by subgroup, the worst first: size tertiles and the manifest's flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.estimate import Estimate, Estimator

MIN_CASES = 10


def lesion_share(result: CaseResult) -> float:
    """Share of the image that the true lesion covers, [0, 1]."""
    return result.true_lesion_px / (result.height_px * result.width_px)


def subgroup_figures(results: Sequence[CaseResult], estimator: Estimator) -> tuple[Estimate, ...]:
    """Estimate the Dice of each subgroup of lesion cases, the lowest first.

    Subgroups under 10 cases are kept, without a figure and with the reason: none is hidden.
    """
    lesions = [r for r in results if r.has_truth]
    named: list[tuple[str, str, list[CaseResult]]] = []
    ranked = sorted(lesions, key=lambda r: (lesion_share(r), r.case_id))
    for name, part in zip(("small", "medium", "large"), np.array_split(np.arange(len(ranked)), 3),
                          strict=True):  # fmt: skip
        members = [ranked[i] for i in part.tolist()]
        if members:
            span = f"{100 * lesion_share(members[0]):.1f} to {100 * lesion_share(members[-1]):.1f}"
            named.append((f"size_{name}", f"{name} lesion ({span} % of the image)", members))
    for flag in sorted({flag for r in lesions for flag in r.flags}):
        named.append(
            (f"flag_{flag}", flag.replace("_", " "), [r for r in lesions if flag in r.flags])
        )
    rows = [_figure(key, label, members, estimator) for key, label, members in named]
    return tuple(sorted(rows, key=lambda e: (e.value is None, e.value or 0.0)))


def _figure(key: str, label: str, members: Sequence[CaseResult], estimator: Estimator) -> Estimate:
    estimate = estimator.mean(
        f"dice_{key}", label,
        values=[float("nan") if r.dice is None else r.dice for r in members],
        groups=[r.group for r in members],
    )  # fmt: skip
    if estimate.n < MIN_CASES:
        return replace(
            estimate, value=None, low=None, high=None, reason=f"too few (under {MIN_CASES} cases)"
        )
    return estimate
