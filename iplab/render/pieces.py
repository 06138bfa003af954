"""Pieces: a plan cut into processes.  What is shown, saved and run is all made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iplab.claims import places
from iplab.command import Command
from iplab.names import HOST
from iplab.network import MANY
from iplab.operations import (
    AddNamespace,
    AddVeth,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
)
from iplab.plan.planner import Step
from iplab.render.batch import asking, group
from iplab.render.engine import Renderer


@dataclass(frozen=True, slots=True)
class Piece:
    """One process of a run, and the steps it does (several in a batch, else one).

    ``asks``: behind the lines of its steps its batch has ``batch.QUESTIONS``.
    """

    command: Command
    steps: tuple[Step, ...]
    asks: bool = False


def pieces(steps: Sequence[Step], renderer: Renderer) -> list[Piece]:
    """The processes for ``steps``, in order."""
    commands = [renderer.command(step.operation) for step in steps]
    if renderer.style != "batch":
        return [Piece(c, (s,)) for c, s in zip(commands, steps, strict=True)]
    found, start = [], 0
    for command in group(commands):
        count = len(command.lines) or 1
        found.append(Piece(command, tuple(steps[start : start + count])))
        start += count
    return _asked(found)


def _asked(found: list[Piece]) -> list[Piece]:
    """The last piece of each node asks, if nothing behind it can reach into that node.

    So where a plan changes many nodes: a second process for each would double the time.
    """
    last = {node: n for n, p in enumerate(found) for s in p.steps for node in places(s.operation)}
    if len(last) <= MANY:
        return found
    settled = max((n + 1 for n, p in enumerate(found) if not _local(p)), default=0)
    for n in sorted(set(last.values())):
        piece = found[n]
        command = asking(piece.command) if n >= settled and piece.command.node != HOST else None
        if command is not None:
            found[n] = replace(piece, command=command, asks=True)
    return found


def _local(piece: Piece) -> bool:
    return all(stays(step.operation) for step in piece.steps)


def stays(operation: Operation) -> bool:
    """Whether ``operation`` changes one namespace alone, and nothing of others through a wire."""
    if isinstance(operation, AddNamespace | DeleteNamespace | AddVeth | DeleteLink | MoveLink):
        return False
    return places(operation) == {operation.node}


def stages(found: Sequence[Piece], renderer: Renderer) -> list[list[Piece]]:
    """The pieces by turns: those of one turn are of different namespaces and may run side by side.

    Only the batch style has such turns: in the others one command follows the other, as shown.
    """
    turns: list[list[Piece]] = []
    nodes: set[str] = set()
    for piece in found:
        alone = renderer.style != "batch" or not _local(piece)
        if alone or not nodes or piece.command.node in nodes:
            turns.append([])
            nodes = set()
        turns[-1].append(piece)
        nodes = set() if alone else {*nodes, piece.command.node}
    return turns
