"""What several routes say of themselves alike: parameters, bodies, errors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.spacing import parse_spacing
from sonolesion.server.messages import ID_PATTERN, READER_PATTERN, ErrorBody
from sonolesion.server.uploads import MEDIA_TYPES

SOMEBODY = "somebody"
"""Stands in the audit log where a request named no reader."""

Responses = dict[int | str, dict[str, Any]]

CaseIdPath = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the case.")]
Reader = Annotated[
    str | None, Query(pattern=READER_PATTERN, max_length=80, description="Who reads.")
]
ReaderNeeded = Annotated[
    str, Query(pattern=READER_PATTERN, max_length=80, description="Who reads.")
]
StudyQuery = Annotated[
    str | None, Query(pattern=ID_PATTERN, description="The study in which it is asked.")
]
Frame = Annotated[
    int | None, Query(ge=1, le=100_000, description="Frame or page of a file of several, from 1.")
]
View = Annotated[
    int | None, Query(ge=1, le=100, description="2D image of a DICOM frame of several, from 1.")
]
Spacing = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,9})?(x[0-9]{1,3}(\.[0-9]{1,9})?)?$",
        description="Size of a pixel in mm, or ROWxCOL, in place of what the file says.",
    ),
]
BundleName = Annotated[
    str | None, Query(max_length=100, description="Name of the model; default the desk's own.")
]

IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The image itself, or a form with one part named file.",
        "content": {
            **{media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "label": {"type": "string", "maxLength": 200},
                    },
                    "required": ["file"],
                }
            },
        },
    }
}
PNG_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The mask as PNG at the picture's size; lesion where it is bright.",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_MEANINGS = {
    400: "A wrong parameter, body or form.",
    401: "The token is missing or wrong.",
    403: "Sent by another site, or to another name.",
    404: "There is no such thing.",
    405: "Not possible at this path.",
    408: "The body took too long to come.",
    409: "Not in this state: not read yet, the own read comes first, or no such answer to this.",
    413: "Over 32 MB.",
    422: "The image cannot be used.",
    500: "A fault of the server.",
    501: "DICOM, and the extra for it is not installed.",
    503: "The queue is full; Retry-After says when to try again.",
    507: "The disk is full or not writable.",
}
_EVERYWHERE = (400, 401, 403, 408, 413, 500, 503)


def errors(*statuses: int) -> Responses:
    """Describe the errors of a route: those of every route, and `statuses`."""
    found = sorted({*_EVERYWHERE, *statuses})
    return {status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in found}


def file_answer(media: str, *statuses: int) -> Responses:
    """Describe an answer that is a file, and the errors of its route."""
    schema = {"type": "string", "format": "binary"}
    return answered(media, schema, "The file.") | errors(*statuses)


def answered(media: str, schema: dict[str, Any], description: str) -> Responses:
    """Describe an answer 200 of another kind than JSON of a model."""
    return {200: {"content": {media: {"schema": schema}}, "description": description}}


def spacing_of(text: str | None) -> tuple[float, float] | None:
    """Read the size of a pixel.

    Raises:
        InvalidInputError: not above 0 and at most 10 mm.
    """
    if text is None:
        return None
    try:
        return parse_spacing(text)
    except InvalidInputError as error:
        raise InvalidInputError(f"mm_per_px: {error.message}") from None
