"""Steps: the commands of a lab or of a script, in order, with the states between them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from iplab.claims import Ownership
from iplab.draft import Draft
from iplab.errors import IplabError
from iplab.follow import UNPICTURED, bare, replay
from iplab.follow import project as projected
from iplab.iproute2 import Reading, read
from iplab.network import Network
from iplab.operations import AddNamespace, DeleteNamespace, MoveLink, Operation
from iplab.operations.link import AddMacvlan, AddVeth
from iplab.plan.planner import plan_up
from iplab.plan.reasons import Reason
from iplab.plan.style import through_host
from iplab.render import Renderer

if TYPE_CHECKING:
    from iplab.lab import Lab

__all__ = ["UNPICTURED", "Step", "Walk", "apply", "bare", "from_lab", "from_script", "project"]

# Programs that have nothing to show: of a script only what could change a network is a step.
_QUIET = frozenset(
    ("awk", "basename", "cat", "cd", "chmod", "clear", "command", "cut", "date", "depmod",
     "dirname", "egrep", "grep", "head", "hostname", "id", "logger", "ls", "mkdir", "mktemp",
     "modprobe", "rm", "sed", "seq", "sort", "tail", "tee", "touch", "tr", "type", "uname",
     "wait", "wc", "which", "xargs")
)  # fmt: skip


class Step(Struct, frozen=True):
    """One command.

    ``reading`` is what it comes to, ``why`` the plan's reason or the script's own comment,
    ``line`` its line in the script, and ``old`` the legacy command there that it stands for.
    """

    argv: tuple[str, ...]
    reading: Reading
    why: Reason | str = ""
    line: int | None = None
    old: str = ""

    @property
    def text(self) -> str:
        """As one could paste it into a shell."""
        return shlex.join(self.argv)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it changes, as far as iplab can project it."""
        return (*self.reading.operations, *(o for k in self.reading.known for o in k.like))


class Walk(Struct, frozen=True):
    """Steps and the states around them: ``states[n]`` is ahead of step n, the last one after all.

    ``troubles[n]`` says why step n could not be projected (it then changes nothing), and in a walk
    that ran, where the kernel's state is not the projected one.  ``shown[n]`` is what `ip addr`
    printed after step n, by namespace; empty in a walk that did not run.
    """

    title: str
    steps: tuple[Step, ...]
    states: tuple[Network, ...]
    troubles: dict[int, tuple[str, ...]] = field(default_factory=dict)
    shown: tuple[dict[str, str], ...] = ()

    @property
    def ran(self) -> bool:
        """Whether the states were read from a kernel."""
        return bool(self.shown)

    def touched(self, number: int) -> list[str]:
        """The namespaces that step ``number`` has to do with, and that are there after it."""
        before, after = self.states[number], self.states[number + 1]
        found = [
            node
            for node, namespace in after.namespaces.items()
            if before.namespaces.get(node) != namespace
        ]
        for operation in self.steps[number].operations:
            match operation:
                case AddNamespace(name=node) | DeleteNamespace(name=node):
                    found.append(node)
                case MoveLink(node=node, to=to):
                    found += [node, to]
                case AddVeth(a=a, b=b):
                    found += [a.node, b.node]
                case AddMacvlan(netns=node):
                    found.append(node)
                case _:
                    found.append(operation.node)
        if not found:
            found.append(self.steps[number].reading.node)
        order = {node: n for n, node in enumerate(after.namespaces)}
        return sorted({node for node in found if node in order}, key=order.__getitem__)


def from_lab(lab: Lab, renderer: Renderer, start: Network | None = None) -> tuple[Step, ...]:
    """The commands of a lab on a bare machine.

    Raises ``IplabError`` for the batch style, which does several things in one command.
    """
    if renderer.style == "batch":
        raise IplabError(
            "a walk takes one command at a time", hint="--style steps, or --style direct"
        )
    before = start or bare()
    plan = plan_up(
        lab.name,
        lab.network,
        before,
        Ownership(),
        origins=lab.origins,
        through_host=through_host(renderer.style, lab.network, before),
    )
    found = []
    for step in plan.steps:
        command = renderer.command(step.operation)
        reading = read(command.argv)
        if reading.operations != (step.operation,):
            # Templates of the user's own may have words that iplab does not read.
            reading = Reading(
                command.argv, command.node, reading.parts, operations=(step.operation,)
            )
        found.append(Step(command.argv, reading, step.why))
    return tuple(found)


def from_script(text: str, arguments: Sequence[str] = ()) -> tuple[Step, ...]:
    """The commands of a shell script in the order in which it would run them; see
    ``iplab.follow`` for what of a shell is read.

    Raises ``IplabError`` where none of them is one that iplab reads.
    """
    found = [
        Step(step.reading.argv, step.reading, step.comment, step.line, step.old)
        for step in replay(text, arguments).steps
        if not (step.reading.unknown and step.reading.argv[0].rpartition("/")[2] in _QUIET)
    ]
    if not any(step.reading.operations or step.reading.known for step in found):
        raise IplabError(
            "there is no command in it that iplab reads",
            hint="a walk is made of a lab file, or of a shell script of ip commands",
        )
    return tuple(found)


def project(title: str, steps: Sequence[Step], start: Network | None = None) -> Walk:
    """The walk without a kernel: each state is worked out from the one ahead of it."""
    draft = Draft(start or bare())
    states = [draft.freeze()]
    troubles: dict[int, tuple[str, ...]] = {}
    for number, step in enumerate(steps):
        trouble = apply(step, draft)
        if trouble:
            troubles[number] = trouble
        states.append(draft.freeze())
    return Walk(title, tuple(steps), tuple(states), troubles)


def apply(step: Step, draft: Draft) -> tuple[str, ...]:
    """Project one step; why that could not be done, if so."""
    if step.reading.unknown:
        return (step.reading.unknown,)
    outcome = projected(step.reading, draft)
    trouble = [*outcome.refused, *outcome.absent]
    changes = step.reading.operations or any(k.changes for k in step.reading.known)
    if outcome.unpictured and changes and not trouble:
        trouble.append(UNPICTURED)
    return tuple(dict.fromkeys(trouble))
