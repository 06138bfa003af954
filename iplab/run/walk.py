"""A walk for real: each command through the real `ip`, each state read from the kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from iplab.command import Command
from iplab.draft import Draft
from iplab.errors import CommandFailed, MissingProgram
from iplab.names import HOST
from iplab.network import Interface, Loopback, Network
from iplab.run.machine import Machine
from iplab.run.netns import inside, namespaces
from iplab.run.whole import whole
from iplab.walk.steps import Step, Walk, apply

# What a walk starts; a script may hold other commands, and nobody asked to have those run.
PROGRAMS = frozenset({"ip", "tc", "bridge", "sysctl", "nft", "ping"})
SETTLE = 0.05  # seconds for the carrier to be told from one end of a cable to the other


def run(title: str, steps: Sequence[Step]) -> Walk:
    """Run the steps here, which has to be a sandbox that nobody else uses.

    A command that fails is a step that is marked; the walk goes on, as a shell does.
    """
    machine = Machine()
    states = [whole(machine)]
    shown = [_addr(machine)]
    troubles: dict[int, tuple[str, ...]] = {}
    for number, step in enumerate(steps):
        expected = Draft(states[-1])
        said = list(apply(step, expected))
        failed = _do(machine, step)
        time.sleep(SETTLE)
        states.append(whole(machine))
        shown.append(_addr(machine))
        if failed:
            said = [*said, failed] if step.reading.unknown else [failed]
        elif not step.reading.unknown:
            said = [s for s in said if s == "unpictured"]
            if not said:
                said = list(differences(expected.freeze(), states[-1]))
        if said:
            troubles[number] = tuple(said)
    return Walk(title, tuple(steps), tuple(states), troubles, tuple(shown))


def _do(machine: Machine, step: Step) -> str:
    """Run one step; why it failed, or ''."""
    argv = step.argv[1:] if step.argv[:1] == ("sudo",) else step.argv
    if not argv or argv[0].rpartition("/")[2] not in PROGRAMS:
        return ""
    if step.reading.unknown and len(argv) == 1:
        return ""  # a line that was not split into words
    for known in step.reading.known:
        if known.topic in ("netns.exec", "netns.exec-all", "netns.shell"):
            program = known.values["program"]
            if program.rpartition("/")[2] not in PROGRAMS:
                return f"{program} was not run: a walk runs {', '.join(sorted(PROGRAMS))} alone"
    try:
        machine.run(Command((argv[0].rpartition("/")[2], *argv[1:]), HOST))
    except CommandFailed as error:
        return error.output or str(error)
    except MissingProgram as error:
        return str(error)
    return ""


def _addr(machine: Machine) -> dict[str, str]:
    nodes = [HOST, *namespaces()]
    answers = machine.many([inside(node, ("ip", "addr")) for node in nodes])
    return {node: a.out for node, a in zip(nodes, answers, strict=True)}


def differences(expected: Network, found: Network) -> Iterator[str]:
    """Where the kernel's state is not the projected one, in words."""
    for node in sorted({*expected.namespaces, *found.namespaces}):
        want, have = expected.namespaces.get(node), found.namespaces.get(node)
        if want is None or have is None:
            yield f"namespace {node}: {'not there' if have is None else 'there'}"
            continue
        for device in sorted({*want.interfaces, *have.interfaces}):
            a, b = want.interfaces.get(device), have.interfaces.get(device)
            if a is None or b is None:
                yield f"{node}:{device}: {'not there' if b is None else 'there'}"
            else:
                yield from (f"{node}:{device} {words}" for words in _unlike(a, b))
        routes = [sorted(map(str, n.routes)) for n in (want, have)]
        if routes[0] != routes[1]:
            yield f"{node}: routes {', '.join(routes[1]) or 'none'}"


def _unlike(want: Interface, have: Interface) -> Iterator[str]:
    if want.up != have.up:
        yield "is up" if have.up else "is down"
    asked, found = _said(want), _said(have)
    for word in sorted(found - asked):
        yield f"has {word}, which was not expected"
    for word in sorted(asked - found):
        yield f"does not have {word}"


def _said(interface: Interface) -> set[str]:
    # What lo has by itself is not looked at: the kernel gives it, asked or not.
    own = isinstance(interface.kind, Loopback)
    words = {
        str(a) for a in interface.addresses if not a.automatic and not (own and a.local.is_loopback)
    }
    if peer := getattr(interface.kind, "peer", None):
        words.add(f"the other end {peer}")
    if interface.master:
        words.add(f"the bridge {interface.master}")
    return words
