"""The one place where faults of pydicom and of decoders become typed refusals.

Their texts are not passed on: they may quote a value of the file, and that may be a name.
"""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator

from sonolesion.errors import UnreadableImageError

# what 400 mutated headers and the decoders were seen to raise; InvalidDicomError is an Exception
# of its own, and RuntimeError covers RecursionError and NotImplementedError
_FAULTS = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, EOFError,
           RuntimeError, AssertionError, MemoryError, SyntaxError, struct.error, zlib.error,
           Warning)  # fmt: skip


@contextlib.contextmanager
def explain_faults(name: str, doing: str) -> Iterator[None]:
    """Turn whatever a parser or decoder raises into `UnreadableImageError`.

    Args:
        name: what to call the file.
        doing: what failed, e.g. "its header".

    Raises:
        UnreadableImageError: damaged; with the kind of fault, without its text.
    """
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (*_FAULTS, InvalidDicomError) as error:
        raise UnreadableImageError(
            f"{name}: damaged DICOM file ({type(error).__name__} in {doing}). Copy the file again."
        ) from None


def truncated(name: str, what: str) -> UnreadableImageError:
    """Return the refusal of a file that ends too early."""
    return UnreadableImageError(f"{name}: truncated DICOM file ({what}). Copy the file again.")
