"""iplab list: the labs that are up."""

from __future__ import annotations

import click

from iplab.cli.common import json_option, on_machine, plural, print_json, say


@click.command(epilog="Example:  iplab list", short_help="List the labs that are up here.")
@json_option
@on_machine()
def command(as_json: bool) -> None:
    """List the labs that are up here."""
    from iplab.run import records
    from iplab.run.netns import namespaces

    found = records.load_all().values()
    here = namespaces()
    rows = []
    for record in found:
        nodes = sorted(c.node for c in record.claims if c.kind == "netns")
        gone = [node for node in nodes if node not in here]
        state = "up" if record.finished else "unfinished"
        if nodes and len(gone) == len(nodes):
            state = "gone"
        rows.append({"lab": record.lab, "state": state, "file": record.file, "nodes": nodes})
    if as_json:
        print_json({"labs": rows})
        return
    if not rows:
        say("no lab is up")
    for row in rows:
        count = plural(len(row["nodes"]), "node")
        click.echo(f"{row['lab']}  {row['state']}  {count}  {row['file']}")
