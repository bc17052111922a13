"""A stored case as input for a worker: its image, and the outline that counts."""

from __future__ import annotations

from sqlalchemy import Connection

from sonolesion.errors import ConflictError
from sonolesion.server.tasks import ImageInput
from sonolesion.store.cases import CaseRecord, CaseState
from sonolesion.store.database import Desk
from sonolesion.store.outlines import newest_outline


def require_read(case: CaseRecord) -> None:
    """Check that a case was read by the model.

    Raises:
        ConflictError: it waits, is being read, or was refused.
    """
    if case.state is CaseState.REFUSED:
        raise ConflictError(f"the case was refused ({case.error_code}): {case.error_message}")
    if case.state is not CaseState.READ:
        raise ConflictError("the model has not read this case yet. Try again in a moment.")


def case_input(
    connection: Connection, desk: Desk, case: CaseRecord, *, is_edited: bool = True
) -> ImageInput:
    """Return the image of a case, with the edited outline where there is one and it is wanted."""
    outline = newest_outline(connection, case.id) if is_edited else None
    mask_png = None
    if outline is not None and outline.mask_sha256 is not None:
        mask_png = desk.masks.get(outline.mask_sha256)
    return ImageInput(
        data=desk.images.get(case.image_sha256),
        name=f"case {case.id}",
        frame=case.frame,
        view=case.view,
        spacing_mm=case.spacing_mm,
        mask_png=mask_png,
    )
