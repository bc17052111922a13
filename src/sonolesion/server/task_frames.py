"""Tasks and results as messages, and errors that cross from a worker to the server."""

from __future__ import annotations

from typing import Any

from sonolesion import errors
from sonolesion.bundle import Precision
from sonolesion.errors import ImageError, InvalidInputError, SonolesionError
from sonolesion.server.frames import Frame
from sonolesion.server.tasks import ImageInput, Task, TaskKind, TaskResult

_CLASSES: dict[str, type[SonolesionError]] = {
    getattr(errors, name).code: getattr(errors, name) for name in errors.__all__
}


def task_to_frame(task: Task) -> Frame:
    """Pack a task."""
    blobs: list[bytes] = []
    images = [_pack(image, blobs) for image in (task.image, task.earlier) if image is not None]
    values = {
        "kind": task.kind.value,
        "bundle": task.bundle,
        "precision": task.precision.value,
        "images": images,
        "options": dict(task.options),
    }
    return Frame(values, tuple(blobs))


def task_from_frame(frame: Frame) -> Task:
    """Unpack what `task_to_frame` packed."""
    images = [_unpack(values, frame.blobs) for values in frame.values["images"]]
    return Task(
        kind=TaskKind(frame.values["kind"]),
        image=images[0],
        earlier=images[1] if len(images) > 1 else None,
        bundle=frame.values["bundle"],
        precision=Precision(frame.values["precision"]),
        options=frame.values["options"],
    )


def result_to_frame(result: TaskResult) -> Frame:
    """Pack a result."""
    return Frame({"result": dict(result.values)}, result.blobs)


def error_to_frame(error: SonolesionError) -> Frame:
    """Pack an error: its id and message."""
    return Frame({"error": {"code": error.code, "message": error.message}})


def result_from_frame(frame: Frame) -> TaskResult:
    """Unpack a result, or raise the error that was packed in its place.

    Raises:
        SonolesionError: of the class that the worker raised.
    """
    failed = frame.values.get("error")
    if failed is not None:
        kind = _CLASSES.get(str(failed["code"]), ImageError)
        raise kind(str(failed["message"]))
    return TaskResult(frame.values["result"], frame.blobs)


def _pack(image: ImageInput, blobs: list[bytes]) -> dict[str, Any]:
    blobs.append(image.data)
    if image.mask_png is not None:
        blobs.append(image.mask_png)
    return {
        "name": image.name,
        "frame": image.frame,
        "view": image.view,
        "spacing_mm": image.spacing_mm,
        "at": len(blobs) - 1 - (image.mask_png is not None),
        "has_mask": image.mask_png is not None,
    }


def _unpack(values: dict[str, Any], blobs: tuple[bytes, ...]) -> ImageInput:
    at, spacing = int(values["at"]), values["spacing_mm"]
    if spacing is not None and len(spacing) != 2:
        raise InvalidInputError("spacing: expected two numbers (row, col).")
    return ImageInput(
        data=blobs[at],
        name=values["name"],
        frame=values["frame"],
        view=values["view"],
        spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        mask_png=blobs[at + 1] if values["has_mask"] else None,
    )
