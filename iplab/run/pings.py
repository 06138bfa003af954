"""Does a packet get there?  ping for the lab's checks, fping for every node to every node."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from iplab.names import IPAddress
from iplab.network import Network
from iplab.plan.reach import addresses, targets
from iplab.run.look import Scope, look
from iplab.run.machine import Machine, find_program, inside

AT_ONCE = 16  # pings side by side: they mostly wait
DAD_PATIENCE = 5.0  # seconds; duplicate address detection takes one to two (RFC 4862)


class Wish(Protocol):
    """A check of the lab: ``source`` and ``target`` are nodes, or ``target`` is an address."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def must_reach(self) -> bool: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every node to every node: addresses asked, answers, and the pairs that stayed without."""

    sent: int
    received: int
    failed: tuple[tuple[str, str], ...]
    silent: tuple[str, ...] = ()  # "a does not reach 10.0.0.2 of b", one for each address
    note: str = ""


def wait_for_addresses(machine: Machine, scope: Scope, network: Network) -> None:
    """Wait until no IPv6 address of a device with a carrier is tentative, for a while.

    The kernel's own link-local ones count as well: a router asks for neighbours from them.  Where
    ``network``, the lab's, has no IPv6 address, nothing of IPv6 is asked and nothing waits.
    """
    if not any(a.local.version == 6 for _, i in network.ends() for a in i.addresses):
        return
    until = time.monotonic() + DAD_PATIENCE
    while time.monotonic() < until:
        waiting = any(
            address.tentative and not address.failed
            for _, interface in look(machine, scope).ends()
            if interface.up and "NO-CARRIER" not in interface.flags
            for address in interface.addresses
        )
        if not waiting:
            return
        time.sleep(0.1)


def check_all(machine: Machine, network: Network, wishes: Sequence[Wish]) -> list[Outcome]:
    """Try each check; ``network`` is the lab's, whose addresses are asked."""
    if not wishes:
        return []
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda wish: _check(machine, network, wish), wishes))


def _check(machine: Machine, network: Network, wish: Wish) -> Outcome:
    skipped: list[IPAddress] = []
    if wish.target in network.namespaces:
        asked, skipped = targets(network, wish.source, wish.target)
        words = [str(address) for address in asked]
    else:
        words = [wish.target]
    if not words:
        return Outcome(
            wish.text, False, f"{wish.target} has no address that {wish.source} could ask"
        )
    results = [(word, *_ping(machine, wish.source, word, wish.must_reach)) for word in words]
    ok = all(reached is wish.must_reach for _, reached, _ in results)
    detail = "; ".join(f"{word} {said}" for word, _, said in results)
    if skipped:
        family = f"IPv{skipped[0].version}"
        asked_not = ", ".join(map(str, skipped))
        detail += f"; not asked, as {wish.source} has no {family} address: {asked_not}"
    return Outcome(wish.text, ok, detail)


def _ping(machine: Machine, source: str, target: str, must_reach: bool) -> tuple[bool, str]:
    """One address.  Three tries where an answer is wanted: the first may be lost to resolution."""
    said = ""
    for _ in range(3 if must_reach else 1):
        argv = inside(source, ("ping", "-n", "-c", "1", "-W", "1", target)).argv
        done = machine.other(argv, timeout=10)
        if done.code == 0:
            took = re.search(r"time=([\d.]+) ms", done.out)
            return True, f"answers in {took.group(1)} ms" if took else "answers"
        said = _why_not(done.out + done.err)
    return False, said


def _why_not(text: str) -> str:
    for line in text.splitlines():
        if "Unreachable" in line or "unreachable" in line or "Time to live" in line:
            return f"does not answer: {line.rpartition('icmp_seq=1')[2].strip() or line.strip()}"
        if "Packet filtered" in line or "prohibited" in line:
            return "does not answer: a router on the way refuses it"
    return "does not answer"


def matrix(machine: Machine, network: Network, nodes: Iterable[str]) -> Matrix:
    """Ask every address of every node from every other one."""
    askers = [node for node in nodes if addresses(network, node)]
    wanted = {
        source: [
            (node, str(address))
            for node in askers
            if node != source
            for address in targets(network, source, node)[0]
        ]
        for source in askers
    }
    with_fping = find_program("fping") is not None
    ask = _fping if with_fping else _one_by_one
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        alive = list(pool.map(lambda s: ask(machine, s, [a for _, a in wanted[s]]), askers))
    sent = received = 0
    failed: dict[tuple[str, str], list[str]] = {}
    for source, answered in zip(askers, alive, strict=True):
        for node, address in wanted[source]:
            sent += 1
            if address in answered:
                received += 1
            else:
                failed.setdefault((source, node), []).append(address)
    note = (
        "" if with_fping else "fping is not here, so ping asked one by one: apt-get install fping"
    )
    silent = [f"{a} does not reach {b} at {', '.join(at)}" for (a, b), at in failed.items()]
    return Matrix(sent, received, tuple(failed), tuple(silent), note)


def _fping(machine: Machine, source: str, wanted: Sequence[str]) -> set[str]:
    """The addresses that answer: up to three tries each, 0.5 s apart, 1 ms between packets."""
    if not wanted:
        return set()
    argv = inside(source, ("fping", "-a", "-i", "1", "-r", "2", "-t", "500", "-B", "1")).argv
    done = machine.other(argv, stdin="".join(f"{a}\n" for a in wanted), timeout=60 + len(wanted))
    return set(done.out.split())


def _one_by_one(machine: Machine, source: str, wanted: Sequence[str]) -> set[str]:
    return {address for address in wanted if _ping(machine, source, address, True)[0]}
