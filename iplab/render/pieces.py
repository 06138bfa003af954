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


class Pieces:
    """The processes for the steps of a plan.

    ``first`` is worded at once; ``None`` where there is nothing to do.  Where it makes namespaces
    of a large plan, the others are worded when ``all`` are asked for: they can be while it runs.
    Not so with templates of the user's: what is wrong with one of them is to be known before
    anything is noted, or runs.
    """

    def __init__(self, steps: Sequence[Step], renderer: Renderer) -> None:
        self._steps, self._renderer = steps, renderer
        own = renderer.style == "batch" and not renderer.directories
        part = next(_parts(steps), ()) if own else ()
        self.first: Piece | None
        if part and all(map(_adds, part)):
            self.first = next(_grouped(part, renderer))
        else:
            self.first = self.all[0] if self.all else None

    @cached_property
    def all(self) -> list[Piece]:
        """All of them, in order."""
        return pieces(self._steps, self._renderer)


def pieces(steps: Sequence[Step], renderer: Renderer) -> list[Piece]:
    """The processes for ``steps``, in order."""
    if renderer.style != "batch":
        return [Piece(renderer.command(step.operation), (step,)) for step in steps]
    found = [piece for part in _parts(steps) for piece in _grouped(part, renderer)]
    return _asked(found) if _large(steps) else found


def _grouped(steps: Sequence[Step], renderer: Renderer) -> Iterator[Piece]:
    start = 0
    for command in group(renderer.command(step.operation) for step in steps):
        end = start + (len(command.lines) or 1)
        yield Piece(command, tuple(steps[start:end]))
        start = end


def _large(steps: Sequence[Step]) -> bool:
    changed: set[str] = set()
    for step in steps:
        changed |= places(step.operation)
        if len(changed) > MANY:
            return True
    return False


def _parts(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """What may share processes: all of a small plan.

    Of a large one many namespaces, or pairs, are a part by themselves, and two or more: so whatever
    needs one of them does not wait for all.
    """
    start = end = 0
    for most, run in groupby(steps, _most) if _large(steps) else ():
        count = len(list(run))
        if not count > most // 2 > 0:
            end += count
            continue
        if start < end:
            yield steps[start:end]
            start = end
        parts = max(2, -(-count // most))
        for number in range(parts):
            end += count // parts + (number < count % parts)
            yield steps[start:end]
            start = end
    if start < len(steps):
        yield steps[start:]


def _most(step: Step) -> int:
    match step.operation:
        case AddNamespace():
            return NAMESPACES
        case AddVeth():
            return PAIRS
    return 0


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
