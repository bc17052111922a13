"""One part of many inputs, for a job that several machines share.

Shard 3 of 16 takes the third image of every sixteen. The same inputs in the same order give the
same shards on every machine; together they hold each image once, and their sizes differ by one at
most.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sonolesion.errors import InvalidInputError

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of `count` parts.

    Attributes:
        number: which part, 1 to `count`.
        count: parts in all.

    Raises:
        InvalidInputError: `number` is not in 1 to `count`.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InvalidInputError(
                f"shard: expected K/N with 1 <= K <= N, got {self.number}/{self.count}. "
                "The first of sixteen is 1/16, the last 16/16."
            )

    def __str__(self) -> str:
        """Return the text that `parse_shard` reads."""
        return f"{self.number}/{self.count}"

    def take(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Give the items of this part, in their order; none where there are too few.

        >>> list(Shard(2, 3).take("abcdefg"))
        ['b', 'e']
        """
        return itertools.islice(items, self.number - 1, None, self.count)


WHOLE = Shard(1, 1)
"""Everything, as one part."""


def parse_shard(text: str) -> Shard:
    """Read "3/16".

    Raises:
        InvalidInputError: not of the form K/N, or K is not in 1 to N.

    >>> parse_shard("3/16")
    Shard(number=3, count=16)
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if match is None:
        raise InvalidInputError(f"shard: expected K/N such as 3/16, got {text!r}.")
    return Shard(int(match[1]), int(match[2]))
