"""Policy rules (ip-rule(8)) that keep a node from a route that it has."""

from __future__ import annotations

from iplab.names import IPAddress
from iplab.why import mend
from iplab.why.facts import Facts, PolicyRule
from iplab.why.report import Cause

_MAIN = "main"
_OWN = ((0, "local"), (32766, _MAIN), (32767, "default"))  # the kernel's (fib_default_rules_init)
_REFUSING = ("prohibit", "unreachable", "blackhole")


def refusing(facts: Facts, node: str, target: IPAddress, source: IPAddress | None) -> Cause | None:
    """The rule because of which the kernel refuses packets to ``target``, though a route fits.

    A packet without ``source`` gets one only by its route.  Where it cannot be told which rule it
    is, all that are not the kernel's own are named, without a line that mends it.
    """
    rules = sorted(facts.policy(node, target.version), key=lambda r: r.priority)
    six = ("-6",) if target.version == 6 else ()
    strange = [r for r in rules if (r.priority, r.table) not in _OWN or not _plain(r)]
    strange = [r for r in strange if "l3mdev" not in r.more]  # the kernel's, with the first VRF
    for rule in strange:
        if rule.action in _REFUSING and not rule.more and _fits(rule, target, source):
            what = f"the rule refuses packets to {target}, though a route fits"
            line = mend.ip(node, *six, "rule", "del", "pref", rule.priority)
            return Cause(node, f"rule {rule}", what, line)
    if not any(r.table == _MAIN and _fits(r, target, source) and not r.more for r in rules):
        what = f"no rule leads to table main, where a route to {target} is"
        line = mend.ip(node, *six, "rule", "add", "lookup", _MAIN, "pref", 32766)
        return Cause(node, "rules", what, line)
    if not strange:
        return None
    names = "; ".join(map(str, strange))
    what = f"a route to {target} fits, but rules ahead of it refuse"
    return Cause(node, f"rules {names}", what)


def _plain(rule: PolicyRule) -> bool:
    return rule.source is None and rule.target is None and not rule.more


def _fits(rule: PolicyRule, target: IPAddress, source: IPAddress | None) -> bool:
    if rule.target is not None and target not in rule.target:
        return False
    return rule.source is None or (source is not None and source in rule.source)
