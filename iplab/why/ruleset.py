"""``nft -j list ruleset`` → Ruleset (libnftables-json(5)); and the same of ``iptables-save``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iplab.errors import IplabError
from iplab.why.facts import Chain, Rule, Ruleset

LEGACY = "xtables"  # the "table" of rules that iptables-legacy keeps; no nft command reaches them


def parse(text: str, where: str) -> Ruleset:
    """The ruleset in nft's JSON.  Raises ``IplabError`` where it is no such thing."""
    chains: list[Chain] = []
    rules: list[Rule] = []
    sets: dict[tuple[str, str, str], Sequence[Any]] = {}
    try:
        for item in json.loads(text or '{"nftables": []}')["nftables"]:
            if "chain" in item:
                chains.append(_chain(item["chain"]))
            elif "rule" in item:
                rule = item["rule"]
                chain = (rule["family"], rule["table"], rule["chain"])
                rules.append(Rule(chain, rule["handle"], tuple(rule.get("expr", ()))))
            elif "set" in item or "map" in item:
                found = item.get("set") or item.get("map")
                key = (found["family"], found["table"], found["name"])
                sets[key] = tuple(found.get("elem", ()))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise IplabError(f"nft answered about {where} in an unknown form: {error!r}") from error
    return Ruleset(tuple(chains), tuple(rules), sets)


def _chain(item: Mapping[str, Any]) -> Chain:
    priority = item.get("prio", 0)
    return Chain(
        family=item["family"],
        table=item["table"],
        name=item["name"],
        hook=item.get("hook", ""),
        type=item.get("type", "filter"),
        priority=priority if isinstance(priority, int) else 0,
        policy=item.get("policy", "accept"),
        devices=_words(item.get("dev")),
    )


def _words(value: Any) -> tuple[str, ...]:
    """A word or a list of words."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def joined(*parts: Ruleset) -> Ruleset:
    """Several rulesets as one."""
    sets: dict[tuple[str, str, str], Sequence[Any]] = {}
    for part in parts:
        sets.update(part.sets or {})
    chains = tuple(c for part in parts for c in part.chains)
    return Ruleset(chains, tuple(r for part in parts for r in part.rules), sets)


# ---------------------------------------------------------------- iptables-legacy-save

_HOOKS = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}


def parse_save(text: str, family: str) -> Ruleset:
    """``iptables-save`` (family ``ip``) or ``ip6tables-save`` (``ip6``), in nft's terms.

    A match that is not one of -i, -o, -s, -d, -p becomes one nobody can decide (``xt``).
    """
    chains: list[Chain] = []
    rules: list[Rule] = []
    table, numbers = "", dict[str, int]()
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            name, policy = [*line[1:].split(), "-", "-"][:2]
            hook = _HOOKS.get(name, "") if policy != "-" else ""
            kind = "nat" if table == "nat" else "filter"
            chains.append(
                Chain(
                    family,
                    f"{LEGACY} {table}",
                    name,
                    hook,
                    kind,
                    _PRIORITIES.get(table, 0),
                    policy.lower() if hook else "accept",
                )
            )
        elif line.startswith("-A "):
            words = shlex.split(line)
            numbers[words[1]] = numbers.get(words[1], 0) + 1
            statements = tuple(_statements(words[2:], family))
            rules.append(
                Rule((family, f"{LEGACY} {table}", words[1]), numbers[words[1]], statements)
            )
    return Ruleset(tuple(chains), tuple(rules))


def _statements(words: Sequence[str], family: str) -> Iterator[Mapping[str, Any]]:
    rest = list(words)
    op = "=="
    while rest:
        word = rest.pop(0)
        if word == "!":
            op = "!="
            continue
        value = rest.pop(0) if rest else ""
        match word:
            case "-i" | "-o":
                key = "iifname" if word == "-i" else "oifname"
                yield _match({"meta": {"key": key}}, op, value.replace("+", "*"))
            case "-s" | "-d":
                field = "saddr" if word == "-s" else "daddr"
                address, _, length = value.partition("/")
                if length and not length.isdecimal():
                    # A mask with holes, as iptables-save prints it: no prefix says that.
                    yield {"xt": {"type": "match", "name": value}}
                else:
                    right: Any = (
                        {"prefix": {"addr": address, "len": int(length)}} if length else address
                    )
                    yield _match({"payload": {"protocol": family, "field": field}}, op, right)
            case "-p":
                yield _match({"meta": {"key": "l4proto"}}, op, value)
            case "-j" | "-g":
                yield _target(value, word)
                return
            case _:
                yield {"xt": {"type": "match", "name": value}}
        op = "=="


def _match(left: Mapping[str, Any], op: str, right: Any) -> Mapping[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def _target(name: str, word: str) -> Mapping[str, Any]:
    match name:
        case "ACCEPT" | "DROP" | "RETURN" | "REJECT":
            return {name.lower(): None}
        case "MASQUERADE":
            return {"masquerade": None}
        case "LOG" | "MARK" | "CONNMARK" | "NFLOG" | "TRACE" | "CT" | "TCPMSS":
            return {"counter": None}
        case "SNAT" | "DNAT" | "REDIRECT" | "QUEUE" | "NFQUEUE":
            return {"xt": {"type": "target", "name": name}}
    return {"goto" if word == "-g" else "jump": {"target": name}}
