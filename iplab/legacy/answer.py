"""What a translation is, and the sheet on which a tool's file writes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Interface, Namespace, Other
from iplab.operations import Operation


class Translation(Struct, frozen=True):
    """One legacy command line and what to say instead.

    ``legacy`` is the line as given; ``commands`` the argv of each new command, in order.  ``exact``
    means that the kernel's state afterwards is the same; ``used_state`` that the answer was read
    from the state and is right for that state alone.  ``notes`` say what differs from what one
    would expect, or what is assumed where it is not exact.  ``reason`` is set, and ``commands``
    empty, where there is no equivalent.  With ``nothing`` the old tool itself changes nothing (it
    fails, or has nothing to do), so no command is its translation.
    """

    legacy: str
    commands: tuple[tuple[str, ...], ...]
    exact: bool
    used_state: bool
    notes: tuple[str, ...]
    reason: str | None
    operations: tuple[Operation, ...] = ()
    nothing: bool = False
    doubts: tuple[str, ...] = ()  # of the notes, those for which it is not exact
    fails: bool = False  # whether the old tool fails, at least in part


class Context(Struct, frozen=True):
    """What a tool would look up beside its words and the kernel's state.

    ``resolve`` gives a host name's IPv4 or IPv6 address (``None``: unknown); ``networks`` is the
    text of /etc/networks; ``read_file`` gives the text of a file the line names (``arp -f``,
    ``nameif -c``); each may be left out, and then such a word is refused.  ``routes_known`` is
    False where the given state says nothing about routes.  ``uid`` is who would run the old tool.
    ``vlan_names`` is what `vconfig set_name_type` has chosen, where that is known.
    """

    resolve: Callable[[str], str | None] | None = None
    networks: str | None = None
    read_file: Callable[[str], str] | None = None
    routes_known: bool = True
    uid: int | None = None
    vlan_names: str | None = None


class Show(Struct, frozen=True):
    """A command that only reads: its words, and the program's own way to name a namespace."""

    argv: tuple[str, ...]


class NoEquivalent(IplabError):
    """The line is refused; the message is the reason."""


class Stopped(Exception):
    """BusyBox stops at the first error, where net-tools goes on."""


class ToolFails(IplabError):
    """The old tool ends here with an error; what it did before stays done."""


class Answer(Struct):
    """A translation while it is being written.

    ``state`` may be ``None``; asking for it through ``need`` or ``device`` notes that it was used.
    """

    state: Namespace | None = None
    dialect: str = "net-tools"
    context: Context = field(default_factory=Context)
    items: list[Operation | Show] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    used_state: bool = False
    failed: bool = False

    @property
    def node(self) -> str:
        """The namespace the operations are for."""
        return self.state.name if self.state else HOST

    @property
    def busybox(self) -> bool:
        """Whether the line is for BusyBox's tools."""
        return self.dialect == "busybox"

    def do(self, *items: Operation | Show) -> None:
        """Add operations, or commands that only read."""
        self.items += items

    def note(self, text: str) -> None:
        """Say something about the translation, once."""
        if text not in self.notes:
            self.notes.append(text)

    def doubt(self, text: str) -> None:
        """Mark the translation inexact: ``text`` is what is assumed or differs."""
        if text not in self.doubts:
            self.doubts.append(text)

    def fails(self, text: str) -> None:
        """Note that the old tool fails at a word and goes on (BusyBox's does not)."""
        self.failed = True
        self.note(f"the old tool fails: {text}")
        if self.busybox:
            raise Stopped

    def device(self, name: str) -> Interface | None:
        """The device in the state; ``ToolFails`` where a known state has none of that name."""
        if self.state is None:
            return None
        self.used_state = True
        found = self.state.interfaces.get(name)
        if found is None:
            raise ToolFails(f"there is no device {name}")
        return found

    def type_known(self, device: Interface) -> bool:
        """Whether the state says what type the device has (``ip -j addr`` without -d does not)."""
        return not (isinstance(device.kind, Other) and device.kind.name == "?")

    def sysctl(self, key: str) -> str | None:
        """A setting of the state (``net/ipv4/…``), ``None`` where it is not known."""
        settings: Mapping[str, str] = self.state.sysctls if self.state else {}
        return settings.get(key)
