"""A command's first words: sudo, the program, its options, ``netns exec``, and the object."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from iplab.iproute2 import (
    address,
    bridge,
    hardware,
    link,
    maddress,
    monitor,
    neighbour,
    nft,
    qdisc,
    route,
    rule,
    sysctl,
    tunnel,
    tuntap,
)
from iplab.iproute2.calling import IP_OPTIONS, OBJECTS, OTHER_OPTIONS, options
from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, NotKnown, Reading, knows, looks
from iplab.names import HOST
from iplab.operations import AddNamespace, DeleteNamespace

Reader = Callable[[Cursor], Meaning]

# ip/ipnetns.c, do_netns.
_NETNS: Keys = tuple(
    Key(name, values=0, full="list" if name in ("show", "lst") else "")
    for name in (
        "list", "show", "lst", "list-id", "help", "add", "set", "identify", "pids",
        "delete", "exec", "monitor", "attach",
    )
)  # fmt: skip


_LONGEST = 4096  # characters of a word; Python makes no number of more than 4300 digits


def read(argv: Sequence[str]) -> Reading:
    """What a command's words come to; never raises, for what it does not know it says."""
    if longest := next((word for word in argv if len(word) > _LONGEST), ""):
        why = f"a word of {len(longest)} characters: more than {_LONGEST} are not read"
        return Reading(tuple(argv), HOST, (), unknown=why)
    cursor = Cursor(tuple(argv))
    try:
        meaning = _command(cursor)
    except NotKnown as error:
        return Reading(cursor.argv, cursor.node, tuple(cursor.parts), unknown=error.reason)
    return Reading(cursor.argv, cursor.node, tuple(cursor.parts), meaning.operations, meaning.known)


def read_text(text: str) -> Reading:
    """``read`` for a command as one types it; quotes are the shell's."""
    try:
        argv = shlex.split(text, comments=True)
    except ValueError as error:
        return Reading((text,), "host", (), unknown=f"the quotes do not fit: {error}")
    return read(argv)


def read_batch(text: str, head: Sequence[str] = ("ip",)) -> list[Reading]:
    """The lines of a file for ``ip -batch``; ``head`` is how the program was called before them.

    Lines as getcmdline and makeargs split them (lib/utils.c): ``#`` begins a comment, also between
    quotes; a word that begins with a quote ends at the next one; a backslash joins two lines.
    """
    found = []
    for line in re.sub(r"(?m)#.*$", "", text).replace("\\\n", "").split("\n"):
        words = _BATCH_WORD.findall(line)
        if any(open_quote for *_, open_quote in words):
            found.append(Reading((line,), HOST, (), unknown="a quote is not closed"))
        elif words:
            found.append(read((*head, *("".join(parts) for parts in words))))
    return found


_BATCH_WORD = re.compile(
    r"""[ \t\r]*(?: '([^']*)' | "([^"]*)" | (?!['"])([^ \t\r]+) | (['"].*) )""", re.VERBOSE
)


def _command(cursor: Cursor) -> Meaning:
    if cursor.peek() == "sudo":
        cursor.note(1, "program.sudo")
    name = PurePosixPath(cursor.peek()).name
    match name:
        case "ip":
            return _ip(cursor)
        case "tc" | "bridge":
            cursor.note(1, f"program.{name}")
            options(cursor, OTHER_OPTIONS)
            return qdisc.read(cursor) if name == "tc" else bridge.read(cursor)
        case "nsenter":
            return _nsenter(cursor)
        case "sysctl":
            return sysctl.read(cursor)
        case "nft":
            return nft.read(cursor)
        case "ethtool":
            return hardware.read_ethtool(cursor)
        case "iw":
            return hardware.read_iw(cursor)
        case "":
            raise cursor.fail("there is no command")
    raise cursor.fail(f"{cursor.peek()!r} is not a program that iplab reads")


def _ip(cursor: Cursor) -> Meaning:
    cursor.note(1, "program.ip")
    options(cursor, IP_OPTIONS)
    if "-Version" in cursor.options:
        return looks("show.version")
    if "-batch" in cursor.options:
        if cursor.more:
            raise cursor.fail("a batch takes its commands from the file, not from here")
        return knows("batch")
    if "-help" in cursor.options:
        return looks("show.help", words="ip")
    if not cursor.more:
        raise cursor.fail("the object is missing: ip address, ip link, ip route …")
    for key in OBJECTS:
        if key.fits(cursor.peek()):
            cursor.note(1, f"object.{key.means}", (key.means,))
            if key.means == "help" or cursor.peek() == "help":
                while cursor.more:
                    cursor.word("object.help")
                return looks("show.help", words="ip" if key.means == "help" else f"ip {key.means}")
            reader = _READERS.get(key.means)
            if reader is None:
                raise cursor.fail(f"`ip {key.means}` is not something iplab reads", 1)
            return reader(cursor)
    raise cursor.fail(f"{cursor.peek()!r} is no object of ip")


def _netns(cursor: Cursor) -> Meaning:
    verb = cursor.verb(_NETNS, "netns", "list")
    if verb in ("add", "delete"):
        if verb == "delete" and "-all" in cursor.options:
            return knows("netns.delete-all")
        name = cursor.named_node(cursor.word("netns.name", "the namespace's name"))
        end(cursor)
        if verb == "add":
            return Meaning((AddNamespace(cursor.node, name),))
        return Meaning((DeleteNamespace(cursor.node, name),))
    if verb == "exec":
        return _exec(cursor)
    if verb == "attach":
        name = cursor.named_node(cursor.word("netns.name", "the namespace's name"))
        pid = cursor.word("netns.pid", "the number of a process")
        end(cursor)
        return knows("netns.attach", {"name": name, "pid": pid})
    if verb in ("list", "list-id", "identify", "pids", "monitor"):
        while cursor.more:
            cursor.word("netns.pid" if verb == "identify" else "netns.name")
        return looks(f"show.netns-{verb}")
    raise cursor.fail(f"`ip netns {verb}` is not something iplab reads", 1)


def _nsenter(cursor: Cursor) -> Meaning:
    """nsenter(1) with the one option that makes it `ip netns exec`, and nothing else of it."""
    cursor.note(1, "program.nsenter")
    net = re.fullmatch(r"--net=/(?:var/)?run/netns/([^/]+)", cursor.peek())
    if net is None:
        raise cursor.fail("of nsenter iplab reads only --net=/run/netns/NODE")
    cursor.note(1, "netns.entered", value=net[1])
    return _inside(cursor, cursor.named_node(net[1]))


def _exec(cursor: Cursor) -> Meaning:
    if "-all" in cursor.options:
        return _everywhere(cursor)
    node = cursor.named_node(cursor.word("netns.inside", "the namespace's name"))
    return _inside(cursor, node)


def _everywhere(cursor: Cursor) -> Meaning:
    """``ip -all netns exec COMMAND``: no name is among its words (netns_exec in ip/ipnetns.c)."""
    command, program = shlex.join(cursor.rest()), cursor.peek()
    meaning = _inside(cursor, HOST)
    cursor.node = HOST
    values = {"command": command, "program": program}
    if meaning.operations or any(known.changes for known in meaning.known):
        return knows("netns.exec-all", values)
    return looks("show.netns-exec-all", **values)


def _inside(cursor: Cursor, node: str) -> Meaning:
    cursor.node = node
    cursor.family = None
    cursor.options = set()
    inner = PurePosixPath(cursor.peek()).name
    if inner in ("ip", "tc", "bridge", "sysctl", "nft", "ethtool", "iw", "sudo"):
        return _command(cursor)
    if not cursor.more:
        raise cursor.fail("the command to run inside is missing")
    shell = inner in ("sh", "bash", "dash", "zsh", "ash", "ksh", "fish")
    topic = "netns.shell" if shell and len(cursor.rest()) == 1 else "netns.exec"
    program = cursor.peek()
    cursor.note(len(cursor.rest()), "netns.command", value=shlex.join(cursor.rest()))
    return knows(topic, {"node": cursor.node, "program": program})


def end(cursor: Cursor) -> None:
    """Nothing may follow."""
    if cursor.more:
        raise cursor.fail(f"{cursor.peek()!r} has no meaning here")


_READERS: dict[str, Reader] = {
    "address": address.read,
    "link": link.read,
    "route": route.read,
    "rule": rule.read,
    "neighbour": neighbour.read,
    "maddress": maddress.read,
    "tunnel": tunnel.read,
    "tuntap": tuntap.read,
    "netns": _netns,
    "monitor": monitor.read,
}
