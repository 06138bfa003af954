"""`draw --live` beside what the kernel says: no interface, peer or address is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from iplab import lab

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("unshare")]

STARTERS = [name for name, _, _ in lab.starters()]
# plotnetcfg insists on looking at process 1's namespace first, so this is a pid namespace, too.
NEW = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--")
PREPARE = "mount -t tmpfs none /run && ip link set lo up && "
PLOTNETCFG = shutil.which("plotnetcfg", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
IPLAB = f"{sys.executable} -P -m iplab"


def inside(script: str, here: Path) -> str:
    """What a shell script prints on a machine of its own."""
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [*NEW, "sh", "-euc", PREPARE + script],
        cwd=here,
        env={**os.environ, "PYTHONPATH": root, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Shows what `ip` says of each namespace, a JSON line each, between what is drawn.
KERNEL = """
for n in host $(ls /run/netns); do
    if [ $n = host ]; then w=; else w="-n $n"; fi
    printf '@%s\\n' $n
    ip -j -d $w addr show | tr -d '\\n'; echo
    ip -j $w netns list-id | tr -d '\\n'; echo
done
"""


def kernel(said: str) -> tuple[set[str], set[tuple[str, str]], set[tuple[str, str]]]:
    """Interfaces, (interface, address), (interface, its veth peer), all as `NODE:DEV`."""
    links: dict[str, list[dict[str, Any]]] = {}
    ids: dict[str, dict[int, str]] = {}
    for part in said.split("@")[1:]:
        name, addresses, known = part.split("\n")[:3]
        links[name] = json.loads(addresses)
        ids[name] = {o["nsid"]: o.get("name", "host") for o in json.loads(known or "[]")}
    numbers = {(n, link["ifindex"]): link["ifname"] for n, every in links.items() for link in every}
    interfaces, addresses_, peers = set(), set(), set()
    for node, every in links.items():
        for link in every:
            end = f"{node}:{link['ifname']}"
            interfaces.add(end)
            addresses_ |= {(end, f"{a['local']}/{a['prefixlen']}") for a in link["addr_info"]}
            if link.get("linkinfo", {}).get("info_kind") != "veth":
                continue
            if "link" in link:
                peers.add((end, f"{node}:{link['link']}"))
            else:
                there = ids[node].get(link.get("link_netnsid", -1), node)
                peers.add((end, f"{there}:{numbers[there, link['link_index']]}"))
    return interfaces, addresses_, peers


def drawn(dot: str) -> tuple[set[str], set[tuple[str, str]], set[tuple[str, str]]]:
    """The same three, of a DOT graph."""
    labels = dict(re.findall(r'^    "([^"]+:[^"]+)" \[label="([^"]*)"', dot, re.M))
    addresses = {(end, word) for end, label in labels.items() for word in label.split("\\n")[1:]}
    # (The thinner lines are those from a bridge to its ports.)
    wires = re.findall(r'^  "([^"]+)" -- "([^"]+)"(?: \[(?!.*penwidth).*)?$', dot, re.M)
    return set(labels), addresses, {*wires, *((b, a) for a, b in wires)}


def sees_no_more(
    theirs: str, shown: tuple[set[str], set[tuple[str, str]], set[tuple[str, str]]]
) -> None:
    """A second opinion, of a tool that asks the kernel by netlink."""
    interfaces, addresses, wires = shown
    ends, peers, found = {}, set(), set()
    for space in json.loads(theirs)["namespaces"]:
        for one in space["interfaces"]:
            ends[one["id"]] = f"{space['name'] or 'host'}:{one['name']}"
            found |= {(ends[one["id"]], a["address"]) for a in one.get("addresses", ())}
            if "peer" in one:
                peers.add((one["id"], one["peer"]["target"]))
    assert set(ends.values()) <= interfaces
    assert found
    assert found <= addresses
    assert peers
    assert {(ends[a], ends[b]) for a, b in peers} <= wires


@pytest.mark.parametrize("name", STARTERS)
def test_every_starter(name: str, tmp_path: Path) -> None:
    file, text = lab.starter_text(name)
    (tmp_path / file).write_text(text)
    said = inside(
        # What somebody else made is drawn as well.  Link-local addresses come a little later.
        f"{IPLAB} up {file} --yes 2>/dev/null\n"
        "ip netns add stranger; ip link add odd type veth peer name even netns stranger\n"
        "ip link add br7 type bridge; ip link add macv7 link odd type macvlan || true\n"
        "ip link add link odd name odd.5 type vlan id 5 || true\n"  # kernels may lack it
        "sleep 2\n" + KERNEL + "echo '#'\n"
        f"{IPLAB} draw --live -f dot; echo '#'; {IPLAB} draw --live -f text; echo '#'\n"
        f"{IPLAB} draw --live; echo '#'; {IPLAB} draw --live -f mermaid; echo '#'\n"
        "command -v plotnetcfg >/dev/null && plotnetcfg -f json || echo none\n",
        tmp_path,
    )
    said, dot, plain, svg, mermaid, theirs = said.split("\n#\n")
    interfaces, addresses, peers = kernel(said)
    shown = drawn(dot)
    assert {"stranger:even", "host:odd", "host:br7"} <= interfaces
    assert interfaces == shown[0]
    assert addresses <= shown[1]
    assert peers <= shown[2]
    for form in (plain, svg, mermaid):
        for end, address in addresses:
            assert address in form
            assert end.partition(":")[2].replace("_", "#95;" if form is mermaid else "_") in form
    if PLOTNETCFG:
        sees_no_more(theirs, shown)


def test_three_names_for_one_number(tmp_path: Path) -> None:
    """Devices of the same number everywhere, as namespaces that are made alike have them."""
    said = inside(
        "for n in a b c d; do ip netns add $n; done\n"
        + "".join(
            f"ip -n {a} link add to-{b} type veth peer name to-{a} netns {b}\n"
            for a, b in pairwise("abcd")
        )
        + KERNEL
        + f"echo '#'; {IPLAB} draw --live -f dot",
        tmp_path,
    )
    said, dot = said.split("\n#\n")
    interfaces, _, peers = kernel(said)
    shown = drawn(dot)
    assert interfaces == shown[0]
    assert peers == shown[2]
