"""Time two ways of doing a thing, each in a process of its own, taking turns (A B A B ...).

A noisy machine then hits both alike, thread pools and allocators of one do not disturb the other,
and the ratio of each pair is what counts. Threads that have nothing to do spin for a while and take
a core from whoever comes next, so each side waits until those of the other sleep, and takes one
step before the one that is timed, as its caches are the other's by then.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

QUIET_S = 0.25

Step = Callable[[], None]


def time_turns(
    sides: Mapping[str, Callable[[], tuple[Step, str]]], *, pairs: int, warm_up: int = 2
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Let the sides take turns.

    Args:
        sides: name -> function of a module that makes the step and says what it is; called in
            the side's own process.
        pairs: rounds that are timed.
        warm_up: rounds before, which are not.

    Returns:
        Seconds of each step, by side; and what each side said it is.
    """
    context = multiprocessing.get_context("spawn")
    ends: dict[str, Connection] = {}
    kinds: dict[str, str] = {}
    for name, make in sides.items():
        ends[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(make, theirs), daemon=True).start()
        kinds[name] = ends[name].recv()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(pairs + warm_up):
        for name, end in ends.items():
            end.send(True)
            taken = end.recv()
            if turn >= warm_up:
                seconds[name].append(taken)
    for end in ends.values():
        end.send(False)
    return seconds, kinds


def time_quietly(step: Callable[[], object]) -> float:
    """Seconds of a step after a warm one, once the threads of the other side sleep."""
    time.sleep(QUIET_S)
    step()
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def ratio_figures(slow: list[float], quick: list[float]) -> dict[str, Any]:
    """Median, least and largest ratio over the pairs, and their number."""
    ratios = np.array(slow) / np.array(quick)
    return {
        "n_pairs": len(ratios),
        "ratio_median": round(float(np.median(ratios)), 3),
        "ratio_min": round(float(ratios.min()), 3),
        "ratio_max": round(float(ratios.max()), 3),
    }


def _serve(make: Callable[[], tuple[Step, str]], connection: Connection) -> None:
    step, kind = make()
    connection.send(kind)
    while connection.recv():
        connection.send(time_quietly(step))
