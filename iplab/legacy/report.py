"""What became of a file: its new text, a line for each old command, and how commands are joined."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from iplab.legacy.answer import Translation
from iplab.legacy.shell import Place


class Line(Struct, frozen=True):
    """What became of one old command: as in ``Translation``, with its line in the file."""

    line: int
    legacy: str
    commands: tuple[tuple[str, ...], ...]
    exact: bool
    used_state: bool
    notes: tuple[str, ...]
    reason: str | None

    @property
    def clean(self) -> bool:
        """Whether it was replaced, exactly."""
        return self.exact and self.reason is None


class Rewritten(Struct, frozen=True):
    """A file as it is now, and a line for each old command that was in it.

    ``open_line``: there a quote, a bracket or a block of a script opens that nothing closes; the
    text is then as it was.
    """

    text: bytes
    lines: tuple[Line, ...]
    name: str = "script"
    open_line: int | None = None


def join(commands: Sequence[str], place: Place) -> str:
    """Several commands in the place of one, so that what looks at the exit status still may.

    The old tools go on after an error, so the commands follow each other plainly; only where the
    status is looked at does an error have to show, and then they are joined by ``&&``.
    """
    if len(commands) == 1:
        return commands[0]
    if place.alone:
        between = f" &&\n{place.indent}    " if place.status else f"\n{place.indent}"
        return between.join(commands)
    joined = (" && " if place.status else "; ").join(commands)
    return f"{{ {joined}; }}" if place.group else joined


def reported(line: int, legacy: str, translation: Translation) -> Line:
    return Line(
        line,
        one_line(legacy),
        translation.commands,
        translation.exact,
        translation.used_state,
        translation.notes,
        None,
    )


def one_line(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())
