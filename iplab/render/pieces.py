"""Pieces: a plan cut into processes.  What is shown, saved and run is all made here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby

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

# Lines of a batch of a large plan that makes namespaces, or pairs, at most.
NAMESPACES, PAIRS = 128, 48


class Piece(Struct, frozen=True, dict=True):
    """One process of a run, and the steps it does (several in a batch, else one).

    ``asks``: behind the lines of its steps its batch has ``observe.QUESTIONS``.
    """

    command: Command
    steps: tuple[Step, ...]
    asks: bool = False

    @cached_property
    def nodes(self) -> frozenset[str]:
        """The namespaces that its steps change, or change something in."""
        return frozenset().union(*(places(step.operation) for step in self.steps))

    @cached_property
    def apart(self) -> bool:
        """Whether it has to do with no namespace but those that its steps name."""
        return all(_apart(step.operation) for step in self.steps)

    @cached_property
    def local(self) -> bool:
        """Whether each step changes one namespace alone, and nothing of others through a wire."""
        return all(stays(step.operation) for step in self.steps)


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
    changed = {node for piece in found for node in piece.nodes}
    return _asked(_split(found)) if len(changed) > MANY else found


def _split(found: list[Piece]) -> list[Piece]:
    """Long batches that make namespaces and pairs, in parts: so the first nodes need not wait.

    A part makes namespaces or pairs.
    """
    parts: list[Piece] = []
    for piece in found:
        if len(piece.steps) <= MANY or not piece.apart or piece.local:
            parts.append(piece)
            continue
        start = 0
        for size in _sizes(piece.steps):
            end = start + size
            command = replace(piece.command, lines=piece.command.lines[start:end])
            parts.append(Piece(command, piece.steps[start:end]))
            start = end
    return parts


def _sizes(steps: Sequence[Step]) -> Iterator[int]:
    """How many steps each part has.  Of namespaces, and of pairs, there are two parts or more, so
    that whatever needs one does not wait for all."""
    for adds, run in groupby(steps, _adds):
        count = len(list(run))
        parts = min(count, max(2, -(-count // (NAMESPACES if adds else PAIRS))))
        for number in range(parts):
            yield count // parts + (number < count % parts)


def _asked(found: list[Piece]) -> list[Piece]:
    """The last piece of each node asks, if nothing behind it can reach into that node.

    So where a plan changes many: a second process for each would double the time.
    """
    last = {node: n for n, piece in enumerate(found) for node in piece.nodes}
    settled = max((n + 1 for n, piece in enumerate(found) if not piece.local), default=0)
    for n in sorted(set(last.values())):
        piece = found[n]
        command = asking(piece.command) if n >= settled and piece.command.node != HOST else None
        if command is not None:
            found[n] = replace(piece, command=command, asks=True)
    return found


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
    namespaces: frozenset[int] = frozenset()  # the last one that makes any
    pairs: frozenset[int] = frozenset()  # and that makes pairs
    for number, piece in enumerate(found):
        apart = renderer.style == "batch" and piece.apart
        adds = any(map(_adds, piece.steps))
        wires = any(isinstance(step.operation, AddVeth) for step in piece.steps)
        # `ip netns add` makes a file in the host's /run/netns, the first of all that directory too.
        nodes = piece.nodes | {HOST} if adds and not freely else piece.nodes
        if not apart or (not freely and nodes & last.keys()):
            barrier, since = frozenset(since) or barrier, []
            last.clear()
        ahead = frozenset(last[node] for node in nodes if node in last) or barrier
        if freely and apart:
            # Two that make namespaces, or pairs, at once would only be in each other's way: the
            # kernel's locks let little of it happen at a time.
            if adds:
                ahead, namespaces = ahead | namespaces, frozenset((number,))
            if wires:
                ahead, pairs = ahead | pairs, frozenset((number,))
        answer.append(ahead)
        if apart:
            last |= dict.fromkeys(nodes, number)
            since.append(number)
        else:
            barrier = frozenset((number,))
    return answer


def _adds(step: Step) -> bool:
    return isinstance(step.operation, AddNamespace)


def _apart(operation: Operation) -> bool:
    return stays(operation) or isinstance(operation, AddNamespace | AddVeth)
