"""iplab show: what is there."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iplab.cli import complete
from iplab.cli.common import (
    json_option,
    load_lab,
    on_machine,
    plural,
    print_json,
    say,
    set_option,
    styled,
)
from iplab.errors import UsageError

if TYPE_CHECKING:
    from iplab.network import Interface, Namespace, Network


@click.command(
    epilog="Example:  iplab show lab.yaml",
    short_help="Show namespaces, interfaces, peers and addresses as they are.",
)
@click.argument(
    "lab",
    required=False,
    metavar="[LAB]",
    type=click.Path(path_type=Path),
    shell_complete=complete.labs,
)
@set_option
@click.option("--routes", is_flag=True, help="Also the routes that somebody asked for.")
@click.option("--watch", is_flag=True, help="Show it again at each change; Ctrl-C ends it.")
@json_option
@on_machine()
def command(
    lab: Path | None, settings: tuple[str, ...], routes: bool, watch: bool, as_json: bool
) -> None:
    """Show namespaces, interfaces, peers and addresses as they are.

    Without LAB: every named namespace and the host.  LAB is a lab file or the name of a lab.
    """
    if watch and as_json:
        raise UsageError("--watch is for people", hint="ip -j monitor, for programs")
    if watch:
        _watch(lab, settings, routes)
    else:
        _show(lab, settings, routes, as_json)


def _watch(lab: Path | None, settings: tuple[str, ...], routes: bool) -> None:
    from iplab.run.watch import Watch

    try:
        with Watch() as changes:
            while True:
                # Listen first, then look: what changes in between is seen the next time.
                changes.follow(_watched())
                observed, nodes = _look(lab, settings)
                lines = _lines(observed, nodes, routes)
                absent = [node for node in nodes if node not in observed.namespaces]
                lines += [f"{node}: there is no such namespace" for node in absent]
                if sys.stdout.isatty():
                    click.clear()
                    lines = _fitting(lines)
                else:
                    click.echo(f"--- {time.strftime('%H:%M:%S')}")
                click.echo("\n".join(lines))
                sys.stdout.flush()
                changes.wait()
    except KeyboardInterrupt:
        return


def _watched() -> list[str]:
    from iplab.run import look

    return list(look.everything().nodes)


def _fitting(lines: list[str]) -> list[str]:
    """As many lines as the terminal has room for, and how many are left out."""
    columns, height = shutil.get_terminal_size()
    room = height - 2
    for number, line in enumerate(lines):
        room -= max(1, -(-len(click.unstyle(line)) // columns))
        if room < 0:
            left = plural(len(lines) - number, "more line")
            return [*lines[:number], styled(f"… {left}: iplab show", dim=True)]
    return lines


def _look(lab: Path | None, settings: tuple[str, ...]) -> tuple[Network, list[str]]:
    """The machine as it is, and the nodes that are asked for."""
    from iplab.run import look, machine

    observed = look.look(machine.Machine(), look.everything())
    return observed, list(observed.namespaces) if lab is None else _nodes(lab, settings)


def _show(lab: Path | None, settings: tuple[str, ...], routes: bool, as_json: bool) -> None:
    observed, nodes = _look(lab, settings)
    there = [node for node in nodes if node in observed.namespaces]
    if as_json:
        print_json({"namespaces": [_json(observed.namespaces[node]) for node in there]})
    else:
        for line in _lines(observed, nodes, routes):
            click.echo(line)
    for node in nodes:
        if node not in there:
            say(f"{node}: there is no such namespace")


def _lines(observed: Network, nodes: list[str], routes: bool) -> list[str]:
    there = [node for node in nodes if node in observed.namespaces]
    tables = [list(_table(observed.namespaces[node], routes)) for node in there]
    return [line for n, table in enumerate(tables) for line in ([""] if n else []) + table]


def _nodes(lab: Path, settings: tuple[str, ...]) -> list[str]:
    from iplab.run import records

    known = records.load_all()
    if not lab.exists() and str(lab) in known:
        from iplab import lab as labs

        record = known[str(lab)]
        return list(labs.loads(record.text, record.file, settings=record.settings).nodes)
    return list(load_lab(lab, settings).nodes)


def _table(namespace: Namespace, routes: bool) -> Iterator[str]:
    yield styled(namespace.name, bold=True)
    rows = [_row(i) for i in namespace.interfaces.values()]
    widths = [max((len(row[c]) for row in rows), default=0) for c in range(3)]
    for row in rows:
        name, state, kind, addresses = row
        line = f"  {name:<{widths[0]}}  {state:<{widths[1]}}  {kind:<{widths[2]}}  {addresses}"
        yield styled(line.rstrip(), dim=state == "down")
    if routes:
        yield from (f"  route {route}" for route in namespace.routes)


def _row(interface: Interface) -> tuple[str, str, str, str]:
    kind = described(interface)
    words = ", ".join(str(a) for a in interface.addresses if not a.local.ip.is_link_local)
    if interface.master:
        kind += f", port of {interface.master}"
    return interface.name, state(interface), kind, words


def state(interface: Interface) -> str:
    """up or down as it was set, and `no carrier` where the other end is down."""
    if not interface.up:
        return "down"
    return "up" if "LOWER_UP" in interface.flags else "up, no carrier"


def described(interface: Interface) -> str:
    """The kind of a device, with its peer written out: ``veth → ns1:veth1``."""
    from iplab.network import Macvlan, Other, Tuntap, Veth, Vlan, Vxlan

    match interface.kind:
        case Veth(peer=peer):
            return f"veth → {peer or 'out of sight'}"
        case Vxlan(id=number, remote=remote):
            return f"vxlan {number}" + (f" → {remote}" if remote else "")
        case Macvlan(link=link) | Vlan(link=link):
            return f"{interface.kind.type} on {link or 'something out of sight'}"
        case Tuntap(mode=mode):
            return mode
        case Other(name=name):
            return name
    return interface.kind.type


def _json(namespace: Namespace) -> dict[str, Any]:
    from iplab.network import Veth

    return {
        "name": namespace.name,
        "interfaces": [
            {
                "name": i.name,
                "type": described(i).split()[0],
                "state": "up" if i.up else "down",
                "carrier": i.up and "LOWER_UP" in i.flags,
                "mtu": i.mtu,
                "lladdr": i.lladdr,
                "master": i.master,
                "peer": str(i.kind.peer) if isinstance(i.kind, Veth) and i.kind.peer else None,
                "addresses": [str(a.local) for a in i.addresses],
            }
            for i in namespace.interfaces.values()
        ],
        "routes": [str(route) for route in namespace.routes],
    }
