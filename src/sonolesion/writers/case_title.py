"""What a case is called on pictures and pages, which travel without the folder they lie in."""

from __future__ import annotations

from sonolesion.imaging.dicom import HEAD_BYTES, is_dicom
from sonolesion.imaging.parts import ONLY_PART, ImagePart
from sonolesion.inference.input_bytes import InputBytes

_HASH_DIGITS = 8


def neutral_title(content: InputBytes, part: ImagePart = ONLY_PART) -> str:
    """What to call a DICOM image, whose file may be named after a patient; "" for other files.

    The digits are the first of the file's SHA-256, which stands in the tables: whoever has those
    finds the row and the file of a picture, and nobody else learns a name from it.

    >>> from sonolesion.inference.input_bytes import InputBytes
    >>> content = InputBytes(bytes(128) + b"DICM", 0, "3f9a1c2e77")
    >>> neutral_title(content, ImagePart(2, None, "_frame2"))
    'DICOM image 3f9a1c2e, frame 2'
    """
    if not is_dicom(content.data[:HEAD_BYTES]):
        return ""
    title = f"DICOM image {content.sha256[:_HASH_DIGITS]}"
    return f"{title}, {part.label}" if part.label else title
