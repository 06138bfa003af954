"""iplab check: drift, and does a packet get there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from iplab.cli.common import (
    json_option,
    lab_argument,
    load_lab,
    look_for,
    on_machine,
    plural,
    print_json,
    set_option,
    styled,
)

if TYPE_CHECKING:
    from iplab.run.pings import Matrix


@click.command(
    epilog="Example:  iplab check lab.yaml --ping",
    short_help="Compare a lab with the machine, and run its checks.",
)
@lab_argument
@set_option
@click.option("--ping", is_flag=True, help="Also ask every address of every node from every other.")
@click.option(
    "--ping-sample",
    "sample",
    metavar="N",
    type=click.IntRange(0),
    help="Each node asks N others (0: all). Without it all, but in a large lab some: it is said.",
)
@json_option
@on_machine()
@click.pass_context
def command(
    ctx: click.Context,
    lab: Path,
    settings: tuple[str, ...],
    ping: bool,
    sample: int | None,
    as_json: bool,
) -> None:
    """Compare a lab with the machine, and run its checks.

    Exit code 0: all is as the file says.  3: something differs, or a check failed.
    """
    from iplab.plan.difference import compare
    from iplab.run import pings

    ping = ping or sample is not None
    it = load_lab(lab, settings)
    session = look_for(it.name, [it.network])
    differences = compare(it.network, session.observed, session.ownership)
    there = [node for node in it.nodes if node in session.observed.namespaces]
    outcomes: list[pings.Outcome] = []
    matrix: pings.Matrix | None = None
    if there and (it.checks or ping):
        pings.wait_for_addresses(session.machine, session.scope, it.network)
        ready = [c for c in it.checks if c.source in there]
        outcomes = pings.check_all(session.machine, it.network, ready)
        if ping:
            matrix = pings.matrix(session.machine, it.network, there, sample)
    missing = [c for c in it.checks if c.source not in there]
    outcomes += [pings.Outcome(c.text, False, f"{c.source} is not there") for c in missing]
    ok = not differences and all(o.ok for o in outcomes) and not (matrix and matrix.failed)
    if as_json:
        value: dict[str, object] = {
            "ok": ok,
            "differences": [d.json() for d in differences],
            "checks": [{"check": o.check, "ok": o.ok, "detail": o.detail} for o in outcomes],
        }
        if matrix:
            value["pings"] = {
                "sent": matrix.sent,
                "received": matrix.received,
                "failed": [list(pair) for pair in matrix.failed],
                "notes": list(matrix.notes),
            }
        print_json(value)
    else:
        for difference in differences:
            click.echo(f"{styled('differs', fg='red')}  {difference}")
        if not differences:
            nodes = plural(len(it.nodes), "node")
            click.echo(f"{styled('same', fg='green')}     {nodes} as {it.file} says")
        for outcome in outcomes:
            mark = styled("ok", fg="green") if outcome.ok else styled("FAILED", fg="red")
            click.echo(
                f"{mark}{' ' * (9 - (2 if outcome.ok else 6))}{outcome.check}: {outcome.detail}"
            )
        if matrix:
            _print_matrix(matrix)
    ctx.exit(0 if ok else 3)


def _whom(matrix: Matrix) -> str:
    return "every node to some others" if matrix.sampled else "every node to every node"


def _print_matrix(matrix: Matrix) -> None:
    good = not matrix.failed
    mark = styled("ok", fg="green") if good else styled("FAILED", fg="red")
    pad = " " * (9 - (2 if good else 6))
    click.echo(f"{mark}{pad}{_whom(matrix)}: {matrix.received} of {matrix.sent} answered")
    for line in matrix.silent:
        click.echo(f"         {line}")
    for note in matrix.notes:
        click.echo(f"         {note}")
