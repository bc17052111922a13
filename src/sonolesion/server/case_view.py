"""A case as one reader may see it: nothing of the model's answer before their own read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from sonolesion.errors import NotFoundError, OwnReadFirstError
from sonolesion.server.messages import CaseAnswerBody, CaseBody, ErrorDetail
from sonolesion.store.cases import CaseRecord
from sonolesion.store.outlines import cases_with_outline
from sonolesion.store.reads import ReadKind, kinds_by_case, read_kinds, require_own_read
from sonolesion.store.settings import read_settings
from sonolesion.store.studies import Arm, cases_read_alone, next_read


def require_answer(
    connection: Connection, case: CaseRecord, *, reader: str | None, study: str | None = None
) -> None:
    """Check that a reader may see the model's answer to a case.

    Args:
        connection: any.
        case: the case.
        reader: who asks; None for one who does not say.
        study: the study in which they ask.

    Raises:
        OwnReadFirstError: not before their own read.
    """
    if reader is not None and study is not None:
        asked = next_read(connection, study, reader)
        if (asked.case_id, asked.arm) == (case.id, Arm.WITH):
            return
    if reader is not None and case.id in cases_read_alone(connection, reader):
        raise OwnReadFirstError(
            "this reader still has to read the case alone in a study; the model's answer is given "
            "after that."
        )
    if read_settings(connection).own_read_first:
        require_own_read(connection, case.id, reader)


def view_case(
    connection: Connection, case: CaseRecord, *, reader: str | None, study: str | None = None
) -> CaseBody:
    """Show one case to a reader."""
    kinds = frozenset() if reader is None else read_kinds(connection, case.id, reader)
    try:
        require_answer(connection, case, reader=reader, study=study)
        covered = False
    except (OwnReadFirstError, NotFoundError):
        covered = True
    is_edited = case.id in cases_with_outline(connection)
    return _show(case, kinds, is_covered=covered, is_edited=is_edited)


def view_cases(
    connection: Connection, cases: Sequence[CaseRecord], *, reader: str | None
) -> list[CaseBody]:
    """Show a list of cases to a reader."""
    own_first = read_settings(connection).own_read_first
    kinds = {} if reader is None else kinds_by_case(connection, reader)
    alone = frozenset() if reader is None else cases_read_alone(connection, reader)
    edited = cases_with_outline(connection)
    shown = []
    for case in cases:
        of_case = kinds.get(case.id, frozenset())
        covered = case.id in alone or (own_first and ReadKind.OWN_READ not in of_case)
        shown.append(_show(case, of_case, is_covered=covered, is_edited=case.id in edited))
    return shown


def _show(
    case: CaseRecord, kinds: frozenset[ReadKind], *, is_covered: bool, is_edited: bool
) -> CaseBody:
    row = case.prediction or {}
    spacing = list(case.spacing_mm) if case.spacing_mm else row.get("spacing_mm")
    answer = None
    if row and not is_covered:
        names = ("label", "confidence", "class_prob", "unsure", "malignant_alert")
        answer = CaseAnswerBody(**{name: row[name] for name in names})
    error = None
    if case.error_code is not None:
        error = ErrorDetail(id=case.error_code, message=case.error_message or "")
    return CaseBody(
        id=case.id,
        label=case.label,
        state=case.state.value,
        created=case.created_at,
        width_px=row.get("width_px"),
        height_px=row.get("height_px"),
        spacing_mm=spacing,
        spacing_source="hand" if case.spacing_mm else "file" if spacing else "none",
        earlier=case.earlier_id,
        frame=case.frame,
        view=case.view,
        media=case.media,
        bundle=case.bundle,
        error=error,
        notes=list(case.notes),
        is_edited=is_edited,
        own_read_done=ReadKind.OWN_READ in kinds,
        final_read_done=ReadKind.FINAL_READ in kinds,
        answer=answer,
    )
