"""One legacy command line as words → a ``Translation``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from iplab.errors import IplabError, UsageError
from iplab.legacy.answer import Answer, Context, NoEquivalent, Show, Stopped, ToolFails, Translation
from iplab.names import HOST
from iplab.network import Namespace
from iplab.operations import Operation

if TYPE_CHECKING:
    from iplab.render import Renderer

Reader = Callable[[Sequence[str], Answer], None]

# The program → the file that reads it; each has ``read(words, answer)``.
_FILES = {
    "ifconfig": "ifconfig",
    "route": "route",
    "arp": "arp",
    "netstat": "netstat",
    "iptunnel": "iptunnel",
    "nameif": "nameif",
    "ipmaddr": "ipmaddr",
    "mii-tool": "mii_tool",
    "brctl": "brctl",
    "vconfig": "vconfig",
    "tunctl": "tunctl",
    "ifenslave": "ifenslave",
    "iwconfig": "iwconfig",
    "iwlist": "iwconfig",
    "rarp": "gone",
    "plipconfig": "gone",
    "slattach": "gone",
}

TOOLS: frozenset[str] = frozenset(_FILES)
LONGEST = 1000  # characters of a word: a number of thousands of digits is none to Python
DIALECTS = ("net-tools", "busybox")


def translate(
    argv: Sequence[str],
    *,
    state: Namespace | None = None,
    dialect: str = "net-tools",
    context: Context | None = None,
) -> Translation:
    """Say a legacy command line again for iproute2.

    ``argv`` are its words, the program first (``/sbin/ifconfig`` is ``ifconfig``; ``busybox
    ifconfig`` chooses the dialect).  ``state`` is what the kernel holds where the line would run;
    operations are worded for the node it is called.  Raises ``UsageError`` where the program is
    none of ``TOOLS`` or the dialect is unknown; a line that cannot be translated is no error but a
    ``Translation`` with a ``reason``.
    """
    if dialect not in DIALECTS:
        raise UsageError(f"there is no dialect {dialect!r}", hint=" or ".join(DIALECTS))
    words = list(argv)
    name = program(words[0]) if words else ""
    if name == "busybox" and len(words) > 1:
        words, dialect = words[1:], "busybox"
        name = program(words[0])
    if name not in TOOLS:
        raise UsageError(
            f"{name or 'an empty line'} is none of the tools that can be translated",
            hint=", ".join(sorted(TOOLS)),
        )
    answer = Answer(state=state, dialect=dialect, context=context or Context())
    legacy = shlex.join(argv)
    reader: Reader = import_module(f"iplab.legacy.{_FILES[name]}").read
    reason: str | None = None
    try:
        if any("\0" in word or "\n" in word for word in words):
            raise NoEquivalent("a word holds a line break or a NUL")
        if any(len(word) > LONGEST for word in words):
            raise NoEquivalent(f"a word of over {LONGEST} characters is too long")
        reader(words, answer)
    except NoEquivalent as refused:
        reason = refused.message
    except ToolFails as failing:
        with suppress(Stopped):
            answer.fails(failing.message)
    except Stopped:
        pass
    return _finished(legacy, answer, reason)


def program(word: str) -> str:
    """The program a first word names: its last part, without directories."""
    return word.rpartition("/")[2]


def _finished(legacy: str, answer: Answer, reason: str | None) -> Translation:
    if reason is None:
        try:
            commands = tuple(_argv(item, answer.node) for item in answer.items)
        except IplabError as error:
            reason = error.message
    if reason is not None:
        return Translation(
            legacy, (), False, answer.used_state, tuple(answer.notes + answer.doubts), reason
        )
    operations = tuple(item for item in answer.items if isinstance(item, Operation))
    return Translation(
        legacy,
        commands,
        exact=not answer.doubts,
        used_state=answer.used_state,
        notes=tuple(answer.notes + answer.doubts),
        reason=None,
        operations=operations if len(operations) == len(answer.items) else (),
        nothing=not commands,
        doubts=tuple(answer.doubts),
        fails=answer.failed,
    )


def _argv(item: Operation | Show, node: str) -> tuple[str, ...]:
    if isinstance(item, Operation):
        return renderer().command(item).argv
    return inside(item.argv, node)


def inside(argv: tuple[str, ...], node: str) -> tuple[str, ...]:
    """``argv`` worded for a node: iproute2's own programs take ``-n``."""
    if node == HOST:
        return argv
    if argv[0] in ("ip", "tc", "bridge"):
        return (argv[0], "-n", node, *argv[1:])
    return ("ip", "netns", "exec", node, *argv)


@cache
def renderer() -> Renderer:
    """The one renderer; the templates are the labs' own."""
    from iplab.render.engine import Renderer

    return Renderer("direct")


def words_of(line: str) -> list[str]:
    """A line as a shell would split it; ``UsageError`` where it is cut short."""
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(
            f"{line!r} cannot be read: {error}".lower(), hint="close the quotes"
        ) from None
