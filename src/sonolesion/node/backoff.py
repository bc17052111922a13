"""How long to wait before another attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Backoff:
    """Twice as long each time, up to a cap, shortened by chance so that not all come at once.

    Attributes:
        first_s: the longest wait after the first failure.
        cap_s: the longest wait of all.
        chance: where chance comes from.
    """

    first_s: float
    cap_s: float
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row, at least one.

        >>> waits = [Backoff(5.0, 900.0).wait_s(n) for n in (1, 2, 100)]
        >>> 2.5 <= waits[0] <= 5, 5 <= waits[1] <= 10, 450 <= waits[2] <= 900
        (True, True, True)
        """
        doublings = min(failures - 1, 60)
        longest = min(self.cap_s, self.first_s * 2.0**doublings)
        return longest * self.chance.uniform(0.5, 1.0)
