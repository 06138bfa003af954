"""What this machine has and lacks for iplab."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from iplab.command import Command
from iplab.errors import IplabError
from iplab.run import sandbox
from iplab.run.failed import advice
from iplab.run.machine import PACKAGES, Machine, find_program

# What iplab uses each program for.
PROGRAMS = {
    "ip": "everything",
    "unshare": "trying link kinds here",
    "ping": "checks",
    "fping": "check --ping, many at once",
    "tc": "rate, delay, loss",
    "nft": "masquerade",
    "sysctl": "forward, sysctl",
}
NEEDED = frozenset({"ip"})

# Link kind → the kernel module that has it, and the command that makes one.
KINDS = {
    "veth": ("veth", "ip link add name a type veth peer name b"),
    "bridge": ("bridge", "ip link add name a type bridge"),
    "vxlan": ("vxlan", "ip link add name a type vxlan id 1 dstport 4789"),
    "macvlan": ("macvlan", "ip link add link p name a type macvlan"),
    "vlan": ("8021q", "ip link add link p name a type vlan id 1"),
    "dummy": ("dummy", "ip link add name a type dummy"),
    "tun/tap": ("tun", "ip tuntap add dev a mode tap"),
    "tbf (rate)": ("sch_tbf", "tc qdisc add dev p root tbf rate 1mbit burst 3200 latency 50ms"),
    "netem (delay, loss)": ("sch_netem", "tc qdisc add dev p root netem delay 1ms"),
    "nftables nat": (
        "nft_nat",
        "nft add chain inet iplab-try c { type nat hook postrouting priority srcnat ; }",
    ),
}
NEEDED_KINDS = frozenset({"veth"})


class Finding(Struct, frozen=True):
    """One thing that is there or not; ``mend`` is the command that brings it."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = False

    def json(self) -> dict[str, object]:
        """As `doctor --json` prints it."""
        return asdict(self)


def able(findings: Sequence[Finding]) -> bool:
    """Whether nothing is missing that every lab needs."""
    return all(f.ok for f in findings if f.needed)


def examine(machine: Machine) -> list[Finding]:
    """Everything, in the order of the table; nothing stays behind."""
    return list(_examine(machine))


def _examine(machine: Machine) -> Iterator[Finding]:
    root = os.geteuid() == 0
    yield Finding("kernel", True, platform.release())
    for name, what in PROGRAMS.items():
        path = find_program(name)
        yield Finding(
            name,
            path is not None,
            f"{path}{_version(machine, name)}" if path else f"not found; needed for {what}",
            "" if path else f"apt-get install {PACKAGES[name]}",
            name in NEEDED,
        )
    if not find_program("unshare") or not find_program("ip"):
        return
    reason, mend = sandbox.forbidden() or ("", "")
    yield Finding("root", root, "yes" if root else "no", "sudo iplab …", needed=bool(reason))
    yield Finding(
        "user namespaces", not reason, reason or "work: labs run in a sandbox, without root", mend
    )
    if not root and reason:
        return
    for kind, (module, words) in KINDS.items():
        said = _try(machine, words.split(), root=root)
        yield Finding(
            kind,
            said is None,
            "works" if said is None else said,
            "" if said is None else _mend(said, module),
            kind in NEEDED_KINDS,
        )


def _mend(said: str, module: str) -> str:
    if "Permission denied" in said:  # of a device file: the kernel has it
        return advice(said)
    return f"modprobe {module}   (or a kernel that has it)"


def _version(machine: Machine, name: str) -> str:
    if name not in ("ip", "nft"):
        return ""
    try:
        said = machine.run(Command((name, "-V"), "host"), ok=(0, 1)).out.strip().splitlines()
    except IplabError:
        return ""
    return f" ({said[0]})" if said else ""


def _try(machine: Machine, argv: Sequence[str], *, root: bool) -> str | None:
    """Make one in a namespace of its own; ``None`` if that works, else the kernel's words.

    The namespace ends with the shell, and what is in it with the namespace.
    """
    if not find_program(argv[0]):
        return f"{argv[0]} is not here"
    lower = "p" in argv
    prepare = "ip link add name p type veth peer name q && " if lower else ""
    prepare += "nft add table inet iplab-try && " if argv[0] == "nft" else ""
    script = f'{prepare}exec "$@"'
    user = () if root else ("--user", "--map-root-user")
    command = Command(("unshare", *user, "--net", "--", "sh", "-c", script, "sh", *argv), "host")
    done = machine.run(command, ok=range(256))
    if done.code == 0:
        return None
    return " ".join((done.err or done.out).split()) or f"exit code {done.code}"
