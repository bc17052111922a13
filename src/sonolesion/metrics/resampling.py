"""Drawing groups of cases with replacement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import describe

_BLOCK_ENTRIES = 1 << 20  # int64 entries held at once: 8 MiB


@dataclass(frozen=True, slots=True)
class Groups:
    """Which case belongs to which group.

    Attributes:
        index: int64 (N,), each case's group in [0, G).
        order: int64 (N,), the cases sorted by group.
        starts: int64 (G,), where each group begins in `order`.
        counts: int64 (G,), cases of each group, at least 1.
    """

    index: NDArray[np.int64]
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def n_cases(self) -> int:
        """Number of cases N."""
        return len(self.index)

    @property
    def n_groups(self) -> int:
        """Number of groups G."""
        return len(self.counts)

    def cases_of(self, drawn: NDArray[np.int64]) -> NDArray[np.int64]:
        """List all cases of the groups drawn, int64 (K,) with repeats, as int64 case indices."""
        lengths = self.counts[drawn]
        begins = np.cumsum(lengths) - lengths  # where each drawn group begins in the result
        offsets = np.repeat(self.starts[drawn] - begins, lengths)
        return self.order[offsets + np.arange(int(lengths.sum()))]


def read_groups(groups: Sequence[str] | Sequence[int] | NDArray[np.generic]) -> Groups:
    """Sort cases by group; group g is the g-th distinct name in sorted order.

    Args:
        groups: (N,) strings or integers, one per case.

    Returns:
        The groups; none for N = 0.

    Raises:
        InvalidInputError: not one-dimensional, or neither strings nor integers.

    >>> read_groups(["b", "a", "b"]).cases_of(np.array([1, 1, 0])).tolist()
    [0, 2, 0, 2, 1]
    """
    names = np.asarray(groups)
    if names.ndim != 1 or (names.size and names.dtype.kind not in "iuU"):
        raise InvalidInputError(
            f"groups: expected strings or integers (N,), one per case, got {describe(names)}."
        )
    _, index, counts = np.unique(names, return_inverse=True, return_counts=True)
    return Groups(
        index=index.astype(np.int64),
        order=np.argsort(index, kind="stable"),
        starts=np.cumsum(counts) - counts,
        counts=counts,
    )


def draw_groups(
    n_groups: int, *, n_resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Draw `n_groups` of `n_groups` with replacement, `n_resamples` times, in blocks of rows.

    Yields:
        int64 (R, n_groups) with entries in [0, n_groups); the rows R add up to n_resamples.

    >>> [b.shape for b in draw_groups(3, n_resamples=5, rng=np.random.default_rng(0))]
    [(5, 3)]
    """
    rows = max(1, _BLOCK_ENTRIES // n_groups)
    for done in range(0, n_resamples, rows):
        yield rng.integers(n_groups, size=(min(rows, n_resamples - done), n_groups))
