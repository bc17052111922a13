"""How many images at the same time, and how many threads for each."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How the cores are shared out.

    Attributes:
        workers: images processed at the same time, at least 1.
        threads: threads of one network run, at least 1.
    """

    workers: int
    threads: int


def count_cores() -> int:
    """Cores that this process may use, at least 1; fewer than the machine's where it is bound."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def plan_concurrency(
    n_files: int, *, workers: int = 0, threads: int = 0, cores: int | None = None
) -> Concurrency:
    """Choose what was left open: many images one per core, a single image on all cores.

    Runs with one thread each never wait for one another, and reading, network and writing of
    different images overlap; benchmarks/batch_throughput.py measures it.

    Args:
        n_files: images to process.
        workers: images at the same time; 0 to choose.
        threads: threads of one network run; 0 to choose.
        cores: cores to share out; None for those there are.

    >>> plan_concurrency(1000, cores=8)
    Concurrency(workers=8, threads=1)
    >>> plan_concurrency(1, cores=8)
    Concurrency(workers=1, threads=8)
    >>> plan_concurrency(1000, threads=2, cores=8)
    Concurrency(workers=4, threads=2)
    """
    cores = count_cores() if cores is None else cores
    if not workers:
        workers = max(1, min(n_files, cores // threads if threads else cores))
    return Concurrency(workers, threads or max(1, cores // workers))
