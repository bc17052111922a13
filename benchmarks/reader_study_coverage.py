"""Do the intervals of `sonolesion study` hold the truth as often as they say?

    python benchmarks/reader_study_coverage.py --out benchmarks/results/reader_study_coverage.json

Simulates fully crossed studies after Roe and Metz, whose true AUC difference is known, and counts
how often the 95 % intervals of the Obuchowski-Rockette analysis and of the two-way bootstrap hold
it; with no true difference the share of p < .05 is the rate of false alarms.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sonolesion.evaluation.reader_study.obuchowski_rockette import analyse
from sonolesion.evaluation.reader_study.reader_values import CovarianceMethod, auc_values
from sonolesion.evaluation.reader_study.simulate import STRUCTURES, SimulatedStudy, simulate_scores
from sonolesion.evaluation.reader_study.two_way_bootstrap import (
    draw,
    over_readers,
    resampled_auc,
    summarise,
)
from sonolesion.files import atomic_write_json
from sonolesion.metrics import wilson_interval

SIZES = ((4, 30, 30), (8, 50, 70))


def run(study: SimulatedStudy, *, n: int, n_bootstrap: int, resamples: int, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    truth = study.auc_with - study.auc_alone
    held = {"or_jackknife": 0, "or_delong": 0, "or_arm_alone": 0, "bootstrap": 0}
    alarms = {"or_jackknife": 0, "bootstrap": 0}
    widths = {"or_jackknife": 0.0, "bootstrap": 0.0}
    for i in range(n):
        scores = simulate_scores(study, rng)
        for method in CovarianceMethod:
            found = analyse(auc_values(scores, study.positive, method=method))
            held[f"or_{method}"] += found.difference.low <= truth <= found.difference.high
        found = analyse(auc_values(scores, study.positive))
        held["or_arm_alone"] += found.arms[0].low <= study.auc_alone <= found.arms[0].high
        alarms["or_jackknife"] += found.difference.p < 0.05
        widths["or_jackknife"] += (found.difference.high - found.difference.low) / n
        if i < n_bootstrap:
            draws = draw(study.n_readers, study.positive, n_resamples=resamples, rng=rng)
            drawn = resampled_auc(scores, study.positive, draws)
            both = summarise(
                found.difference.value, over_readers(drawn[:, 1] - drawn[:, 0], draws), test=True
            )
            held["bootstrap"] += both.low <= truth <= both.high
            alarms["bootstrap"] += both.p < 0.05
            widths["bootstrap"] += (both.high - both.low) / n_bootstrap
    counts = {name: n_bootstrap if name == "bootstrap" else n for name in held}
    return {
        "readers": study.n_readers,
        "malignant": study.n_malignant,
        "other": study.n_other,
        "auc_alone": study.auc_alone,
        "auc_with": study.auc_with,
        "simulations": n,
        "simulations_bootstrap": n_bootstrap,
        "coverage": {name: share(int(k), counts[name]) for name, k in held.items()},
        "p_below_05": {name: share(int(k), counts[name]) for name, k in alarms.items()},
        "mean_width": {name: round(width, 4) for name, width in widths.items()},
    }


def share(k: int, n: int) -> list[float]:
    found = wilson_interval(k, n)
    return [round(v, 4) for v in (found.value, found.low, found.high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--bootstraps", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = []
    for name, parts in STRUCTURES.items():
        for readers, malignant, other in SIZES:
            for auc_with in (0.85, 0.90):
                study = SimulatedStudy(readers, malignant, other, 0.85, auc_with, parts)
                row = {"structure": name} | run(
                    study, n=options.simulations, n_bootstrap=options.bootstraps,
                    resamples=options.resamples, seed=options.seed,
                )  # fmt: skip
                rows.append(row)
                print(row, flush=True)
    command = (
        f"python benchmarks/reader_study_coverage.py --simulations {options.simulations} "
        f"--bootstraps {options.bootstraps} --resamples {options.resamples} --seed {options.seed}"
    )
    atomic_write_json(options.out, {"command": command, "level": 0.95, "rows": rows})


if __name__ == "__main__":
    main()
