"""Files of answers as HTTP answers."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from sonolesion.server.tasks import FILE_MEDIA, TaskKind, TaskResult

REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A report carries its styles and pictures in itself; it can run and fetch nothing."""

CAPTION_HEADER = "X-Sonolesion-Caption"
_DOWNLOADS = (TaskKind.PDF_REPORT, TaskKind.SEG, TaskKind.SR, TaskKind.SC)


def file_response(kind: TaskKind, result: TaskResult, *, name: str = "result") -> Response:
    """Make the answer of a task whose result is one file."""
    headers: dict[str, str] = {}
    if kind is TaskKind.HTML_REPORT:
        headers["Content-Security-Policy"] = REPORT_POLICY
    if kind in _DOWNLOADS:
        headers["Content-Disposition"] = f'attachment; filename="{name}-{kind.value}"'
    caption = result.values.get("caption")
    if caption:
        headers[CAPTION_HEADER] = quote(str(caption), safe=" ,.;:()+-")
    return Response(result.blobs[0], media_type=FILE_MEDIA[kind], headers=headers)


def png_response(data: bytes) -> Response:
    """Make the answer that is a picture."""
    return Response(data, media_type="image/png")
