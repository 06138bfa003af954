"""Whose turn it is: of many things to do, one that waits for nothing any more."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable


class Turns:
    """Things by number, each of which waits for others ahead of it."""

    def __init__(self) -> None:
        self._missing: list[int] = []
        self._behind: list[list[int]] = []
        self._ready: list[int] = []
        self._over: set[int] = set()

    def add(self, waits: Iterable[Collection[int]]) -> None:
        """More of them, numbered on; of each the numbers of those that it waits for."""
        for ahead in waits:
            number = len(self._missing)
            left = set(ahead) - self._over
            for other in left:
                self._behind[other].append(number)
            self._missing.append(len(left))
            self._behind.append([])
            if not left:
                heapq.heappush(self._ready, number)

    def take(self) -> int | None:
        """The first one that may start now; ``None`` where all that are left wait."""
        return heapq.heappop(self._ready) if self._ready else None

    def ended(self, number: int) -> None:
        """One that was taken has come to its end."""
        self._over.add(number)
        for other in self._behind[number]:
            self._missing[other] -= 1
            if not self._missing[other]:
                heapq.heappush(self._ready, other)
