"""What a packet filter does with a packet at a hook (nft(8), "Chains" and "Verdict statement")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from iplab.names import IPAddress
from iplab.why import mend
from iplab.why.facts import Chain, Rule, Ruleset
from iplab.why.matching import Seat, Truth, evaluate, holds, matches
from iplab.why.packet import Packet
from iplab.why.report import Cause, Weight
from iplab.why.ruleset import LEGACY

_DEPTH = 16  # nf_tables' own limit of jumps (NFT_JUMP_STACK_SIZE)
_FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
_REFUSALS = ("drop", "reject")


class Verdict(Struct, frozen=True):
    """``accept``, ``drop`` or ``""`` (no verdict: go on); ``sure`` is whether it must be so.

    ``rule`` is the one that spoke; ``None`` where it was the policy.  ``nat`` is what happens to
    the packet's addresses: ``("snat", address)``, address ``None`` for masquerade.
    """

    word: str
    sure: bool = True
    rule: Rule | None = None
    nat: tuple[str, IPAddress | None] | None = None


class Passage(Struct, frozen=True):
    """What all the chains of a hook make of a packet; ``rule`` is the one that does ``nat``."""

    causes: tuple[Cause, ...] = ()
    nat: tuple[str, IPAddress | None] | None = None
    rule: Rule | None = None


def at_hook(
    node: str,
    rules: Ruleset,
    hook: str,
    packet: Packet,
    *,
    incoming: str = "",
    outgoing: str = "",
    families: tuple[str, ...] | None = None,
    why: str = "",
) -> Passage:
    """The packet at ``hook`` of ``node``; ``why`` says how it came there, where that surprises."""
    wanted = families or (("arp",) if packet.protocol == "arp" else _FAMILIES[packet.version])
    causes: list[Cause] = []
    nat: tuple[str, IPAddress | None] | None = None
    by: Rule | None = None
    chains = [c for c in rules.chains if c.hook == hook and c.family in wanted]
    for chain in sorted(chains, key=lambda c: c.priority):
        if chain.type == "nat" and packet.state == "established":
            continue  # only the first packet of a connection sees nat chains
        if chain.devices and (incoming or outgoing) not in chain.devices:
            continue
        seat = Seat(chain.family, chain.table, incoming, outgoing)
        doubt = False  # a rule before the policy may have let the packet through
        for verdict in _chain(rules, (chain.family, chain.table, chain.name), packet, seat, 0):
            if verdict.word == "drop":
                causes.append(_cause(node, chain, verdict, packet, why))
            if verdict.nat and nat is None and verdict.sure:
                nat, by = verdict.nat, verdict.rule
            doubt = doubt or verdict.word != "drop"
            if verdict.sure and verdict.word:
                break
        else:
            if chain.policy == "drop":
                causes.append(_cause(node, chain, Verdict("drop", not doubt), packet, why))
        if any(c.weight is Weight.STOPS for c in causes):
            break
    return Passage(tuple(causes), nat, by)


def _chain(
    rules: Ruleset, name: tuple[str, str, str], packet: Packet, seat: Seat, depth: int
) -> Iterator[Verdict]:
    """The verdicts the packet meets, up to the first that is sure.

    After a verdict that is not sure whatever follows is not sure either.
    """
    doubt = False
    for rule in rules.rules:
        if rule.chain != name:
            continue
        truth: Truth = True
        for statement in rule.statements:
            kind, inner = _split(statement)
            if kind == "match":
                held = matches(inner, packet, seat, rules)
                if held is False:
                    truth = False
                    break
                truth = None if held is None else truth
                continue
            if kind in ("limit", "xt", "quota", "connlimit", "ct count"):
                truth = None
                continue
            if kind == "return":
                if truth is True and not doubt:
                    return
                doubt = True
                yield Verdict("", False, rule)
                break
            ended = False
            for verdict in _verdicts(kind, inner, rules, packet, seat, rule, depth):
                certain = verdict.sure and truth is True and not doubt
                yield Verdict(verdict.word, certain, verdict.rule, verdict.nat)
                ended = True
                if certain:
                    return
                doubt = True
            if ended:
                break


def _split(statement: Mapping[str, Any]) -> tuple[str, Any]:
    """A statement's word and what stands behind it."""
    return next(iter(statement.items()), ("", None))


def _verdicts(
    kind: str,
    inner: Any,
    rules: Ruleset,
    packet: Packet,
    seat: Seat,
    rule: Rule,
    depth: int,
) -> Iterator[Verdict]:
    match kind:
        case "accept":
            yield Verdict("accept", True, rule)
        case "drop" | "reject":
            yield Verdict("drop", True, rule)
        case "masquerade":
            yield Verdict("accept", True, rule, ("snat", None))
        case "snat" | "dnat":
            yield Verdict("accept", True, rule, (kind, _address(inner)))
        case "jump" | "goto" if depth < _DEPTH:
            name = (seat.family, seat.table, inner["target"])
            yield from _chain(rules, name, packet, seat, depth + 1)
        case "vmap":
            yield from _map(inner, rules, packet, seat, rule, depth)


def _map(
    inner: Mapping[str, Any], rules: Ruleset, packet: Packet, seat: Seat, rule: Rule, depth: int
) -> Iterator[Verdict]:
    data = inner.get("data")
    entries = data.get("set", ()) if isinstance(data, dict) else ()
    if isinstance(data, str) and data.startswith("@"):
        entries = (rules.sets or {}).get((seat.family, seat.table, data[1:]), ())
    value = evaluate(inner.get("key"), packet, seat)
    for key, verdict in entries:
        if holds(value, key, seat, rules) is True:
            word, more = _split(verdict)
            yield from _verdicts(word, more, rules, packet, seat, rule, depth)
            return


def _address(inner: Any) -> IPAddress | None:
    import ipaddress

    try:
        return ipaddress.ip_address(inner["addr"])
    except (KeyError, TypeError, ValueError):
        return None


def _cause(node: str, chain: Chain, verdict: Verdict, packet: Packet, why: str) -> Cause:
    place = f"{chain.family} {chain.table} {chain.name}"
    may = "" if verdict.sure else "may "
    does = "drop" if may else "drops"
    tail = f" ({why})" if why else ""
    weight = Weight.STOPS if verdict.sure else Weight.MAY
    about = f"{packet.type} from {packet.source} to {packet.target}"
    if packet.port:
        about = f"{packet.protocol} from {packet.source} to {packet.target} port {packet.port}"
    legacy = chain.table.startswith(LEGACY)
    if verdict.rule is None:
        name = f"nft chain {place}"
        what = f"policy drop at {chain.hook}: {may}{does} {about}{tail}"
        if legacy:
            tool = "iptables" if chain.family == "ip" else "ip6tables"
            line = mend.within(node, tool, "-P", chain.name, "ACCEPT")
            return Cause(node, f"{tool} chain {chain.name}", what, line, weight)
        return Cause(node, name, what, _let_through(node, chain, packet), weight)
    rule = verdict.rule
    refusing = next((w for s in rule.statements for w in s if w in _REFUSALS), "drop")
    does = refusing if may else f"{refusing}s"
    what = f"{may}{does} {about} at {chain.hook}{tail}"
    family, table, name = rule.chain
    if legacy:
        tool = "iptables" if family == "ip" else "ip6tables"
        words = ("-t", table.partition(" ")[2], "-D", name, rule.handle)
        return Cause(
            node,
            f"{tool} rule {rule.handle} of {name}",
            what,
            mend.within(node, tool, *words),
            weight,
        )
    line = mend.within(node, "nft", "delete", "rule", family, table, name, "handle", rule.handle)
    return Cause(node, named(rule), what, line, weight)


def named(rule: Rule) -> str:
    """A rule of nftables as a report names it."""
    return f"nft rule {' '.join(rule.chain)} handle {rule.handle}"


def _let_through(node: str, chain: Chain, packet: Packet) -> str:
    """A rule that lets such packets through: far less than another policy would."""
    words: tuple[object, ...]
    if chain.family in ("bridge", "netdev") and not packet.port:
        kind = "arp" if packet.protocol == "arp" else "ip" if packet.version == 4 else "ip6"
        words = ("ether", "type", kind, "accept")
    elif chain.family == "arp":
        words = ("accept",)
    elif packet.port:
        words = ("udp", "dport", packet.port, "accept")
    else:
        words = ("meta", "l4proto", packet.protocol, "accept")
    place = (chain.family, chain.table, chain.name)
    return mend.within(node, "nft", "add", "rule", *place, *words)
