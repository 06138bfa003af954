"""Which command of a script runs which old tool."""

from __future__ import annotations

import re

from msgspec import Struct, field

from iplab.legacy import TOOLS
from iplab.legacy.bash import Command, Script
from iplab.legacy.shell import Piece, Word
from iplab.legacy.variables import Variables
from iplab.legacy.wrapped import Wrapped, unwrap

_NAMED = re.compile("|".join(sorted(TOOLS)).encode())
_SYSTEM_PATH = re.compile(r"((/[\w.+~-]+)*/)?")
_MAYBE_SUDO = re.compile(r"((\S*/)?(sudo|doas)(\s+-[A-Za-z]+)*)?\s*")
_INTERFACES = re.compile(rb"^[ \t]*iface[ \t]+\S+[ \t]+inet6?[ \t]", re.M)
_HOOK = re.compile(r"((pre|post)-)?(up|down)")


class Tools(Struct, frozen=True):
    """The old tools of one script; ``dialect`` is whose they are where the script does not say."""

    script: Script
    variables: Variables
    dialect: str
    _known: dict[int, Wrapped | None] = field(default_factory=dict)

    def in_command(self, command: Command) -> Wrapped | None:
        """Where the old tool stands in a command; ``None``: it runs none."""
        if command.start not in self._known:
            self._known[command.start] = self._looked_up(command)
        return self._known[command.start]

    def _looked_up(self, command: Command) -> Wrapped | None:
        if not self.may_be_in(command):
            return None
        first, *rest = command.words
        values = [self._wrapper(first), *(word.value for word in rest)]
        wrapped = unwrap(values)
        if self.program(command.words[wrapped.at]) in TOOLS:
            return wrapped
        return None

    def _wrapper(self, first: Word) -> str | None:
        """A first word as the wrapper that it is as good as: a hook, ``$SUDO``, ``$BUSYBOX``."""
        if self.hook(first):
            return "nohup"
        name = first.pieces[0].name if len(first.pieces) == 1 else ""
        if name and self.variables.always(name, _MAYBE_SUDO):
            return "sudo"
        said = self.variables.values(name, first.start) if name else None
        words = said[0].split() if said is not None and len(said) == 1 else []
        if len(words) == 1:
            return words[0]
        # NS="ip netns exec ns1"; $NS ifconfig lo up
        if words and not first.pieces[0].quoted and unwrap([*words, "true"]).at == len(words):
            return "nohup"
        return first.value

    def hook(self, first: Word) -> bool:
        """Whether it is the ``post-up`` of a line in /etc/network/interfaces(5)."""
        found = _HOOK.fullmatch(first.value or "") is not None
        return found and _INTERFACES.search(self.script.source) is not None

    def may_be_in(self, command: Command) -> bool:
        """A quick look, for the many commands that run none."""
        if command.name.startswith(("$", '"$')):
            return True
        return _NAMED.search(self.script.source, command.start, command.end) is not None

    def program(self, word: Word) -> str:
        """The program that a first word names, also through a variable that is assigned once."""
        value = word.value
        if value is None and len(word.pieces) == 1 and word.pieces[0].name:
            values = self.variables.values(word.pieces[0].name, word.start)
            value = values[0] if values is not None and len(values) == 1 else None
        directory, slash, name = (value or "").rpartition("/")
        # (Not `./route`, a program of somebody's own, nor `::sysinit:/sbin/route`, of an inittab.)
        return name if _SYSTEM_PATH.fullmatch(directory + slash) else ""

    def words(self, command: Command, wrapped: Wrapped) -> list[Word]:
        """The tool's words, the tool by its own name."""
        head = command.words[wrapped.at]
        tool = Word(head.start, head.end, (Piece(self.program(head), True),))
        return [tool, *command.words[wrapped.at + 1 :]]

    def dialect_of(self, wrapped: Wrapped) -> str:
        """Whose tool it is: `busybox ifconfig` says so itself."""
        return "busybox" if wrapped.busybox else self.dialect
