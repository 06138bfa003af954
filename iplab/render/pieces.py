"""Pieces: a plan cut into processes.  What is shown, saved and run is all made here."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

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

PART = 128  # lines of a batch that makes namespaces and pairs, at most


class Piece(Struct, frozen=True):
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
    changed = {node for step in steps for node in places(step.operation)}
    return _asked(_split(found)) if len(changed) > MANY else found


def _split(found: list[Piece]) -> list[Piece]:
    """Long batches that make namespaces and pairs, in parts: so the first nodes need not wait."""
    parts: list[Piece] = []
    for piece in found:
        apart = all(_apart(step.operation) for step in piece.steps)
        if len(piece.steps) <= PART or not apart or _local(piece):
            parts.append(piece)
            continue
        for start in range(0, len(piece.steps), PART):
            lines = piece.command.lines[start : start + PART]
            command = replace(piece.command, lines=lines)
            parts.append(Piece(command, piece.steps[start : start + PART]))
    return parts


def _asked(found: list[Piece]) -> list[Piece]:
    """The last piece of each node asks, if nothing behind it can reach into that node.

    So where a plan changes many: a second process for each would double the time.
    """
    last = {node: n for n, p in enumerate(found) for s in p.steps for node in places(s.operation)}
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


def waits(found: Sequence[Piece], renderer: Renderer) -> list[frozenset[int]]:
    """For each piece the numbers of the pieces ahead of it that have to have ended.

    Only the batch style runs anything side by side: pieces of different namespaces.  They start in
    the order that was shown; but where many nodes are changed a piece waits for its own namespaces
    alone, and may so be ahead of one of others.
    """
    freely = any(piece.asks for piece in found)
    answer: list[frozenset[int]] = []
    last: dict[str, int] = {}  # the last piece of each namespace, of those that run side by side
    since: list[int] = []  # these
    barrier: frozenset[int] = frozenset()  # what all of them wait for
    for number, piece in enumerate(found):
        apart = renderer.style == "batch" and all(_apart(step.operation) for step in piece.steps)
        nodes = {node for step in piece.steps for node in _uses(step.operation)}
        if not apart or (not freely and nodes & last.keys()):
            barrier, since = frozenset(since) or barrier, []
            last.clear()
        answer.append(frozenset(last[node] for node in nodes if node in last) or barrier)
        if apart:
            last |= dict.fromkeys(nodes, number)
            since.append(number)
        else:
            barrier = frozenset((number,))
    return answer


def _apart(operation: Operation) -> bool:
    """Whether it has to do with no namespace but those that it names."""
    return stays(operation) or isinstance(operation, AddNamespace | AddVeth)


def _uses(operation: Operation) -> frozenset[str]:
    # `ip netns add` makes a file in the host's /run/netns, the first of all that directory too.
    return places(operation) | ({HOST} if isinstance(operation, AddNamespace) else set())
