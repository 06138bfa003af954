"""The journal of one run: a line on disk before each process, and one after it.

`replay` in ``iplab.run.records`` reads it, if the run did not come to its end.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from iplab.claims import Claim, made_by
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Draft
from iplab.operations import AddAddress, SetSysctl
from iplab.plan.planner import Plan
from iplab.plan.transform import undo
from iplab.render import Piece, Renderer
from iplab.run.machine import namespace_identity
from iplab.run.records import journal_path


@dataclass(slots=True)
class Journal:
    """Open while a plan runs.  Each line is on disk (fsync) before the next thing happens."""

    plan: Plan
    lab: str
    renderer: Renderer
    _handle: int = field(init=False)
    _draft: Draft = field(init=False)

    def __post_init__(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(journal_path(self.lab), flags, 0o600)
        self._draft = Draft(self.plan.before)

    def about_to(self, piece: Piece) -> None:
        """Note what starts now, what it makes, and the commands that undo it."""
        undos: list[str] = []
        for step in piece.steps:
            back = undo(step.operation, self._draft)
            undos = [self.renderer.command(o).text for o in back] + undos
            step.operation.change(self._draft)
        given = _given(piece)
        self._write(
            {
                "about": piece.command.text,
                "makes": [
                    [c.kind, c.node, c.name, given.get(c, "")]
                    for step in piece.steps
                    for c in made_by(step.operation)
                    if c.kind != "sysctl"
                ],
                "undo": undos,
            }
        )

    def done(self, piece: Piece) -> None:
        """Note the identity of what was made."""
        made = []
        for step in piece.steps:
            for claim in made_by(step.operation):
                known = self._identity(claim)
                if isinstance(step.operation, SetSysctl):
                    known = self.plan.claims.get(claim, "")
                made.append([claim.kind, claim.node, claim.name, known])
        self._write({"done": made})

    def close(self) -> None:
        """No more lines."""
        os.close(self._handle)

    @staticmethod
    def _identity(claim: Claim) -> str:
        if claim.kind == "netns":
            return namespace_identity(claim.node)
        if claim.kind == "link" and claim.node == HOST:
            try:
                return str(socket.if_nametoindex(claim.name))
            except OSError:
                return ""
        return ""  # it is in a namespace that has an identity, and goes with it

    def _write(self, entry: dict[str, object]) -> None:
        try:
            os.write(self._handle, (json.dumps(entry) + "\n").encode())
            os.fsync(self._handle)
        except OSError as error:
            raise IplabError(f"the journal cannot be written: {error.strerror}") from error


def _given(piece: Piece) -> dict[Claim, str]:
    """The addresses that a process gives to devices which it also makes."""
    found: dict[Claim, list[str]] = {}
    for step in _additions(piece):
        claim = Claim("link", step.node, step.device)
        found.setdefault(claim, []).append(str(step.address.local))
    return {claim: " ".join(words) for claim, words in found.items()}


def _additions(piece: Piece) -> Sequence[AddAddress]:
    return [s.operation for s in piece.steps if isinstance(s.operation, AddAddress)]
