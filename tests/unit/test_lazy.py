from __future__ import annotations

import subprocess
import sys

import pytest

import sonolesion.metrics
from sonolesion.lazy import lend_names

PROGRAM = """
import sys
import sonolesion.metrics
before = {m for m in sys.modules if m.startswith("sonolesion.metrics.")}
sonolesion.metrics.wilson_interval
after = {m for m in sys.modules if m.startswith("sonolesion.metrics.")}
print(len(before), sorted(after))
"""


def test_a_name_imports_its_own_module_and_no_other() -> None:
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    before, after = done.stdout.split(maxsplit=1)
    assert before == "0"
    assert after == "['sonolesion.metrics._arguments', 'sonolesion.metrics.interval']\n"


@pytest.mark.parametrize("name", sonolesion.metrics.__all__)
def test_every_name_of_the_metrics_is_there(name: str) -> None:
    assert getattr(sonolesion.metrics, name).__module__.startswith("sonolesion.metrics.")


def test_another_name_is_refused_as_python_does() -> None:
    get = lend_names("a.package", {"json": ("loads",)})
    with pytest.raises(AttributeError, match=r"module 'a\.package' has no attribute 'dumps'"):
        get("dumps")
