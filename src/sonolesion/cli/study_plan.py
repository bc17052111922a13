"""`sonolesion study --example` and `--plan`: a simulated study, and the power of a planned one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonolesion.cli.run_record import Run

if TYPE_CHECKING:
    from sonolesion.evaluation.reader_study.simulate import SimulatedStudy

ROWS_NAME = "rows.csv"


def planned_study(
    *,
    readers: int,
    cases: int,
    malignant_share: float,
    auc_alone: float,
    difference: float,
    structure: str,
) -> SimulatedStudy:
    """Turn the options into a study to simulate.

    Raises:
        InvalidInputError: an AUC, or the share of malignant cases, is out of range.
    """
    from sonolesion.errors import InvalidInputError
    from sonolesion.evaluation.reader_study.simulate import STRUCTURES, SimulatedStudy

    n_malignant = round(cases * malignant_share)
    if not 2 <= n_malignant <= cases - 2:
        raise InvalidInputError(
            f"--malignant-share {malignant_share:g} of {cases} cases: gives {n_malignant} "
            "malignant cases, expected at least 2 malignant and 2 others."
        )
    return SimulatedStudy(
        n_readers=readers,
        n_malignant=n_malignant,
        n_other=cases - n_malignant,
        auc_alone=auc_alone,
        auc_with=auc_alone + difference,
        parts=STRUCTURES[structure],
    )


def write_example(
    run: Run, study: SimulatedStudy, out: Path, *, seed: int, overwrite: bool
) -> None:
    """Write a simulated rows.csv into `out`.

    Raises:
        OutputExistsError: there is one already.
    """
    from sonolesion.errors import OutputExistsError
    from sonolesion.evaluation.reader_study.simulate import simulate_reads
    from sonolesion.evaluation.reader_study.study_tables import write_reads

    path = out / ROWS_NAME
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path}: is there already. Choose another folder or --overwrite.")
    reads = simulate_reads(study, seed=seed)
    write_reads(path, reads)
    run.result({
        "rows": path, "reads": len(reads), "readers": study.n_readers,
        "malignant": study.n_malignant, "other": study.n_other,
        "true_auc_alone": study.auc_alone, "true_auc_with": study.auc_with,
    })  # fmt: skip
    run.print(
        f"{len(reads)} simulated reads of {study.n_readers} readers in {path}; true AUC "
        f"{study.auc_alone:.3f} alone, {study.auc_with:.3f} with the model. Nobody has read them.",
        f"Next: sonolesion study {path} -o study",
    )


def print_plan(run: Run, study: SimulatedStudy, *, simulations: int, seed: int) -> None:
    """Simulate the planned study and say how often it shows the difference."""
    from sonolesion.evaluation.reader_study.power import estimate_power

    with run.progress("Simulating studies", total=simulations) as bar:
        found = estimate_power(study, n_simulations=simulations, seed=seed, progress=bar.advance)
    power = found.power
    run.result({
        "readers": study.n_readers, "malignant": study.n_malignant, "other": study.n_other,
        "auc_alone": study.auc_alone, "auc_with": study.auc_with, "alpha": found.alpha,
        "power": power.value, "low": power.low, "high": power.high, "simulations": simulations,
        "mean_width": found.mean_width, "undefined": found.n_undefined, "seed": seed,
    })  # fmt: skip
    run.print(
        f"{study.n_readers} readers, {study.n_malignant} malignant and {study.n_other} other "
        f"cases, AUC {study.auc_alone:.3f} alone and {study.auc_with:.3f} with the model:",
        f"p < {found.alpha:g} in {100 * power.value:.0f} % of {simulations} simulated studies "
        f"(95 % interval {100 * power.low:.0f} to {100 * power.high:.0f} %).",
        f"The 95 % interval of the difference is {found.mean_width:.3f} wide on average. "
        "The variances are assumed, not those of your readers: --structure shows how much "
        "that matters.",
    )
