"""The faults of one lab file, gathered with their places in the file as its author sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from iplab.errors import BadName, LabError, Problem
from iplab.lab.near import did_you_mean
from iplab.lab.syntax import Fault
from iplab.lab.tree import Path, Twig

if TYPE_CHECKING:
    from iplab.lab.provenance import Provenance  # which imports Jinja2

_MAX_MESSAGE = 400
_MAX_GUESSES = 50  # a did-you-mean compares with every name there is


class Report:
    """Where problems go.  ``tree`` gives them their places, ``provenance`` the template's."""

    def __init__(self, file: str, provenance: Provenance | None = None) -> None:
        self.file = file
        self.tree = Twig(1, 1, {})
        self.problems: list[Problem] = []
        self._provenance = provenance
        self._guesses = 0
        self._orders: dict[Path, tuple[int, int]] = {}

    def add(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        """A problem with the value at ``path``, or with its key."""
        line, column = self._spot(path, key=key)
        self.fault(Fault(line, column, message, hint))

    def bad(self, path: Path, error: BadName, *, key: bool = False) -> None:
        """A problem as a check of one word tells it."""
        self.add(path, error.message, error.hint, key=key)

    def fault(self, fault: Fault) -> None:
        """A problem at a place of the YAML text."""
        line, column, came = fault.line, fault.column, ""
        if self._provenance:
            line, column, came = self._provenance.locate(line, column)
        message = _shorten(fault.message) + (f" ({came})" if came else "")
        self.problems.append(Problem(self.file, line, column, message, _shorten(fault.hint)))

    def line(self, path: Path) -> int:
        """The line of the file in which the key (or list item) at ``path`` stands."""
        line, column = self.order(path)
        return self._provenance.locate(line, column)[0] if self._provenance else line

    def order(self, path: Path) -> tuple[int, int]:
        """Where the key at ``path`` stands in the YAML text: what comes first is less."""
        found = self._orders.get(path)
        if found is None:
            found = self._orders[path] = self._spot(path, key=True)
        return found

    def near(self, word: str, candidates: Iterable[str]) -> str:
        """A did-you-mean, as long as there are not too many of them."""
        self._guesses += 1
        return did_you_mean(word, candidates) if self._guesses <= _MAX_GUESSES else ""

    def stop_if_any(self) -> None:
        """Raise ``LabError`` with all problems, if there are any."""
        if self.problems:
            raise LabError(self.problems)

    def _spot(self, path: Path, *, key: bool) -> tuple[int, int]:
        above, twig = self.tree.find(path)
        spot = above if key or twig.value == "" else twig
        return spot.line, spot.column


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"
