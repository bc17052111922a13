from __future__ import annotations

import threading
import warnings

import pytest

from sonolesion.imaging.quiet import keep_warnings_back


def test_the_first_thread_out_does_not_end_the_quiet_of_another() -> None:
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    raised: list[Warning] = []

    def first() -> None:
        with keep_warnings_back():
            first_is_in.set()
            second_is_in.wait(10)
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with keep_warnings_back():
            second_is_in.set()
            first_is_out.wait(10)
            try:
                warnings.warn("a name", stacklevel=1)
            except UserWarning as warning:
                raised.append(warning)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not raised


def test_afterwards_warnings_are_what_they_were() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="odd"), keep_warnings_back(), keep_warnings_back():
        raise ValueError("odd")
    assert list(warnings.filters) == before
