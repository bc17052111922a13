"""Normals from lesion images: the lesion covered with tissue of the same image, and controls.

::

    marks -> cover (what to hide) -> room (where tissue is) -> fill (without a seam) = patch
    derive (one case: erased, control) -> erase (a whole prepared folder)
"""

from sonolesion.data.erase.erase import EraseResult, EraseSettings, erase
from sonolesion.data.erase.record import SkippedCase

__all__ = ["EraseResult", "EraseSettings", "SkippedCase", "erase"]
