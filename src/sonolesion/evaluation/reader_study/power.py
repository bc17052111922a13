"""How likely a planned study is to show a difference, by simulating it many times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sonolesion.evaluation.reader_study.obuchowski_rockette import analyse
from sonolesion.evaluation.reader_study.reader_values import auc_values
from sonolesion.evaluation.reader_study.simulate import SimulatedStudy, simulate_scores
from sonolesion.metrics import Interval, wilson_interval


@dataclass(frozen=True, slots=True)
class PowerEstimate:
    """What the simulated studies showed.

    Attributes:
        study: what was simulated.
        alpha: p below this counts as shown.
        power: share of simulated studies in which the difference was shown, in the right
            direction where there is one; with its interval from the number of simulations.
        mean_difference: mean estimated difference of the AUCs.
        mean_width: mean width of the 95 % interval of the difference.
        n_undefined: simulated studies without a test (nothing varied); counted as not shown.
    """

    study: SimulatedStudy
    alpha: float
    power: Interval
    mean_difference: float
    mean_width: float
    n_undefined: int


def estimate_power(
    study: SimulatedStudy,
    *,
    n_simulations: int = 1000,
    seed: int = 42,
    alpha: float = 0.05,
    progress: Callable[[], None] | None = None,
) -> PowerEstimate:
    """Simulate a fully crossed study and analyse each one as a real one.

    Args:
        study: readers, cases, true AUCs and variances. With equal AUCs the power is the rate of
            false alarms, which should lie near alpha.
        n_simulations: studies to simulate, at least 1.
        seed: of the simulations.
        alpha: p below this counts as shown.
        progress: called after each simulated study.
    """
    rng = np.random.default_rng(seed)
    shown = undefined = 0
    differences, widths = [], []
    expected = study.auc_with - study.auc_alone
    for _ in range(n_simulations):
        found = analyse(auc_values(simulate_scores(study, rng), study.positive)).difference
        if found is None or np.isnan(found.p):
            undefined += 1
        else:
            right = expected == 0.0 or found.value * expected > 0.0
            shown += int(found.p < alpha and right)
            differences.append(found.value)
            widths.append(found.high - found.low)
        if progress:
            progress()
    return PowerEstimate(
        study=study,
        alpha=alpha,
        power=wilson_interval(shown, n_simulations),
        mean_difference=float(np.mean(differences)) if differences else float("nan"),
        mean_width=float(np.mean(widths)) if widths else float("nan"),
        n_undefined=undefined,
    )
