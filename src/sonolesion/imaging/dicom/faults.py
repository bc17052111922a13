"""The one place where faults of pydicom and of decoders become typed refusals.

Their texts are not passed on, and what pydicom would warn of or log meanwhile is kept back: it may
quote a value of the file, and that may be a name.
"""

from __future__ import annotations

import contextlib
import logging
import struct
import zlib
from collections.abc import Iterator
from contextvars import ContextVar

from sonolesion.errors import UnreadableImageError
from sonolesion.imaging.quiet import keep_warnings_back

# what mutated headers and the decoders were seen to raise, beside pydicom's own two that derive
# from Exception; RuntimeError covers RecursionError and NotImplementedError
_FAULTS = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, EOFError,
           RuntimeError, AssertionError, MemoryError, SyntaxError, struct.error, zlib.error,
           Warning)  # fmt: skip

_reading: ContextVar[bool] = ContextVar("sonolesion_reads_dicom", default=False)


class _KeepBack(logging.Filter):
    """Keeps back what pydicom logs while a file is read here, and nothing else."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (_reading.get() and record.name == "pydicom")


_KEEP_BACK = _KeepBack()


@contextlib.contextmanager
def explain_faults(name: str, doing: str) -> Iterator[None]:
    """Turn whatever a parser or decoder raises into `UnreadableImageError`.

    Args:
        name: what to call the file.
        doing: what failed, e.g. "its header".

    Raises:
        UnreadableImageError: damaged; with the kind of fault, without its text.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError

    logging.getLogger("pydicom").addFilter(_KEEP_BACK)
    before = _reading.set(True)
    try:
        with keep_warnings_back():
            yield
    except (*_FAULTS, InvalidDicomError, BytesLengthException) as error:
        raise UnreadableImageError(
            f"{name}: damaged DICOM file ({type(error).__name__} in {doing}). Copy the file again."
        ) from None
    finally:
        _reading.reset(before)


def truncated(name: str, what: str) -> UnreadableImageError:
    """Return the refusal of a file that ends too early."""
    return UnreadableImageError(f"{name}: truncated DICOM file ({what}). Copy the file again.")
