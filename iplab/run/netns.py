"""The named namespaces of this machine, and how a command gets into one."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
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
    return dict(sorted(found.items(), key=lambda item: counted(item[0])))


def counted(name: str) -> list[tuple[str, int]]:
    """A name as something to sort by, its digits as numbers."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", name)
    return [(text, int(digits or -1)) for text, digits in parts]


def is_namespace(name: str) -> bool:
    """Whether a name below /run/netns stands for a namespace.

    An `ip netns add` that was killed leaves a plain file that nothing is mounted on.
    """
    try:
        return os.stat(f"{NETNS}/{name}").st_dev == _nsfs()
    except OSError:
        return False


@cache
def _nsfs() -> int:
    """The number of the file system that namespaces are files of; ``OSError`` without /proc."""
    return os.stat("/proc/self/ns/net").st_dev


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
    """Like ``inside``, in nsenter's words: what is asked of hundreds of nodes.

    `ip netns exec` and `ip -n` copy every mount below /run/netns, and a mount namespace that ends
    costs the kernel a grace period; to enter the network namespace alone costs neither.
    """
    return Command(enter(node, argv), node)


def inside(node: str, argv: Sequence[str], host: str = "host") -> Command:
    """A command run in a node by ``ip netns exec``, or plainly on the host."""
    prefix = () if node == host else ("ip", "netns", "exec", node)
    return Command((*prefix, *argv), node)


class CannotEnter(Exception):
    """There is no such namespace, or it is not for us; the text says which and why."""


def entrance(argv: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The file whose namespace ``argv`` enters by nsenter(1) (``None``: none), and what it then is.

    Only ``nsenter --net=FILE PROGRAM …``, as ``iplab.command.enter`` words it.
    """
    if argv[0] == "nsenter" and len(argv) > 2 and argv[1].startswith("--net="):
        return argv[1].removeprefix("--net="), argv[2:]
    return None, argv


@contextmanager
def standing_in(file: str | None) -> Iterator[None]:
    """This thread in the network namespace of ``file``: what is started now is born there.

    It is what nsenter(1) does, setns(2) and then execve(2), without a program to load for it: that
    is half of what it costs to start an `ip` in each of a thousand nodes.  ``CannotEnter`` where
    ``file`` cannot be opened, or entered.
    """
    if file is None:
        yield
        return
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(file)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


_OWN = "/proc/thread-self/ns/net"
_CLONE_NEWNET = 0x40000000  # linux/sched.h


def _enter(file: str) -> None:
    doing = "open"
    try:
        there = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            doing = "enter"
            _setns(there)
        finally:
            os.close(there)
    except OSError as error:
        raise CannotEnter(f"cannot {doing} {file}: {error.strerror}") from None


def _setns(handle: int) -> None:
    """setns(2), which Python has from 3.12 on."""
    if sys.version_info >= (3, 12):
        os.setns(handle, _CLONE_NEWNET)
    elif _libc().setns(handle, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
