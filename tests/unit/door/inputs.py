"""What may come through the door, and what must come of it, whatever it is.

Each function takes bytes and feeds them to one of iplab's readers.  It returns quietly where they
were read or refused by an ``IplabError``; anything else is raised, and is a bug.  The tests beside
this and `scripts/fuzz` call them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from iplab import lab, observe
from iplab.claims import Ownership
from iplab.cli import up
from iplab.errors import IplabError
from iplab.iproute2 import output, read_text
from iplab.iproute2.explain import explain
from iplab.legacy.script import rewrite
from iplab.messages import Messages
from iplab.names import HOST
from iplab.network import Namespace, Network
from iplab.observe import Seen
from iplab.operations import AddNamespace
from iplab.plan.planner import plan_down, plan_up
from iplab.render import Renderer, pieces, saved
from iplab.run import owners, records
from iplab.walk import from_script, project

BARE = Network({HOST: Namespace(HOST)})
STARTER = lab.loads(lab.starter_text("two-namespaces")[1], "two-namespaces.yaml")
PLAN = plan_up(STARTER.name, STARTER.network, BARE, Ownership())


def lab_file(data: bytes) -> None:
    """A lab file, and the plan for it."""
    with suppress(IplabError):
        it = lab.loads(data.decode(errors="replace"), "fuzz.yaml")
        _plan(it.network, it.name)


def lab_template(data: bytes) -> None:
    """A lab file that Jinja2 renders first."""
    with suppress(IplabError):
        lab.loads(data.decode(errors="replace"), "fuzz.yaml.j2", settings={})


def _plan(network: Network, name: str) -> None:
    plan = plan_up(name, network, BARE, Ownership())
    for style in ("direct", "steps", "batch"):
        for piece in pieces(plan.steps, Renderer(style)):
            argv = piece.command.argv
            program = argv[2] if argv[0] == "nsenter" else argv[0]
            assert program in ("ip", "tc", "bridge", "sysctl", "nft")


def saved_plan(data: bytes) -> None:
    """A file given to `iplab up`, and its comparison with what would be planned now."""
    with _scratch() as here, suppress(IplabError):
        path = here / "plan.json"
        path.write_bytes(data)
        found = saved.read(path)
        if found is not None:
            up._what(path, (), "direct", (), False, found)
            now = saved.document(PLAN, STARTER, Renderer())
            found.check_same(now)
            # What is let through is word for word what is planned here.
            assert found.value["commands"] == now["commands"]


def signed_plan(data: bytes) -> None:
    """The same with the right hash on it: whoever writes a plan can make one."""
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        if isinstance(value, dict):
            value["format"] = saved.FORMAT
            value["hash"] = saved.digest({k: v for k, v in value.items() if k != "hash"})
            saved_plan(json.dumps(value).encode())


def ip_output(data: bytes) -> None:
    """What `ip -j` prints for addresses and routes, and what is planned on it."""
    with suppress(IplabError):
        found = observe.documents(data.decode(errors="replace"), "ip -j")
        first, second = [*found, [], []][:2]
        seen = Seen("host", None, first, second, None, second)
        network = observe.network([seen, replace(seen, name="ns0", identity="1:2")])
        plan_up(STARTER.name, STARTER.network, network, Ownership())
        plan_down(STARTER.name, network, Ownership())


def nft_output(data: bytes) -> None:
    """What `nft -j` prints."""
    with suppress(IplabError):
        observe.nat_table(data.decode(errors="replace"), "iplab")


def shell_script(data: bytes) -> None:
    """A script that somebody else wrote: followed for a page and a lab file, its old lines said
    again, each of its commands explained."""
    rewrite(data, name="fuzz.sh")
    text = data.decode(errors="replace")
    for line in text.splitlines()[:20]:
        with suppress(IplabError):
            explain(read_text(line), Messages("en"))
    with suppress(IplabError):
        project("fuzz", from_script(text))


def ip_text(data: bytes) -> None:
    """What `ip` printed for people, given to `iplab explain -`."""
    with suppress(IplabError):
        output.read(data.decode(errors="replace"), Messages("zh-TW"))


def template(data: bytes) -> None:
    """A template that words a command."""
    with _scratch() as here, suppress(IplabError):
        (here / "add_namespace.j2").write_bytes(data)
        command = Renderer("direct", [here]).command(AddNamespace(HOST, "ns0"))
        assert all(isinstance(word, str) for word in command.argv)


def record(data: bytes) -> None:
    """A lab's record, and what is planned from it."""
    _records({"two-namespaces.json": data})


RECORD = json.dumps(
    {
        "lab": "two-namespaces", "file": "f", "text": "", "settings": {}, "style": "direct",
        "finished": False, "doing": "up", "boot": records.boot(), "relies": [],
        "claims": [["netns", "ns0", "", "4026532201:1"]],
    }
).encode()  # fmt: skip


def journal(data: bytes) -> None:
    """The journal of a run that was cut short."""
    _records({"two-namespaces.json": RECORD, "two-namespaces.journal": data})


def _records(files: dict[str, bytes]) -> None:
    with _scratch() as here, suppress(IplabError):
        for name, data in files.items():
            (here / name).write_bytes(data)
        before, records.STATE = records.STATE, here
        try:
            found = records.load_all()
            owner = owners.ownership("two-namespaces", found)
            owner = owners.verified(owner, PLAN.after)
            plan_down("two-namespaces", PLAN.after, owner)
            for one in found.values():
                records.save(one)
            assert {path.stem for path in here.iterdir()} == {"two-namespaces"}
        finally:
            records.STATE = before


class _scratch:
    """A directory that must hold all that is written."""

    def __enter__(self) -> Path:
        self._outer = tempfile.TemporaryDirectory(prefix="door-")
        outer = Path(self._outer.name)
        self._here = outer / "here"
        self._here.mkdir(mode=0o700)
        return self._here

    def __exit__(self, *_: object) -> None:
        beside = os.listdir(self._outer.name)
        self._outer.cleanup()
        assert beside == ["here"], f"written outside: {beside}"


DOORS: dict[str, Callable[[bytes], None]] = {
    "lab_file": lab_file,
    "lab_template": lab_template,
    "saved_plan": saved_plan,
    "signed_plan": signed_plan,
    "ip_output": ip_output,
    "nft_output": nft_output,
    "shell_script": shell_script,
    "ip_text": ip_text,
    "template": template,
    "record": record,
    "journal": journal,
}


def seeds() -> dict[str, list[bytes]]:
    """Good inputs for each door: what the others are made from."""
    labs = [lab.starter_text(name)[1].encode() for name, _, _ in lab.starters()]
    plan = json.dumps(saved.document(PLAN, STARTER, Renderer())).encode()
    lines = [
        {"about": "ip netns add ns0", "makes": [["netns", "ns0", "", ""]], "undo": []},
        {"done": [["netns", "ns0", "", "4026532201:1"]]},
        {"about": "ip link add", "makes": [["link", "host", "veth0", "10.0.0.1/24"]], "undo": []},
        {"about": "sysctl", "makes": [["sysctl", "host", "net.ipv4.ip_forward", "0"]], "undo": []},
    ]
    return {
        "lab_file": labs,
        "lab_template": labs,
        "saved_plan": [plan],
        "signed_plan": [plan],
        "ip_output": [IP.encode()],
        "nft_output": [NFT.encode()],
        "shell_script": [
            path.read_bytes() for folder in ("scripts", "import") for path in _cases(folder)
        ],
        "ip_text": [text.encode() for text in _printed()],
        "template": [t.encode() for t in _templates()],
        "record": [RECORD, RECORD.replace(b"false", b"true")],
        "journal": ["".join(json.dumps(line) + "\n" for line in lines).encode()],
    }


def _cases(folder: str) -> list[Path]:
    return sorted((Path(__file__).parents[2] / "cases" / folder).glob("*.sh"))


def _printed() -> list[str]:
    """As `ip address`, `ip -br link`, `ip route` and `ip neighbour` print them."""
    return [
        """\
2: veth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netns ns1
    inet 172.18.0.2/24 brd 172.18.0.255 scope global secondary veth0
       valid_lft forever preferred_lft forever
    inet6 fe80::ff:fe00:1/64 scope link tentative
       valid_lft 300sec preferred_lft 100sec
""",
        "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP>\n",
        "default via 10.0.0.1 dev eth0 proto dhcp metric 100\n10.0.0.0/24 dev eth0 scope link\n",
        "10.0.0.7 dev eth0 lladdr 02:00:00:00:00:07 REACHABLE\nfe80::1 dev eth0 router FAILED\n",
    ]


def _templates() -> list[str]:
    from iplab.templates import templates_dir

    return [path.read_text() for path in sorted((templates_dir() / "commands").glob("*.j2"))]


def _link(name: str, index: int, kind: dict[str, Any]) -> dict[str, Any]:
    return {
        "ifindex": index, "link_index": index + 1, "link_netnsid": 0, "ifname": name,
        "flags": ["UP"], "mtu": 1500, "operstate": "UP", "address": "02:00:00:00:00:01",
        "master": "br0", "linkinfo": kind,
        "addr_info": [{"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "scope": "global",
                       "label": name, "valid_life_time": 4294967295}],
    }  # fmt: skip


IP = (
    json.dumps(
        [
            _link("veth0", 2, {"info_kind": "veth"}),
            _link("br0", 4, {"info_kind": "bridge", "info_data": {"stp_state": 0}}),
            _link("vx0", 5, {"info_kind": "vxlan", "info_data": {"id": 7, "port": 4789}}),
            _link("mv0", 6, {"info_kind": "macvlan", "info_data": {"mode": "bridge"}}),
            _link("v7", 8, {"info_kind": "vlan", "info_data": {"id": 7}}),
            _link("t0", 9, {"info_kind": "tun", "info_data": {"type": "tap", "user": "1000"}}),
        ]
    )
    + json.dumps(
        [
            {"dst": "default", "gateway": "10.0.0.254", "dev": "veth0", "flags": [],
             "protocol": "boot"},
            {"dst": "10.9.0.0/16", "dev": "br0", "scope": "link", "metric": 5, "flags": ["onlink"],
             "metrics": [{"mtu": 1400}]},
            {"kind": "tbf", "dev": "veth0", "root": True,
             "options": {"rate": 1250000, "burst": 6250, "lat": 50000}},
            {"kind": "netem", "dev": "br0", "root": True,
             "options": {"limit": 1000, "delay": {"delay": 0.01, "jitter": 0.001}, "ecn": False,
                         "gap": 0, "loss-random": {"loss": 0.01}}},
        ]
    )
)  # fmt: skip
NFT = json.dumps(
    {"nftables": [
        {"metainfo": {"version": "1"}},
        {"table": {"family": "inet", "name": "iplab"}},
        {"chain": {"name": "postrouting", "hook": "postrouting", "type": "nat"}},
        {"rule": {"chain": "postrouting", "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                       "right": {"prefix": {"addr": "10.0.0.0", "len": 24}}}},
            {"masquerade": None}]}},
    ]}
)  # fmt: skip
