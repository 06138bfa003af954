"""The machine for translations: its state now, and running one, put back where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field

from iplab import observe
from iplab.command import Command
from iplab.draft import Draft
from iplab.errors import CommandFailed, Interrupted, IplabError, LeftBehind
from iplab.legacy import state as saved
from iplab.names import HOST
from iplab.network import Namespace, Network
from iplab.operations import Operation, project
from iplab.plan.undo import undo
from iplab.render import Renderer
from iplab.run import interrupts
from iplab.run.enter import check
from iplab.run.machine import Machine
from iplab.run.settings import settings

_QUESTIONS = (("addr", "show"), ("route", "show", "table", "all"), ("neigh", "show"),
              ("neigh", "show", "proxy"))  # fmt: skip
# What changes by itself while nobody does anything.
_COUNTERS = frozenset(
    {"valid_life_time", "preferred_life_time", "expires", "used", "confirmed", "updated", "probes",
     "users", "refcnt", "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer",
     "message_age_timer", "forward_delay_timer", "hold_timer", "tentative"}
)  # fmt: skip


def live_state(machine: Machine, node: str = HOST) -> Namespace:
    """What the kernel holds in ``node``; ``IplabError`` where there is no such namespace."""
    check(node)
    asked = _ask(machine, node)
    addresses, routes, *neighbours = asked
    return saved.read(addresses, routes, _sysctls(node, addresses), node, neighbours=neighbours)


def _ask(machine: Machine, node: str) -> list[list[dict[str, Any]]]:
    where = () if node == HOST else ("-n", node)
    answer = machine.run(Command(("ip", "-j", "-d", *where, "-batch", "-"), node, _QUESTIONS))
    found = observe.documents(answer.out, "ip -j")
    if len(found) != len(_QUESTIONS):
        raise IplabError(f"`ip -j` answered {len(found)} of {len(_QUESTIONS)} questions")
    return found


def _sysctls(node: str, addresses: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The settings that say what becomes of secondary addresses."""
    keys = [
        f"net/ipv4/conf/{name}/promote_secondaries"
        for name in ("all", *(link["ifname"] for link in addresses))
    ]
    return settings({node: keys})[node]


class Run(Struct):
    """A translation being run in ``node``; ``before_each`` is told each command ahead of it."""

    machine: Machine
    before: Namespace
    operations: Sequence[Operation]
    before_each: Callable[[Command], None] = lambda command: None
    done: list[Operation] = field(default_factory=list)

    def run(self) -> None:
        """Run the operations in order.

        What fails is put back and raised as ``CommandFailed``, or as ``Interrupted`` where a signal
        ended it; ``LeftBehind`` where something could not be put back.
        """
        renderer = Renderer("direct")
        start = _ask(self.machine, self.before.name)
        with interrupts.listening() as signals:
            try:
                for operation in self.operations:
                    self._one(operation, renderer.command(operation))
                signals.deaf = True
            except BaseException as error:
                signals.deaf = True
                self._put_back(renderer, start, error)
                if isinstance(error, KeyboardInterrupt):
                    raise Interrupted("interrupted; all was put back") from None
                raise

    def _one(self, operation: Operation, command: Command) -> None:
        self.before_each(command)
        # Ahead of it: from here on an interrupt may come when it has run already.
        self.done.append(operation)
        try:
            self.machine.run(command)
        except CommandFailed as error:
            if error.code is not None:  # what did not answer may be done or not
                self.done.pop()
            raise

    def _put_back(self, renderer: Renderer, start: list[Any], error: BaseException) -> None:
        said = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        network = Network({self.before.name: self.before})
        commands: list[Command] = []
        for n in range(len(self.done), 0, -1):
            ahead = project(network, self.done[: n - 1])
            commands += [renderer.command(o) for o in undo(self.done[n - 1], Draft(ahead))]
        trouble = ""
        for command in commands:
            try:
                self.machine.run(command)
            except IplabError as second:
                trouble += f"\n{second}"
        left = list(_differences(start, _ask(self.machine, self.before.name)))
        if left:
            words = "\n".join(f"  {line}" for line in left)
            tried = "\n".join(f"  {command.text}" for command in commands) or "  (none known)"
            raise LeftBehind(
                f"{said}\nand not all could be put back{trouble}; what differs now:\n{words}\n"
                f"these commands were tried:\n{tried}"
            ) from error


def _differences(start: list[Any], now: list[Any]) -> list[str]:
    """What `ip` says now and did not before, or the other way round."""
    found = []
    for (question, *_), was, have in zip(_QUESTIONS, start, now, strict=True):
        before, after = _lines(was), _lines(have)
        found += [f"{question} lost: {line}" for line in before if line not in after]
        found += [f"{question} new: {line}" for line in after if line not in before]
    return found


def _lines(objects: list[Any]) -> list[str]:
    return [str(_plain(o)) for o in objects if not _follows(o)]


def _follows(entry: Any) -> bool:
    """An IPv6 route of the kernel's own: it is there once its address is no longer tentative."""
    own = entry.get("protocol") == "kernel" or entry.get("table") == "local"
    return own and ":" in entry.get("dst", "")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _COUNTERS}
    return [_plain(v) for v in value] if isinstance(value, list) else value
