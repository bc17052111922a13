"""Changes of mind from alone to with the model: helped where wrong became right, else harmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonolesion.evaluation.reader_study.study_table import StudyTable

ALL_READERS = "all readers"


@dataclass(frozen=True, slots=True)
class ChangedCalls:
    """Calls of one reader on the cases called in both arms.

    Attributes:
        reader: name, or `ALL_READERS`.
        is_malignant: on malignant cases, else on the others.
        n: pairs of calls.
        right_both, wrong_both: calls that stayed.
        helped: wrong alone, right with the model.
        harmed: right alone, wrong with the model.
    """

    reader: str
    is_malignant: bool
    n: int
    right_both: int
    wrong_both: int
    helped: int
    harmed: int


def count_changes(table: StudyTable) -> tuple[ChangedCalls, ...]:
    """Count changed calls: all readers first, then each; malignant cases first, then the others.

    Returns:
        Nothing where no case was called in both arms.
    """
    if not table.has_both_arms or not np.isfinite(table.call).all(axis=0).any():
        return ()
    rows: list[ChangedCalls] = []
    everyone = list(range(len(table.readers)))
    for name, chosen in (
        (ALL_READERS, everyone),
        *((reader, [r]) for r, reader in enumerate(table.readers)),
    ):
        for malignant in (True, False):
            cases = table.positive == malignant
            calls = table.call[:, chosen][:, :, cases]
            known = np.isfinite(calls).all(axis=0)
            alone, aided = (calls[a][known] == float(malignant) for a in (0, 1))
            rows.append(
                ChangedCalls(
                    reader=name,
                    is_malignant=malignant,
                    n=int(known.sum()),
                    right_both=int((alone & aided).sum()),
                    wrong_both=int((~alone & ~aided).sum()),
                    helped=int((~alone & aided).sum()),
                    harmed=int((alone & ~aided).sum()),
                )
            )
    return tuple(rows)
