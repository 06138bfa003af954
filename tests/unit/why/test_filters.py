"""What nftables and iptables rules make of a packet."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from iplab.errors import IplabError
from iplab.why.facts import Chain, Rule, Ruleset
from iplab.why.filters import Passage, at_hook
from iplab.why.packet import Packet, echo
from iplab.why.report import Weight
from iplab.why.ruleset import parse, parse_save

PING = echo(ipaddress.ip_address("10.0.1.2"), ipaddress.ip_address("10.0.2.2"))
PONG = PING.reply()
DROP: dict[str, Any] = {"drop": None}
ACCEPT: dict[str, Any] = {"accept": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def ip(field: str) -> dict[str, Any]:
    return {"payload": {"protocol": "ip", "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


STATE = {"ct": {"key": "state"}}
TYPE = {"payload": {"protocol": "icmp", "field": "type"}}


def met(
    *rules: list[dict[str, Any]], packet: Packet = PING, policy: str = "accept", **more: Any
) -> Passage:
    chain = ("inet", "f", "c")
    built = Ruleset(
        (Chain(*chain, hook="forward", policy=policy), Chain("inet", "f", "sub")),
        tuple(Rule(chain, n, tuple(r)) for n, r in enumerate(rules, 1))
        + tuple(
            Rule(("inet", "f", "sub"), 90 + n, tuple(r)) for n, r in enumerate(more.get("sub", ()))
        ),
        more.get("sets"),
    )
    return at_hook("r", built, "forward", packet, incoming="left", outgoing="right")


@pytest.mark.parametrize(
    "expression",
    [
        match(ip("saddr"), "10.0.1.2"),
        match(ip("saddr"), {"prefix": {"addr": "10.0.1.0", "len": 24}}),
        match(ip("daddr"), {"set": ["10.9.9.9", {"prefix": {"addr": "10.0.2.0", "len": 24}}]}),
        match(ip("daddr"), {"range": ["10.0.2.1", "10.0.2.9"]}),
        match(ip("daddr"), "10.0.2.3", "!="),
        match(meta("iifname"), "left"),
        match(meta("oifname"), "ri*"),
        match(meta("l4proto"), "icmp"),
        match(meta("l4proto"), {"set": ["tcp", "icmp"]}),
        match(ip("protocol"), "icmp"),
        match(TYPE, {"set": ["echo-request", "echo-reply"]}),
        match(STATE, ["new", "untracked"], "in"),
        match({"concat": [ip("saddr"), ip("daddr")]},
              {"set": [{"concat": ["10.0.1.2", "10.0.2.2"]}]}),
    ],
)  # fmt: skip
def test_a_rule_that_matches_drops(expression: dict[str, Any]) -> None:
    (cause,) = met([expression, DROP]).causes
    assert cause.weight is Weight.STOPS
    assert cause.object == "nft rule inet f c handle 1"


@pytest.mark.parametrize(
    "expression",
    [
        match(ip("saddr"), "10.0.1.3"),
        match(meta("iifname"), "right"),
        match(meta("l4proto"), "tcp"),
        match({"payload": {"protocol": "tcp", "field": "dport"}}, 22),
        match({"payload": {"protocol": "ip6", "field": "saddr"}}, "fd00::1"),
        match(TYPE, "echo-reply"),
        match(STATE, ["established", "related"], "in"),
        match(meta("nfproto"), "ipv6"),
    ],
)
def test_a_rule_that_does_not_match_lets_pass(expression: dict[str, Any]) -> None:
    assert met([expression, DROP]).causes == ()


@pytest.mark.parametrize(
    "expression",
    [
        match(meta("mark"), 7),
        match({"fib": {"result": "oif", "flags": ["saddr"]}}, False),
        {"limit": {"rate": 5, "per": "second"}},
        {"xt": {"type": "match", "name": "recent"}},
    ],
)
def test_what_cannot_be_decided_may_drop(expression: dict[str, Any]) -> None:
    (cause,) = met([expression, DROP]).causes
    assert cause.weight is Weight.MAY
    assert "may drop" in cause.what


def test_an_accept_ends_the_chain() -> None:
    assert met([ACCEPT], [DROP]).causes == ()


def test_an_accept_that_may_be_leaves_the_policy_in_doubt() -> None:
    (cause,) = met([match(meta("mark"), 7), ACCEPT], policy="drop").causes
    assert cause.weight is Weight.MAY


def test_a_policy_drops_and_one_rule_lets_through() -> None:
    (cause,) = met(policy="drop").causes
    assert cause.weight is Weight.STOPS
    assert cause.mend == "ip netns exec r nft add rule inet f c meta l4proto icmp accept"


def test_the_answer_is_established() -> None:
    rule = [match(STATE, ["established", "related"], "in"), ACCEPT]
    assert met(rule, packet=PONG, policy="drop").causes == ()
    assert met(rule, packet=PING, policy="drop").causes


def test_jump_return_and_verdict_maps() -> None:
    jump = [{"jump": {"target": "sub"}}]
    (cause,) = met(jump, sub=[[DROP]]).causes
    assert cause.object == "nft rule inet f sub handle 90"
    assert met(jump, [ACCEPT], sub=[[{"return": None}], [DROP]], policy="drop").causes == ()
    vmap = {"vmap": {"key": STATE, "data": {"set": [["established", ACCEPT], ["new", DROP]]}}}
    assert met([vmap]).causes
    assert met([vmap], packet=PONG).causes == ()


def test_a_named_set() -> None:
    rule = [match(ip("saddr"), "@bad"), DROP]
    sets = {("inet", "f", "bad"): ({"prefix": {"addr": "10.0.1.0", "len": 24}},)}
    assert met(rule, sets=sets).causes
    assert met(rule, sets={("inet", "f", "bad"): ()}).causes == ()


def test_a_hook_that_is_not_there_and_another_family_say_nothing() -> None:
    rules = Ruleset((Chain("ip6", "f", "c", hook="forward", policy="drop"),))
    assert at_hook("r", rules, "forward", PING).causes == ()
    assert at_hook("r", rules, "input", PING).causes == ()


def test_masquerade_is_seen() -> None:
    rules = Ruleset(
        (Chain("inet", "n", "post", hook="postrouting", type="nat"),),
        (Rule(("inet", "n", "post"), 3, ({"masquerade": None},)),),
    )
    assert at_hook("r", rules, "postrouting", PING, outgoing="wan").nat == ("snat", None)
    assert at_hook("r", rules, "postrouting", PONG, outgoing="wan").nat is None


SAVED = """# Generated by iptables-save
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A FORWARD -i left -o right -s 10.0.1.0/24 -j DOCKER
-A DOCKER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER -p icmp -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""


def test_iptables_rules_are_read_and_mended_in_their_own_words() -> None:
    rules = parse_save(SAVED, "ip")
    cause, _ = at_hook("r", rules, "forward", PING, incoming="left", outgoing="right").causes
    assert cause.weight is Weight.MAY  # the conntrack match before it is not read
    assert cause.mend == "ip netns exec r iptables -t filter -D DOCKER 2"
    (cause,) = at_hook("r", rules, "forward", PING, incoming="other", outgoing="right").causes
    assert cause.mend == "ip netns exec r iptables -P FORWARD ACCEPT"


def test_a_mask_with_holes_cannot_be_decided() -> None:
    saved = """*filter
:FORWARD ACCEPT [0:0]
-A FORWARD ! -s 10.0.0.2/255.0.0.255 -j DROP
COMMIT
"""
    (cause,) = at_hook("r", parse_save(saved, "ip"), "forward", PING).causes
    assert cause.weight is Weight.MAY


@pytest.mark.parametrize("text", ["[]", '{"nftables": [{"chain": {}}]}', "nonsense", '{"x": 1}'])
def test_an_answer_of_another_form_is_an_error(text: str) -> None:
    with pytest.raises(IplabError, match="unknown form"):
        parse(text, "r")


def test_no_answer_is_no_rules() -> None:
    assert parse("", "r") == Ruleset((), (), {})
    assert parse(json.dumps({"nftables": []}), "r").chains == ()
