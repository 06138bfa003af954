"""Templates decide the words; this, where a command runs, and that each value is one word."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from msgspec.structs import asdict

from iplab.command import Command, enter
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Address, Route
from iplab.operations import Operation
from iplab.render.bounds import bounded
from iplab.templates import templates_dir

STYLES = ("direct", "steps", "batch")

# Where `ip link` expects a device it takes any beginning of these for the keyword itself
# (iplink_parse in iproute2's ip/iplink.c), so a device called `br` needs `dev` in front.
_KEYWORDS = [
    "address",
    "addrgenmode",
    "alias",
    "allmulticast",
    "arp",
    "broadcast",
    "carrier",
    "dev",
    "down",
    "dynamic",
    "group",
    "gro_ipv4_max_size",
    "gro_max_size",
    "gso_ipv4_max_size",
    "gso_max_segs",
    "gso_max_size",
    "help",
    "index",
    "link",
    "link-netnsid",
    "linkmode",
    "macaddr",
    "master",
    "mode",
    "mtu",
    "multicast",
    "name",
    "netns",
    "nomaster",
    "nomtu",
    "numrxqueues",
    "numtxqueues",
    "parentbus",
    "parentdev",
    "promisc",
    "property",
    "protodown",
    "protodown_reason",
    "qlen",
    "state",
    "trailers",
    "txqlen",
    "txqueuelen",
    "type",
    "up",
    "vf",
    "vrf",
    "xdp",
    "xdpdrv",
    "xdpgeneric",
    "xdpoffload",
]


_PROGRAMS = ("ip", "tc", "bridge", "sysctl", "nft", "ethtool", "iw")


class Words(tuple[str, ...]):
    """Several words that a template may print as such; any other value is one word."""


class Renderer:
    """Words operations as commands.

    ``style`` is direct (`ip -n NODE`), steps (`ip netns exec NODE ip`) or batch (nsenter, and as
    many commands in one process as can be: ``iplab.render.pieces``);
    ``directories`` are searched for ``OPERATION.j2`` before the templates that come with iplab.
    """

    def __init__(self, style: str = "direct", directories: Sequence[Path] = ()) -> None:
        self.style = style
        self.directories = tuple(directories)
        paths = [*self.directories, templates_dir() / "commands"]
        self._environment = bounded(paths, finalize=_one_word)
        self._environment.filters.update(named=_named, words=_words, each=Words, brd=_brd)
        self._templates: dict[type[Operation], jinja2.Template] = {}
        self._prefixes: dict[str, dict[str, Words]] = {}
        self._worded: dict[Operation, Command] = {}

    def command(self, operation: Operation) -> Command:
        """The one command that does ``operation``; ``IplabError`` where a template is at fault.

        What was worded once stays so: what is shown, noted and run is the same.
        """
        command = self._worded.get(operation)
        if command is None:
            command = self._worded[operation] = self._word(operation)
        return command

    def _word(self, operation: Operation) -> Command:
        name = template_name(type(operation))
        values: dict[str, Any] = asdict(operation)
        try:
            template = self._templates.get(type(operation))
            if template is None:
                template = self._templates[type(operation)] = self._environment.get_template(name)
            text = template.render(values | self._programs(operation.node))
            argv = text.split() if _PLAIN.match(text) else shlex.split(text)
        except jinja2.TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f"{getattr(error, 'filename', None) or name}" + (f":{line}" if line else "")
            raise IplabError(f"a template cannot be used: {error}", where=where) from error
        except ValueError as error:
            raise IplabError(f"a template words no command: {error}", where=name) from error
        except Exception as error:  # whatever its own words ran into: 1 // 0, nested too deeply
            what = f"{type(error).__name__}: {error}"
            raise IplabError(f"a template cannot be used: {what}", where=name) from error
        if not argv:
            raise IplabError("a template words an empty command", where=name)
        return Command(tuple(argv), operation.node)

    def _programs(self, node: str) -> dict[str, Words]:
        """What each program is called by for ``node``: the templates' ``ip``, ``tc``, ``nft`` …"""
        if node not in self._prefixes:
            inside = () if node == HOST else ("ip", "netns", "exec", node)
            named = () if node == HOST else ("-n", node)
            own = ("ip", "tc", "bridge") if self.style == "direct" else ()
            self._prefixes[node] = {
                program: Words(
                    enter(node, (program,))  # of hundreds of processes each is to cost little
                    if self.style == "batch"
                    else ((program, *named) if program in own else (*inside, program))
                )
                for program in _PROGRAMS
            }
        return self._prefixes[node]


_PLAIN = re.compile(r"[^'\"\\#]*\Z")


@cache
def template_name(operation: type[Operation]) -> str:
    """``AddAddress`` → ``add_address.j2``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation.__name__).lower() + ".j2"


def _one_word(value: object) -> str:
    if isinstance(value, Words):
        return _joined(value)
    if value is None:
        raise jinja2.TemplateRuntimeError("a value that is not there would be printed")
    return shlex.quote(str(value))


@cache
def _joined(words: Words) -> str:
    return shlex.join(words)


@cache
def _named(device: str) -> Words:
    """A device where `ip link` also takes keywords: with ``dev`` in front if it looks like one."""
    if any(keyword.startswith(device) for keyword in _KEYWORDS):
        return Words(("dev", device))
    return Words((device,))


def _words(route: Route) -> Words:
    """A route as `ip route` takes it.  A bare `default` would mean IPv4's."""
    words = str(route).split()
    if route.destination.version == 6 and route.gateway is None:
        words = ["::/0" if word == "default" else word for word in words]
    return Words(words)


def _brd(address: Address) -> str:
    """A broadcast address; ``+``, as people write it, where it is the subnet's own.

    `ip` works ``+`` out of the peer where there is one, and from /31 on not as meant.
    """
    network = address.local.network
    usual = not address.peer and network.version == 4 and network.prefixlen < 31
    if usual and address.broadcast == network.broadcast_address:
        return "+"
    return str(address.broadcast)
