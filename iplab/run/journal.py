"""The journal of one run: a line on disk before each process, and one after it if it made anything.

`replay` in ``iplab.run.records`` reads it, if the run did not come to its end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress

from iplab.claims import Claim, led_by, made_by, places
from iplab.draft import Draft
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.operations import AddAddress, AddNamespace, Operation, SetSysctl
from iplab.plan.planner import Plan
from iplab.plan.undo import undo
from iplab.render import Piece, Renderer
from iplab.run.netns import namespace_identity
from iplab.run.records import journal_path
from iplab.run.settings import settings


class Journal:
    """Open while a plan runs.  Each line is on disk (fsync) before the next thing happens."""

    def __init__(self, plan: Plan, lab: str, renderer: Renderer) -> None:
        self._plan, self._renderer = plan, renderer
        self._new: set[str] = set()  # namespaces made by this run
        # What an earlier run left here is in the record by now, and may end in half a line.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._handle = os.open(journal_path(lab), flags, 0o600)
        except OSError as error:
            raise IplabError(f"the journal cannot be written: {error.strerror}") from error
        self._draft = Draft(self._plan.before)
        self._behind: list[Operation] = []  # what the draft has not been led through yet
        # Of a setting that is put back on the way the record knows what it was.
        self._settings = {c: old for c, old in self._plan.claims.items() if c.kind == "sysctl"}

    def about_to(self, piece: Piece) -> None:
        """Note what starts now, what it makes, and the commands that undo it.

        None for what goes with a namespace that this run has made.
        """
        undos: list[str] = []
        known = piece.nodes <= self._new
        for step in piece.steps:
            operation = step.operation
            self._read(operation)
            if not known and not places(operation) <= self._new:
                back = undo(operation, self._state())
                undos = [self._renderer.command(o).text for o in back] + undos
            self._behind.append(operation)
            if isinstance(operation, AddNamespace):
                self._new.add(operation.name)
        self._about(piece, undos)

    def _read(self, operation: Operation) -> None:
        """What a setting is that nobody could look at before: of a namespace or device that this
        run has made, say."""
        if isinstance(operation, SetSysctl):
            claim = Claim("sysctl", operation.node, operation.key)
            if self._settings.get(claim) == "":
                found = settings({operation.node: [operation.key]})[operation.node]
                self._settings[claim] = found.get(operation.key, "")

    def _state(self) -> Draft:
        """The state that what was noted until now leads to."""
        for operation in self._behind:
            operation.change(self._draft)
        self._behind.clear()
        return self._draft

    def about_to_undo(self, piece: Piece) -> None:
        """Note what starts now to put things back: it may make again what the run had removed."""
        self._about(piece, [])

    def _about(self, piece: Piece, undos: list[str]) -> None:
        given = _given(piece)
        self._write(
            {
                "about": piece.command.text,
                "makes": [
                    [c.kind, c.node, c.name, given.get(c) or self._settings.get(c, "")]
                    for step in piece.steps
                    for c in (*made_by(step.operation), *led_by(step.operation, self._settings))
                    if c.kind != "sysctl" or c in self._settings
                ],
                "undo": undos,
            }
        )

    def done(self, piece: Piece) -> dict[Claim, str]:
        """Note the identity of what was made, if anything was, and return it."""
        made: dict[Claim, str] = {}
        for step in piece.steps:
            for claim in made_by(step.operation):
                if not isinstance(step.operation, SetSysctl):
                    made[claim] = identity(claim)
                elif claim in self._settings:  # else put back: the record knows what it was
                    made[claim] = self._settings[claim]
        if made:
            self._write({"done": [[c.kind, c.node, c.name, known] for c, known in made.items()]})
        return made

    def close(self) -> None:
        """No more lines."""
        os.close(self._handle)

    def _write(self, entry: dict[str, object]) -> None:
        start = os.lseek(self._handle, 0, os.SEEK_CUR)
        try:
            rest = (json.dumps(entry) + "\n").encode()
            while rest:  # a disk that fills up takes the first part of a line without complaint
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
        except OSError as error:
            # No half a line, behind which the next one could not be read.
            os.ftruncate(self._handle, start)
            os.lseek(self._handle, start, os.SEEK_SET)
            raise IplabError(f"the journal cannot be written: {error.strerror}") from error


def identity(claim: Claim) -> str:
    """What a namespace, or a device of the host, is known by; '' for all else, or what is gone."""
    if claim.kind == "netns":
        return namespace_identity(claim.node)
    if claim.kind == "link" and claim.node == HOST:
        import socket  # which not every run needs, and is long in coming

        with suppress(OSError):
            return str(socket.if_nametoindex(claim.name))
    return ""  # it is in a namespace that has an identity, and goes with it


def _given(piece: Piece) -> dict[Claim, str]:
    """The addresses that a process gives to devices which it also makes."""
    found: dict[Claim, list[str]] = {}
    for step in _additions(piece):
        claim = Claim("link", step.node, step.device)
        found.setdefault(claim, []).append(str(step.address.local))
    return {claim: " ".join(words) for claim, words in found.items()}


def _additions(piece: Piece) -> Sequence[AddAddress]:
    return [s.operation for s in piece.steps if isinstance(s.operation, AddAddress)]
