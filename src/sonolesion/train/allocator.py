"""Keep freed memory in the process while a network is trained on a CPU.

By default glibc gives each large array back to the system when it is freed, and the next step
faults all its pages in again, which takes a good part of a training step.
"""

from __future__ import annotations

import ctypes
import sys

# mallopt's parameters, malloc.h of glibc
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_NEVER = 2**31 - 1
_GROW_BYTES = 64 * 2**20


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory for the next allocation; True where that took effect.

    Holds for the whole process from now on, whose memory then stays at its peak. Does nothing
    (False) where the C library is another one.

    Source: mallopt(3), Linux man-pages.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    pairs = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _GROW_BYTES))
    answers = [mallopt(option, value) for option, value in pairs]  # each is asked, whatever it says
    return all(answer == 1 for answer in answers)
