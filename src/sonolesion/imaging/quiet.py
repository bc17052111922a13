"""Warnings of decoders kept back, in any number of threads at the same time."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator


class _Quiet:
    """Counts who wants quiet: the first in sets the filter, the last out takes it back.

    `warnings.catch_warnings` alone is not for threads: one that ends puts back the filters that it
    found, and with that ends the quiet of all others, whose warnings may quote a patient's name.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._stack = contextlib.ExitStack()

    def enter(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._n_inside += 1

    def leave(self) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._stack.close()


_QUIET = _Quiet()


@contextlib.contextmanager
def keep_warnings_back() -> Iterator[None]:
    """Show no warning until the end of the block, nor of the blocks of other threads."""
    _QUIET.enter()
    try:
        yield
    finally:
        _QUIET.leave()
