"""What can go wrong, as one tree: each error knows its exit code and how it reads to a person."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class IplabError(Exception):
    """Something a user can cause or meet.

    ``message`` says what, ``where`` says where (``file:line:column`` or a command as one could
    paste it), ``hint`` says what to try.  ``exit_code`` is the program's (see the README's table).
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  try: {self.hint}" if self.hint else head


class UsageError(IplabError):
    """The command line was used in a way it cannot be."""

    exit_code = 2


class BadName(IplabError, ValueError):
    """A word that cannot be a device, node, address, prefix or MAC."""


class Problem(Struct, frozen=True):
    """One fault in a lab file; ``line`` and ``column`` count from 1, as editors do."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{head}\n  try: {self.hint}" if self.hint else head


class LabError(IplabError):
    """All the faults of one lab file at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.message))
        super().__init__(_told(self.problems))


MOST_SHOWN = 30  # places; a reader mends those first


def _told(problems: list[Problem]) -> str:
    """The faults as text: of many in one place (a loop of a .j2 file) the first, and how many."""
    places: dict[tuple[str, int, int], list[Problem]] = {}
    for problem in problems:
        places.setdefault((problem.file, problem.line, problem.column), []).append(problem)
    lines = []
    for place in list(places.values())[:MOST_SHOWN]:
        shown = place if len(place) <= 3 else place[:1]
        lines += [str(problem) for problem in shown]
        if len(shown) < len(place):
            lines.append(f"  (and {len(place) - len(shown)} more like it in this place)")
    if len(places) > MOST_SHOWN:
        lines.append(f"and faults in {len(places) - MOST_SHOWN} more places")
    return "\n".join(lines)


class Refused(IplabError):
    """A plan would have to change what is not the lab's; nothing was run."""


class CannotApply(IplabError):
    """An operation does not fit the state it was to be projected on."""


class CommandFailed(IplabError):
    """A command of ours ended badly.

    ``command`` is the command as one could paste it, ``code`` its exit code (``None`` after a
    timeout), ``output`` the kernel's or the program's own words.
    """

    def __init__(
        self, command: str, code: int | None, output: str, *, where: str = "", hint: str = ""
    ) -> None:
        self.command = command
        self.code = code
        self.output = output.strip()
        ended = "did not end in time" if code is None else f"ended with {code}"
        words = f"\n  it said: {self.output}" if self.output else ""
        super().__init__(f"a command {ended}:\n  $ {command}{words}", where=where, hint=hint)


class MissingProgram(IplabError):
    """A program that is needed is not on this machine."""


class LeftBehind(IplabError):
    """Something could not be put back; the message lists what is left and how to remove it."""

    exit_code = 4


class Interrupted(IplabError):
    """A signal ended the work; all was put back."""

    exit_code = 130
