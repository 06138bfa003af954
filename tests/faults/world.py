"""A machine with foreign things on it, and what is on it object by object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from tests.kernel import state
from tests.kernel.sandbox import Sandbox

Snapshot = Mapping[str, str]

# More that is nobody's lab, beside what the kernel tests put there: a setting that is not the
# default, a table of another family, and things that stand where a careless cleanup would reach.
MORE = """
ip netns add ns
ip -n ns link add veth0 type bridge
ip -n ns addr add 172.18.0.2/24 dev veth0
ip link add veth type bridge
ip link add vm1 type bridge
sysctl -qw net.ipv4.conf.fbr0.rp_filter=2
nft add table ip iplab
nft add chain ip iplab postrouting '{ type nat hook postrouting priority 100 ; }'
nft add rule ip iplab postrouting ip saddr 10.82.0.0/24 masquerade
"""

# One process for a namespace.  A marker line stands ahead of each part.
_LOOK = """
mkdir -p /run/netns
cd /run/netns
for name in *; do
    [ -e "$name" ] || continue
    echo "@@ $name"
    printf 'addr show\\nroute show table all\\nrule show\\n' | ip -n "$name" -j -d -batch - ||
        echo '[{"ifname": "no namespace"}]'
done
echo "@@ host"
printf 'addr show\\nroute show table all\\nrule show\\n' | ip -j -d -batch -
echo "@@@ nft"
nft list ruleset
echo "@@@ qdisc"
tc qdisc show
echo "@@@ sysctl"
cd /proc/sys/net
grep -sH '' ipv4/ip_forward ipv4/conf/*/forwarding ipv4/conf/*/rp_filter ipv4/conf/*/arp_* \
    ipv6/conf/*/forwarding ipv6/conf/*/accept_ra ipv6/conf/*/disable_ipv6 bridge/* \
    netfilter/nf_conntrack_max || true
echo "@@@ foreign nft"
[ ! -e /run/netns/foreign ] || ip netns exec foreign nft list ruleset
echo "@@@ processes"
for process in /proc/[0-9]*; do
    read -r line <"$process/cmdline" 2>/dev/null || true
    [ -z "$line" ] || [ "${process#/proc/}" = 1 ] || [ "${process#/proc/}" = $$ ] ||
        tr '\\0' ' ' <"$process/cmdline" 2>/dev/null && echo
done
"""


def prepare(sandbox: Sandbox) -> Snapshot:
    """Put the foreign things there; what the machine then holds."""
    sandbox.sh(MORE_FIRST)
    state.with_foreign_things(sandbox)
    sandbox.sh(MORE)
    return snapshot(sandbox)


# Modules that are loaded by first use must not look like something left behind.
MORE_FIRST = """
ip netns add x
ip -n x link add x0 type veth peer name x1
ip netns del x
"""


def snapshot(sandbox: Sandbox) -> dict[str, str]:
    """Everything in the kernel of this machine, an entry an object.

    Left out are timers of bridges, and what a running lab may make of a foreign thing's counters.
    Asked again with no command in between, it is the same one.
    """
    kept = _LAST.get(sandbox)
    if kept is None or kept[0] != sandbox.started:
        found = _snapshot(sandbox)
        kept = _LAST[sandbox] = (sandbox.started, found)
    return dict(kept[1])


_LAST: WeakKeyDictionary[Sandbox, tuple[int, Snapshot]] = WeakKeyDictionary()


def _snapshot(sandbox: Sandbox) -> Snapshot:
    found: dict[str, str] = {}
    head, *parts = sandbox.sh(_LOOK).split("@@@ ")
    for space in head.split("@@ ")[1:]:
        name, _, text = space.partition("\n")
        found[f"namespace {name}"] = "there"
        found |= _namespace(name, text)
    for part in parts:
        what, _, text = part.partition("\n")
        if what.endswith("nft"):
            found |= {f"{what} {n}": table for n, table in _tables(text).items()}
        elif what == "processes":
            found |= {f"process {line.strip()}": "" for line in text.splitlines() if line.strip()}
        elif what == "sysctl":
            pairs = (line.partition(":") for line in text.splitlines())
            found |= {f"sysctl {path}": value for path, _, value in pairs}
        else:
            found |= {f"{what} {line}": "" for line in text.splitlines()}
    return found


def _namespace(name: str, text: str) -> dict[str, str]:
    decoder = json.JSONDecoder()
    lists: list[Any] = []
    text = text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        lists.append(value)
        text = text[end:].strip()
    found: dict[str, str] = {}
    for link in lists[0]:
        for address in link.pop("addr_info", ()):
            if address:
                found[f"address {name}:{link.get('ifname')} {address['local']}"] = _text(address)
        if link:
            found[f"device {name}:{link['ifname']}"] = _text(state._without_timers(link))
    for what, values in zip(("route", "rule"), lists[1:], strict=False):
        found |= {f"{what} in {name}: {_text(value)}": "" for value in values}
    return found


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _tables(text: str) -> dict[str, str]:
    """The tables of a ruleset by their head."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("table "):
            name = line.removesuffix(" {")
        found[name] = found.get(name, "") + line + "\n"
    return found


def lost(before: Snapshot, after: Snapshot) -> list[str]:
    """What is there now and was not before: left behind by a lab."""
    return sorted(set(after) - set(before))


def touched(before: Snapshot, after: Snapshot) -> list[str]:
    """What was there before any lab, and is gone or another now."""
    return sorted(
        f"{key}: {after.get(key, 'gone')} (was {value})"
        for key, value in before.items()
        if after.get(key) != value
    )
