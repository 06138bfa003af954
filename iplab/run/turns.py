"""Whose turn it is: of many things to do, one that waits for nothing any more."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence


class Turns:
    """Things by number, each of which waits for others ahead of it."""

    def __init__(self, waits: Sequence[Collection[int]]) -> None:
        self._missing = [len(ahead) for ahead in waits]
        self._behind: list[list[int]] = [[] for _ in waits]
        for number, ahead in enumerate(waits):
            for other in ahead:
                self._behind[other].append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]

    def take(self) -> int | None:
        """The first one that may start now; ``None`` where all that are left wait."""
        return heapq.heappop(self._ready) if self._ready else None

    def ended(self, number: int) -> None:
        """One that was taken has come to its end."""
        for other in self._behind[number]:
            self._missing[other] -= 1
            if not self._missing[other]:
                heapq.heappush(self._ready, other)
