"""iplab sandbox: those that are running."""

from __future__ import annotations

import click

from iplab.cli.common import json_option, print_json, say
from iplab.errors import IplabError, UsageError


@click.group(epilog="Example:  iplab sandbox list", short_help="List and stop sandboxes.")
def command() -> None:
    """List and stop sandboxes.

    A sandbox is a user namespace in which labs run without root.  `iplab up --sandbox=NAME` starts
    one; it ends by itself when its last lab is down.
    """


@command.command("list", epilog="Example:  iplab sandbox list")
@json_option
def list_(as_json: bool) -> None:
    """List the sandboxes that are running."""
    from iplab.run import sandbox

    found = sandbox.holders()
    if as_json:
        print_json({"sandboxes": [{"name": h.name, "pid": h.pid} for h in found]})
        return
    for holder in found:
        click.echo(f"{holder.name}  held by process {holder.pid}")
    if not found:
        say("no sandbox is running")


@command.command("stop", epilog="Example:  iplab sandbox stop --all")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every sandbox of this user.")
def stop(name: str | None, every: bool) -> None:
    """End a sandbox, with its labs and every process in it."""
    from iplab.run import sandbox

    if every is (name is not None):
        raise UsageError("say which sandbox, or --all", hint="iplab sandbox list")
    found = [h for h in sandbox.holders() if every or h.name == name]
    if not found and name is not None:
        raise IplabError(f"there is no sandbox {name}", hint="iplab sandbox list")
    for holder in found:
        sandbox.stop(holder)
        say(f"sandbox {holder.name} is gone")
