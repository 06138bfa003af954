"""A script's commands followed on an empty machine: script → steps and the Network after them.

Nothing is run.  What the script removes that is not there (people clean up first) is no fault;
what it does to devices it did not make, or in words iplab does not read, is reported with its line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.draft import Draft
from iplab.follow import old
from iplab.follow.projection import bare, project
from iplab.follow.written import Written, undressed
from iplab.iproute2.program import read, read_batch
from iplab.iproute2.reading import Reading
from iplab.names import HOST
from iplab.network import Namespace, Network
from iplab.shell import Leave, Run, Shell, Unclear

# Programs whose commands may change a network: none of theirs may be lost without a word.
PROGRAMS = old.TOOLS | frozenset(
    ("ip", "tc", "bridge", "sysctl", "nft", "sudo", "busybox", "iptables", "ip6tables", "ethtool",
     "iw", "ovs-vsctl", "dhclient", "udhcpc", "nsenter", "unshare", "ifup", "nmcli", "networkctl")
)  # fmt: skip
# Of this nothing is left that a lab file could lack: the neighbours come again.
_UNNOTICED = frozenset(("neighbour.flush",))
# Commands that are followed: a loop without end has to end here.  Each step keeps the network after
# it, so twice as many take four times the memory.
MOST = 5_000


class Note(Struct, frozen=True):
    """A line of the script that is not in the network, and why."""

    line: int
    text: str
    why: str


class Step(Struct, frozen=True):
    """One command of the script.

    ``reading`` is what it was read as, ``after`` the network after it and ``comment`` what the
    script says about it.  ``old`` is the legacy command it stands for, if it does.  Of a line that
    could not be followed, ``reading.argv`` is its text as it is written.
    """

    line: int
    reading: Reading
    after: Network
    changed: bool
    comment: str = ""
    old: str = ""


class Replay(Struct):
    """The network a script makes, step by step, and what of it could not be followed."""

    network: Network
    notes: list[Note] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def replay(script: str, arguments: Sequence[str] = ()) -> Replay:
    """Follow a script as if it was run with ``arguments`` on a machine that has nothing yet.

    A script that has a function ``up`` and is given no arguments (such as `iplab script` writes)
    is followed as ``up``.  Prompts in front of commands, as in a transcript, are no fault.
    """
    return _Follower(undressed(script)).follow(arguments)


class _Follower:
    def __init__(self, written: Written) -> None:
        self.written = written
        self.draft = Draft(bare())
        self.notes: list[Note] = []
        self.steps: list[Step] = []
        self.shell = Shell(written.text, PROGRAMS.__contains__, self._run, self._unclear)
        self._old = ""  # the legacy command whose translation is being followed

    def follow(self, arguments: Sequence[str]) -> Replay:
        if not arguments and self.shell.defines("up"):
            arguments = ("up",)
        self.shell.follow(arguments)
        namespaces = {n: _by_hand(ns) for n, ns in self.draft.namespaces.items()}
        kept = {n: ns for n, ns in namespaces.items() if n != HOST}
        host = _beyond(namespaces[HOST])
        if host != Namespace(HOST):
            kept[HOST] = host  # last: people name their nodes first
        notes = sorted(set(self.notes), key=lambda note: note.line)
        return Replay(Network(kept), notes, self.steps)

    def _unclear(self, event: Unclear) -> None:
        note = Note(event.line, event.text, event.why)
        if note not in self.notes:
            self._step(event.line, Reading((event.text,), HOST, (), unknown=event.why), False)
        self.notes.append(note)

    def _step(self, line: int, reading: Reading, changed: bool) -> None:
        comment = self.written.comment(line)
        after = self.draft.freeze()
        self.steps.append(Step(line, reading, after, changed, comment, self._old))

    # ------------------------------------------------------------ commands

    def _run(self, run: Run) -> bool | None:
        if len(self.steps) >= MOST:
            self._note(run, f"more than {MOST} commands: the rest is not followed")
            raise Leave(whole=True)
        inner = _shell_text(run)
        if inner is not None:
            return self._inner(inner, run)
        if old.is_old(run.argv):
            return self._legacy(run)
        reading = read(run.argv)
        if reading.unknown:
            if PurePosixPath(run.argv[0]).name in PROGRAMS:
                self._note(run, reading.unknown)
            self._step(run.line, reading, False)
            return None
        if any(known.topic == "batch" for known in reading.known):
            return self._batch(reading, run)
        return self._reading(reading, run)

    def _legacy(self, run: Run) -> bool | None:
        """An old command: what it says in iproute2's words, for the network as it is now."""
        said = old.translate(run.argv, self.draft)
        text = " ".join(run.argv)
        if said.reason is not None:
            self._note(run, said.reason)
            self._step(run.line, Reading((text,), HOST, (), unknown=said.reason), False)
            return None
        for words in said.notes:
            self._note(run, words)
        if said.fails and not said.commands:
            self._step(run.line, Reading((text,), HOST, (), unknown="; ".join(said.fails)), False)
        done: bool | None = True
        self._old = text
        for argv in said.commands:
            if self._run(Run(argv, run.line)) is False:
                done = False
        self._old = ""
        return False if said.fails else done

    def _inner(self, inner: tuple[tuple[str, ...], str], run: Run) -> bool | None:
        """``ip netns exec NODE sh -c '…'``: the text is a script of its own, in that node."""
        prefix, text = inner

        def inside(one: Run) -> bool | None:
            return self._run(Run((*prefix, *one.argv), run.line, one.stdin))

        shell = Shell(text, PROGRAMS.__contains__, inside, self._unclear, line=run.line)
        shell.values.variables = dict(self.shell.values.variables)
        shell.follow()
        return None

    def _batch(self, reading: Reading, run: Run) -> bool | None:
        if run.stdin is None:
            why = "the batch's lines are in another file"
            self._note(run, why)
            self._step(run.line, replace(reading, known=(), unknown=why), False)
            return None
        at = next(n for n, p in enumerate(reading.parts) if p.topic == "option.-batch")
        head = [word for part in reading.parts[:at] for word in part.written]
        done: bool | None = True
        for line in read_batch(run.stdin, head):
            if line.unknown:
                self._note(replace(run, argv=line.argv), line.unknown)
                self._step(run.line, line, False)
            elif self._reading(line, replace(run, argv=line.argv)) is False:
                done = False
        return done

    def _reading(self, reading: Reading, run: Run) -> bool | None:
        before = dict(self.draft.namespaces)
        outcome = project(reading, self.draft)
        for why in outcome.refused:
            self._note(run, why)
        for words in outcome.partly:
            self._note(run, f"taken over without {words}, for which a lab file has no words")
        topics = {known.topic for known in reading.known}
        if outcome.unpictured and not topics & _UNNOTICED:
            self._foreign(reading, run)
        self._step(run.line, reading, self.draft.namespaces != before)
        return outcome.status

    def _foreign(self, reading: Reading, run: Run) -> None:
        """What a lab file cannot say."""
        programs = {PurePosixPath(k.values["program"]).name for k in reading.known
                    if k.topic in ("netns.exec", "netns.shell")}  # fmt: skip
        for program in programs & PROGRAMS:
            self._note(run, f"{program} is not something iplab reads")
        if any(known.topic == "netns.shell" for known in reading.known):
            self._note(run, "what is typed into that shell is not in the script")
        elif not programs:
            self._note(run, "a lab file has no words for it")

    def _note(self, run: Run, why: str) -> None:
        self.notes.append(Note(run.line, self._old or " ".join(run.argv), why))


def _by_hand(namespace: Namespace) -> Namespace:
    """The namespace without lo's own addresses: the kernel gives them, with or without a command
    (inetdev_event in net/ipv4/devinet.c)."""
    lo = namespace.interfaces.get("lo")
    if lo is None or not lo.addresses:
        return namespace
    own = ("127.0.0.1/8", "::1/128")
    kept = replace(lo, addresses=tuple(a for a in lo.addresses if str(a.local) not in own))
    return replace(namespace, interfaces={**namespace.interfaces, "lo": kept})


def _beyond(host: Namespace) -> Namespace:
    """Of the host what is not there from the start."""
    start = bare().namespaces[HOST].interfaces
    interfaces = {n: i for n, i in host.interfaces.items() if start.get(n) != i}
    return replace(host, interfaces=interfaces)


def _shell_text(run: Run) -> tuple[tuple[str, ...], str] | None:
    """What stands before ``sh -c TEXT``, or before ``sh <<END``, and the text: `sudo`, and
    `ip netns exec NODE`."""
    argv = run.argv
    sudo = 1 if argv[:1] == ("sudo",) else 0
    at = sudo + 4 if tuple(argv[sudo : sudo + 3]) == ("ip", "netns", "exec") else sudo
    head, rest = tuple(argv[:at]), tuple(argv[at:])
    if not rest or PurePosixPath(rest[0]).name not in ("sh", "bash", "dash"):
        return None
    if len(rest) == 3 and re.fullmatch(r"-[a-z]*c", rest[1]):
        return head, rest[2]
    if run.stdin is not None and all(re.fullmatch(r"-[a-z]*", word) for word in rest[1:]):
        return head, run.stdin
    return None
