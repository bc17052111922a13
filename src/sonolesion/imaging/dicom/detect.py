"""Is it DICOM? From the first bytes, without pydicom."""

from __future__ import annotations

import struct
from pathlib import Path

DICOM_SUFFIXES = (".dcm", ".dicom")
HEAD_BYTES = 132
_FIRST_GROUPS = (0x0002, 0x0008)
_MAX_FIRST_ELEMENT = 0x0070
_MAX_FIRST_LENGTH = 256
_VALUE_TYPES = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)


def is_dicom(head: bytes) -> bool:
    """Whether a file with these first 132 bytes is DICOM.

    With the preamble the letters "DICM" say so; without it the first element has to be one that
    a data set begins with: of group 0002 or 0008, with a known type, or short where the type is
    left out (implicit).

    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"GIF89a")
    (True, False)
    """
    if head[128:132] == b"DICM":
        return True
    return len(head) >= 8 and (_begins_data_set(head, "<") or _begins_data_set(head, ">"))


def is_dicom_file(path: Path | str) -> bool:
    """Whether the file's content is DICOM; False for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return is_dicom(file.read(HEAD_BYTES))
    except (OSError, ValueError):  # ValueError: a name with a null character
        return False


def _begins_data_set(head: bytes, order: str) -> bool:
    group, element, value_type, length = struct.unpack_from(f"{order}HH2sH", head)
    if group not in _FIRST_GROUPS or element > _MAX_FIRST_ELEMENT:
        return False
    if value_type in _VALUE_TYPES:
        return bool(length <= _MAX_FIRST_LENGTH)
    (length,) = struct.unpack_from("<I", head, 4)
    return order == "<" and length <= _MAX_FIRST_LENGTH and length % 2 == 0
