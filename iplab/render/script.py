"""A plan as a POSIX shell script that needs iproute2 and not iplab."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from iplab.claims import Ownership
from iplab.errors import UsageError
from iplab.keys import path
from iplab.names import HOST, IPNetwork
from iplab.network import End, Interface, Namespace, Network, Route
from iplab.operations import (
    AddNamespace,
    AddNatTable,
    AddRoute,
    AddVeth,
    DeleteLink,
    DeleteNamespace,
    DeleteNatTable,
    DeleteRoute,
    Operation,
    SetSysctl,
)
from iplab.operations.link import AddDevice
from iplab.operations.sysctl import led
from iplab.plan.planner import Plan, plan_up
from iplab.plan.reach import targets
from iplab.plan.style import through_host
from iplab.render.engine import Renderer
from iplab.templates import templates_dir

if TYPE_CHECKING:
    from iplab.lab import Lab

Line = dict[str, Any]
DOWN = ",UP"  # the flag that a device lacks which is down; never the first of them
BARE = Network({HOST: Namespace(HOST)})  # a machine that has nothing of the lab yet


def script(lab: Lab, renderer: Renderer) -> str:
    """The script for a lab on a machine that has nothing of it yet.

    Raises ``UsageError`` for the batch style, whose processes have no exit code for each command.
    """
    if renderer.style == "batch":
        raise UsageError("a script runs one command at a time", hint="--style direct or steps")
    plan = plan_up(
        lab.name,
        lab.network,
        BARE,
        Ownership(),
        origins=lab.origins,
        through_host=through_host(renderer.style, lab.network, BARE),
    )
    pings = list(_pings(lab))
    undos = list(_undos(plan, renderer))
    expects = list(_expects(lab.network))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir() / "script"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # every value below is quoted for the shell, or is a checked name
    )
    return environment.get_template("lab.sh.j2").render(
        lab=lab.name,
        file=shlex.quote(Path(lab.file).name),
        script=f"{lab.name}.sh",
        style=f"commands in style {renderer.style}",
        needs=_needs(plan, pings),
        steps=list(_steps(plan, renderer)),
        undos=undos,
        tests={line["there"].partition(" ")[0] for line in undos},
        settings=any(not line["text"] for line in undos),
        expects=expects,
        lacks=any(line["word"] == "lacks" for line in expects),
        pings=pings,
        slow=any(a.local.version == 6 for _, i in lab.network.ends() for a in i.addresses),
    )


def _needs(plan: Plan, pings: Sequence[Line]) -> str:
    programs = {step.operation.program for step in plan.steps}
    words = ["iproute2"]
    words += ["sysctl (procps)"] * ("sysctl" in programs)
    words += ["nft (nftables)"] * ("nft" in programs)
    words += ["ping for `check`"] * bool(pings)
    return ", ".join(words)


def _steps(plan: Plan, renderer: Renderer) -> Iterator[Line]:
    for number, step in enumerate(plan.steps, 1):
        yield {
            "number": number,
            "text": renderer.command(step.operation).text,
            "why": str(step.why),
            "keep": _kept(step.operation),
        }


def _kept(operation: Operation) -> str:
    """The files of what a setting of the host changes: its own first, then what it leads.

    They stay when the lab goes.  A pattern of the shell stands for the devices there are.
    """
    if not isinstance(operation, SetSysctl) or operation.node != HOST:
        return ""
    led_by_it = led(operation.key, ["*"])
    patterns = [key for key in led_by_it if "*" in key]
    others = [key for key in led_by_it if not any(fnmatch(key, one) for one in patterns)]
    plain = [shlex.quote(path(key)) for key in (operation.key, *others)]
    return " ".join([*plain, *map(path, patterns)])


def _undos(plan: Plan, renderer: Renderer) -> Iterator[Line]:
    """What takes each made thing away, last first, and the test that tells it is still there.

    Of a setting, which is put back, neither.
    """

    def line(number: int, operation: Any, *there: str) -> Line:
        text = renderer.command(operation).text
        return {"number": number, "text": text, "there": shlex.join(there)}

    for number, step in reversed(list(enumerate(plan.steps, 1))):
        match step.operation:
            case AddNamespace(name=name):
                yield line(number, DeleteNamespace(HOST, name), "namespace", name)
            case AddVeth(a=a, b=b):
                for end in (a, b):
                    if end.node == HOST:
                        yield line(number, DeleteLink(HOST, end.device), "device", end.device)
            case AddDevice() as made if made.end.node == HOST:
                yield line(number, DeleteLink(HOST, made.device), "device", made.device)
            case AddRoute(node="host", route=route):
                show = ("ip", *_show_route(route))
                yield line(number, DeleteRoute(HOST, route), "route", _route_words(route), *show)
            case AddNatTable(node="host", table=table):
                yield line(number, DeleteNatTable(HOST, table), "table", table)
            case SetSysctl(node="host"):
                yield {"number": number, "text": "", "there": ""}


def _expects(network: Network) -> Iterator[Line]:
    for end, interface in network.ends():
        for what, words, argv in _of_interface(end, interface):
            line = _expect(what, words, _ip(end.node, *argv))
            yield {**line, "word": "lacks"} if words == DOWN else line
    for node, namespace in network.namespaces.items():
        for route in namespace.routes:
            show = _ip(node, *_show_route(route))
            yield _expect(f"{node} has route {route}", _route_words(route), show)
        for key, value in namespace.sysctls.items():
            read = _inside(node, "sed", "s/^/is /;s/$/ now/", path(key))
            yield _expect(f"{node} has {key}={value}", f"is {value} now", read)
        for name, table in namespace.nat.items():
            show = _inside(node, "nft", "list", "table", "inet", name)
            for source in table.sources:
                words = f"saddr {_printed(source)} "
                yield _expect(f"{node} masquerades {source}", words, show)


def _of_interface(end: End, interface: Interface) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    show = ("-o", "link", "show", "dev", end.device)
    if interface.up:
        yield f"{end} is up", f": {end.device}", ("-o", "link", "show", "up", "dev", end.device)
    else:
        yield f"{end} is down", DOWN, show
    if interface.master:
        yield f"{end} is a port of {interface.master}", f" master {interface.master} ", show
    if interface.mtu not in (None, interface.kind.default_mtu):
        yield f"{end} has mtu {interface.mtu}", f" mtu {interface.mtu} ", show
    for address in interface.addresses:
        family = "inet6" if address.local.version == 6 else "inet"
        show = ("-o", "addr", "show", "dev", end.device)
        yield f"{end} has {address.local}", f" {family} {address.local} ", show


def _show_route(route: Route) -> tuple[str, ...]:
    return (f"-{route.destination.version}", "route", "show", str(route.destination))


def _route_words(route: Route) -> str:
    """The beginning of the line that `ip route` prints for it."""
    words = [] if route.type == "unicast" else [route.type]
    zero = route.destination.prefixlen == 0
    words.append("default" if zero else _printed(route.destination))
    words += ["via", str(route.gateway)] if route.gateway else []
    words += ["dev", route.device] if route.device else []
    return " ".join(words)


def _printed(network: IPNetwork) -> str:
    """A network as ip and nft print it: that of one address without its length."""
    return str(network if network.prefixlen < network.max_prefixlen else network.network_address)


def _ip(node: str, *argv: str) -> tuple[str, ...]:
    return ("ip", *(() if node == HOST else ("-n", node)), *argv)


def _inside(node: str, *argv: str) -> tuple[str, ...]:
    return argv if node == HOST else ("ip", "netns", "exec", node, *argv)


def _expect(what: str, words: str, argv: Sequence[str]) -> Line:
    text = shlex.join(argv)
    return {"word": "expect", "what": shlex.quote(what), "words": shlex.quote(words), "text": text}


def _pings(lab: Lab) -> Iterator[Line]:
    for check in lab.checks:
        known = check.target in lab.network.namespaces
        asked = targets(lab.network, check.source, check.target)[0] if known else [check.target]
        for target in asked:
            ping = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", str(target))
            argv = _inside(check.source, *ping)
            yield {
                "wanted": "yes" if check.must_reach else "no",
                "what": shlex.quote(f"{check.text}: {target}"),
                "text": shlex.join(argv),
            }
