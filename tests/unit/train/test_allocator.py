from __future__ import annotations

import subprocess
import sys

import pytest

_MEASURE = """
import mmap, resource
import numpy as np
from sonolesion.train.allocator import keep_freed_memory
kept = keep_freed_memory()
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(64 * 2**20, np.uint8)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(kept, faults[-1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's mallopt is on Linux")
def test_a_freed_array_is_taken_again_without_page_faults() -> None:
    # in a process of its own: the setting holds for a whole process
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True
    )
    kept, faults = done.stdout.split()
    if kept == "False":
        pytest.skip("this C library has no mallopt")
    # 64 MiB are 16,384 pages (32 with huge pages); without the setting each array faults anew
    assert int(faults) < 16
