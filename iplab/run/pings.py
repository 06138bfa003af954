"""Does a packet get there?  ping for the lab's checks, fping for every node to every node."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from iplab.errors import CommandFailed
from iplab.names import HOST, IPAddress
from iplab.network import Network
from iplab.plan import matrix as matrices
from iplab.plan.introduce import Lines, introductions
from iplab.plan.matrix import Wanted
from iplab.plan.reach import targets
from iplab.plan.silent import grouped
from iplab.run.dad import settled
from iplab.run.look import Scope
from iplab.run.machine import Machine, find_program
from iplab.run.netns import entered, inside
from iplab.run.running import Finished

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16  # pings side by side: they mostly wait
# fping(8), twice.  First one packet to each (-r 0), as fast as the machine has hands for it (-i 0):
# every node side by side would only make it change hands more often.  0.1 s (-t) is long for a lab,
# and one silent node costs each other node as much, a few at a time.  Whatever has not answered
# (a first packet lost to resolution, or in the short queue of a slow link; a long delay) is asked
# up to three times more (-r 2), 0.5 s apart each time (-B 1) and 1 ms between packets.
QUICK = ("fping", "-a", "-i", "0", "-r", "0", "-t", "100")
HANDS = 4 * (os.cpu_count() or 1)
PATIENT = ("fping", "-a", "-i", "1", "-r", "2", "-t", "500", "-B", "1")
FPINGS = 64  # side by side: each sends one packet a millisecond
# One table for all namespaces of a machine (arp(7)); only the first namespace sees its size.
LIMIT = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
USUAL_LIMIT = 1024  # entries, where nobody has changed it (neigh_table_init, net/ipv4/arp.c)
FEW = 12  # pairs without an answer that are told one by one, each with its addresses
SHARE = 0.7  # of it, at most, for one part of the matrix


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


class Outcome(Struct, frozen=True):
    """What became of a check."""

    check: str
    ok: bool
    detail: str


class Matrix(Struct, frozen=True):
    """Every node to every node: addresses asked, answers, and the pairs that stayed without.

    ``silent`` says those in sentences, ``notes`` how it was asked.
    """

    sent: int
    received: int
    failed: tuple[tuple[str, str], ...]
    silent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sampled: bool = False


def wait_for_addresses(machine: Machine, scope: Scope, network: Network) -> None:
    """Wait until no IPv6 address of a device with a carrier is tentative, for a while.

    The kernel's own link-local ones count as well: a router asks for neighbours from them.  Where
    ``network``, the lab's, has no IPv6 address, nothing of IPv6 is asked and nothing waits.
    """
    if not any(a.local.version == 6 for _, i in network.ends() for a in i.addresses):
        return
    settled(machine, scope, link_local=True)


def check_all(machine: Machine, network: Network, wishes: Sequence[Wish]) -> list[Outcome]:
    """Try each check; ``network`` is the lab's, whose addresses are asked."""
    if not wishes:
        return []
    return _side_by_side(lambda wish: _check(machine, network, wish), wishes)


def _side_by_side(work: Callable[[T], R], of: Sequence[T]) -> list[R]:
    from concurrent.futures import ThreadPoolExecutor  # which is long in coming, for a few pings

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(work, of))


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
    try:
        results = [(word, *_ping(machine, wish.source, word, wish.must_reach)) for word in words]
    except CommandFailed as error:
        return Outcome(wish.text, False, f"ping could not ask: {error.output}")
    ok = all(reached is wish.must_reach for _, reached, _ in results)
    detail = "; ".join(f"{word} {said}" for word, _, said in results)
    if skipped:
        family = f"IPv{skipped[0].version}"
        asked_not = ", ".join(map(str, skipped))
        detail += f"; not asked, as {wish.source} has no {family} address: {asked_not}"
    return Outcome(wish.text, ok, detail)


def _ping(machine: Machine, source: str, target: str, must_reach: bool) -> tuple[bool, str]:
    """One address.  Three tries where an answer is wanted: the first may be lost to resolution.

    ``CommandFailed`` where ping could not ask.
    """
    said = ""
    for _ in range(3 if must_reach else 1):
        argv = inside(source, ("ping", "-n", "-c", "1", "-W", "1", target)).argv
        done = told(argv, machine.other(argv, timeout=10))
        if done.code == 0:
            took = re.search(r"time=([\d.]+) ms", done.out)
            return True, f"answers in {took.group(1)} ms" if took else "answers"
        said = _why_not(done.out + done.err)
    return False, said


def told(argv: Sequence[str], done: Finished) -> Finished:
    """What ``ping`` said, if it did ask; ``CommandFailed`` with its own words if it could not.

    ping(8): 1 is no answer, 2 any other error.  Of those the kernel's refusals to send are an
    answer: it says them of ``connect``, and of a prohibiting route as of a broadcast address.
    """
    refused = "ping: connect: " in done.err or "Do you want to ping broadcast?" in done.err
    if done.code == 0 or (done.code == 1 and "PING" in done.out) or (done.code == 2 and refused):
        return done
    raise CommandFailed(shlex.join(argv), done.code, done.err or done.out)


def _why_not(text: str) -> str:
    for line in text.splitlines():
        if "Unreachable" in line or "unreachable" in line or "Time to live" in line:
            return f"does not answer: {line.rpartition('icmp_seq=1')[2].strip() or line.strip()}"
        if "Packet filtered" in line or "prohibited" in line:
            return "does not answer: a router on the way refuses it"
    return "does not answer"


def matrix(
    machine: Machine, network: Network, nodes: Sequence[str], sample: int | None = None
) -> Matrix:
    """Ask every address of every node from every other one.

    Each node asks ``sample`` others (0: all; ``None``: all, or as many as make ``MOST`` pairs).
    One fping a node, side by side.  The kernel keeps a limited number of neighbours for all
    namespaces, and forgets none for five seconds (neigh_forced_gc): what is more than that is
    asked in parts, and around each the lab's nodes forget whom they have asked.
    """
    asked = matrices.matrix(network, nodes, sample)
    room = int(_limit() * SHARE)
    parts = list(matrices.waves(network, asked, room))
    with_fping = find_program("fping") is not None
    alive: set[tuple[str, str]] = set()  # asking node, address
    with machine.progress("pinging", len(asked.wanted)) as more:
        if len(parts) > 1:
            _forget(machine, set(asked.nodes))  # what earlier traffic left takes room as well
        for part in parts:
            _introduce(machine, introductions(network, part))
            alive |= (_fping if with_fping else _one_by_one)(machine, _by_source(part))
            if len(parts) > 1:
                _forget(machine, {node for pair in part for node in pair})
            more(len(part))
    failed: dict[tuple[str, str], list[IPAddress]] = {}
    sent = sum(map(len, asked.wanted.values()))
    if len(alive) < sent:
        for (source, target), addresses in asked.wanted.items():
            silent = [address for address in addresses if (source, str(address)) not in alive]
            if silent:
                failed[source, target] = silent
    return Matrix(
        sent,
        sent - sum(map(len, failed.values())),
        tuple(failed),
        tuple(_sentences(network, asked.wanted, failed)),
        tuple(_notes(asked, len(parts), with_fping)),
        asked.sampled,
    )


def _limit() -> int:
    try:
        return int(LIMIT.read_text())
    except (OSError, ValueError):
        return USUAL_LIMIT


def _by_source(part: Wanted) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    words: dict[int, list[str]] = {}  # by what is asked, as many ask the same (an address is slow)
    for (source, _), addresses in part.items():
        if id(addresses) not in words:
            words[id(addresses)] = [str(address) for address in addresses]
        found.setdefault(source, []).extend(words[id(addresses)])
    return found


def _sentences(
    network: Network, wanted: Wanted, failed: Mapping[tuple[str, str], Sequence[IPAddress]]
) -> list[str]:
    if len(failed) > FEW:
        return grouped(network, wanted, failed)
    return [f"{a} does not reach {b} at {', '.join(map(str, at))}" for (a, b), at in failed.items()]


def _notes(asked: matrices.Matrix, parts: int, with_fping: bool) -> list[str]:
    found = []
    if not with_fping:
        found.append("fping is not here, so ping asked one by one: apt-get install fping")
    if asked.sampled:
        found.append(
            f"each node asked {asked.each} of the {asked.of} others; --ping-sample 0 asks all"
        )
    if parts > 1:
        found.append(
            f"asked in {parts} parts, as the kernel keeps {_limit()} neighbours for all namespaces;"
            " sysctl -w net.ipv4.neigh.default.gc_thresh3=… on the machine makes it faster"
        )
    return found


def _forget(machine: Machine, nodes: set[str]) -> None:
    """Empty the neighbour tables of the lab's nodes, but for permanent entries; not the host's."""
    machine.many(
        [entered(node, ("ip", "neigh", "flush", "all")) for node in sorted(nodes - {HOST})]
    )


def _introduce(machine: Machine, lines: Mapping[str, Lines]) -> None:
    """Let the nodes of large subnets hear of each other, unless the first knows most others.

    Whatever comes of it: who has not heard of another one asks for it itself.
    """
    first = next(iter(lines), None)
    if first is None:
        return
    for _, known in machine.side_by_side([entered(first, ("ip", "neigh"))]):
        if isinstance(known, Finished) and known.out.count("\n") > len(lines[first]) / 2:
            return
    commands = [
        replace(entered(node, ("ip", "-batch", "-")), lines=tuple(each))
        for node, each in lines.items()
    ]
    for _ in machine.side_by_side(commands, at_once=HANDS):
        pass


def _fping(machine: Machine, wanted: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    """Who got an answer; ``CommandFailed`` where fping could not ask."""
    found = _answered(machine, wanted, QUICK, HANDS)
    silent = {
        source: [address for address in addresses if (source, address) not in found]
        for source, addresses in wanted.items()
    }
    silent = {source: addresses for source, addresses in silent.items() if addresses}
    return found | _answered(machine, silent, PATIENT, FPINGS)


def _answered(
    machine: Machine, wanted: Mapping[str, Sequence[str]], argv: Sequence[str], at_once: int
) -> set[tuple[str, str]]:
    commands = [
        replace(entered(source, argv), lines=tuple((address,) for address in addresses))
        for source, addresses in wanted.items()
    ]
    patient = Machine(machine.timeout + max(map(len, wanted.values()), default=0))
    found: set[tuple[str, str]] = set()
    sources = list(wanted)
    with closing(patient.side_by_side(commands, at_once=at_once)) as ending:
        for number, done in ending:
            if isinstance(done, CommandFailed):
                raise done
            if done.code not in (0, 1, 2):  # fping(8): some are silent, or have no address
                raise CommandFailed(commands[number].text, done.code, done.err)
            found |= {(sources[number], address) for address in done.out.split()}
    return found


def _one_by_one(machine: Machine, wanted: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    every = [(source, address) for source, addresses in wanted.items() for address in addresses]
    answered = _side_by_side(lambda pair: _ping(machine, pair[0], pair[1], True)[0], every)
    return {pair for pair, reached in zip(every, answered, strict=True) if reached}
