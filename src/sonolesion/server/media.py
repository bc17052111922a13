"""What a file is, by its first bytes; a name or a header of a request is not believed."""

from __future__ import annotations

from sonolesion.imaging.dicom.detect import HEAD_BYTES, is_dicom

UNKNOWN = "application/octet-stream"
_MAGIC = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def media_of(data: bytes) -> str:
    r"""Return the media type of an image's bytes.

    >>> media_of(b"\x89PNG..."), media_of(b"")
    ('image/png', 'application/octet-stream')
    """
    if is_dicom(data[:HEAD_BYTES]):
        return "application/dicom"
    return next((media for magic, media in _MAGIC if data.startswith(magic)), UNKNOWN)
