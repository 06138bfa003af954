"""iplab why: the first thing that stops a packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from iplab.cli import complete
from iplab.cli.common import json_option, on_machine, print_json, say, styled

if TYPE_CHECKING:
    from iplab.why.report import Report


@click.command(
    epilog="Example:  iplab why ns0 172.18.0.3",
    short_help="Name the first thing that stops a packet, and the command that mends it.",
)
@click.argument("source", metavar="A", shell_complete=complete.nodes)
@click.argument("target", metavar="B", shell_complete=complete.nodes)
@json_option
@on_machine()
@click.pass_context
def command(ctx: click.Context, source: str, target: str, as_json: bool) -> None:
    """Name the first thing that stops a packet, and the command that mends it.

    It walks the path from A to B.

    A is a node, or `host`.  B is a node, NODE:DEV or an address.  The way there and the way back
    are walked as the kernel of each node would send the packet, and then tried with real pings.

    Exit code 0: B is reached.  3: it is not; what is in the way stands on stdout, with one line
    that mends it.
    """
    from iplab.run.machine import Machine
    from iplab.run.why import why

    report = why(Machine(), source, target)
    if as_json:
        print_json(report.json())
    else:
        _print(report)
    ctx.exit(0 if report.reaches else 3)


def _print(report: Report) -> None:
    for number, hop in enumerate(report.path):
        address = f" ({hop.address})" if hop.address else ""
        onward = f" via {hop.via}" if hop.via else ""
        arrow = "  " if number == 0 else "→ "
        click.echo(f"  {arrow}{hop.node}:{hop.device}{address}{onward}")
    cause = report.cause
    if cause is None:
        click.echo(f"{styled('reaches', fg='green')}  {report.source} → {report.target}")
    else:
        click.echo(f"{styled('stops', fg='red')}    at {cause.node}: {cause.object} {cause.what}")
        if cause.mend:
            click.echo(f"mend     {cause.mend}")
    for note in report.notes:
        say(f"note     {note}")
