"""Work in several threads over any number of items, with few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_AHEAD = 4
"""Items begun or waiting for each worker: enough that a slow one does not stop the others."""


def map_ordered(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int
) -> Iterator[_Result]:
    """Apply `function` in `workers` threads and give the results in the order of `items`.

    At most four items for each worker are begun and not yet given out, so memory does not grow
    with their number. An error of one item is raised in its turn; what was begun is finished,
    the rest is not begun.

    Args:
        function: called once for each item; with one worker in the calling thread.
        items: taken lazily.
        workers: at least 1.
    """
    if workers == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="predict")
    pending: deque[Future[_Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= workers * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
