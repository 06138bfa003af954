"""The named namespaces of this machine, and how a command gets into one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from iplab.command import Command, enter

NETNS = Path("/run/netns")  # where ip-netns(8) keeps names


def namespaces() -> dict[str, str]:
    """The named namespaces and the identity of each, as /run/netns holds them; n2 before n10."""
    found: dict[str, str] = {}
    try:
        with os.scandir(NETNS) as entries:
            for entry in entries:
                identity = namespace_identity(entry.name)
                if identity:
                    found[entry.name] = identity
    except FileNotFoundError:
        pass
    return dict(sorted(found.items(), key=lambda item: _counted(item[0])))


def _counted(name: str) -> list[tuple[str, int]]:
    """A name as something to sort by, its digits as numbers."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", name)
    return [(text, int(digits or -1)) for text, digits in parts]


def is_namespace(name: str) -> bool:
    """Whether a name below /run/netns stands for a namespace.

    An `ip netns add` that was killed leaves a plain file that nothing is mounted on.
    """
    try:
        return os.stat(NETNS / name).st_dev == os.stat("/proc/self/ns/net").st_dev
    except OSError:
        return False


def namespace_identity(name: str) -> str:
    """The inode of a named namespace with the time it was made; '' where there is none.

    The kernel uses inodes of namespaces again (proc_alloc_inum takes the lowest free one); the
    inode's ctime is that of `ip netns add`.
    """
    try:
        info = os.stat(f"{NETNS}/{name}")
    except OSError:
        return ""  # it went while we looked
    return f"{info.st_ino}:{info.st_ctime_ns}"


def entered(node: str, argv: Sequence[str]) -> Command:
    """Like ``inside``, by ``nsenter``: what is asked of hundreds of nodes.

    `ip netns exec` and `ip -n` copy every mount below /run/netns, and a mount namespace that ends
    costs the kernel a grace period; `nsenter --net` has neither.
    """
    return Command(enter(node, argv), node)


def inside(node: str, argv: Sequence[str], host: str = "host") -> Command:
    """A command run in a node by ``ip netns exec``, or plainly on the host."""
    prefix = () if node == host else ("ip", "netns", "exec", node)
    return Command((*prefix, *argv), node)
