from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from sonolesion.writers.ordered_map import map_ordered


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    def slow_for_even(number: int) -> int:
        time.sleep(0.002 * (number % 2 == 0))
        return number * number

    assert list(map_ordered(slow_for_even, range(40), workers=workers)) == [
        n * n for n in range(40)
    ]


@pytest.mark.parametrize("workers", [1, 3])
def test_few_items_are_taken_ahead(workers: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = map_ordered(str, items(), workers=workers)
    for given in range(1, 50):
        next(results)
        assert taken - given <= 4 * workers
    results.close()  # type: ignore[attr-defined]


def test_an_error_comes_in_its_turn_and_the_rest_is_not_begun() -> None:
    begun: set[int] = set()
    lock = threading.Lock()

    def fail_at_three(number: int) -> int:
        with lock:
            begun.add(number)
        if number == 3:
            raise ValueError("three")
        return number

    results = map_ordered(fail_at_three, range(1000), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert len(begun) <= 3 + 8 + 1


def test_nothing_gives_nothing() -> None:
    assert list(map_ordered(str, [], workers=2)) == []
