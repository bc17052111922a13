"""The image of a request: the body itself, or one part of a form; kept in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from sonolesion.errors import MalformedRequestError
from sonolesion.server.media import media_of
from sonolesion.server.settings import MAX_BODY_BYTES

MEDIA_TYPES = (
    "application/octet-stream", "application/dicom", "image/png", "image/jpeg", "image/bmp",
    "image/tiff",
)  # fmt: skip
MAX_FIELDS = 8
_MAX_FIELD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Upload:
    """What came.

    Attributes:
        data: the image's bytes; its file name was not even kept.
        fields: further fields of the form, as text.
    """

    data: bytes
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def media(self) -> str:
        """What the first bytes say that it is; nothing else is asked."""
        return media_of(self.data)


class _InMemoryParser(MultiPartParser):
    """Keeps files in memory: an upload never lies in a temporary folder."""

    spool_max_size = MAX_BODY_BYTES + 1
    max_file_size = MAX_BODY_BYTES + 1


async def read_upload(request: Request) -> Upload:
    """Read the image of a request.

    Raises:
        MalformedRequestError: another media type, no file, several, or too many fields.
        TooLargeError: the body is over the limit.
    """
    kind = request.headers.get("content-type", MEDIA_TYPES[0]).partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request)
    if kind not in MEDIA_TYPES:
        raise MalformedRequestError(
            f"expected the image itself ({', '.join(MEDIA_TYPES)}) or a form "
            "(multipart/form-data) with a part named file."
        )
    return Upload(await request.body())


async def _read_form(request: Request) -> Upload:
    parser = _InMemoryParser(
        request.headers,
        request.stream(),
        max_files=1,
        max_fields=MAX_FIELDS,
        max_part_size=_MAX_FIELD_BYTES,
    )
    try:
        form: FormData = await parser.parse()
    except (MultiPartException, KeyError, ValueError, LookupError) as error:
        raise MalformedRequestError(
            f"the form cannot be read: expected one part named file and at most {MAX_FIELDS} "
            "short fields."
        ) from error
    try:
        return await _take(form)
    finally:
        await form.close()


async def _take(form: FormData) -> Upload:
    files = [value for value in form.getlist("file") if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise MalformedRequestError("the form has no part named file that is a file.")
    fields: dict[str, Any] = {n: v for n, v in form.multi_items() if isinstance(v, str)}
    return Upload(await files[0].read(), fields)
