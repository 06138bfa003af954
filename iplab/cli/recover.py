"""iplab recover: what a run that was cut short left, and what to do with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from iplab.cli.common import json_option, on_machine, plural, print_json, say

if TYPE_CHECKING:
    from iplab.run.records import Record


@click.command(
    epilog="Example:  iplab recover --undo",
    short_help="Say what a run that was cut short left, and mend it.",
)
@click.option("--finish", "what", flag_value="finish", help="Bring the lab up as its file said.")
@click.option("--undo", "what", flag_value="undo", help="Remove what the lab made.")
@json_option
@on_machine()
@click.pass_context
def command(ctx: click.Context, what: str | None, as_json: bool) -> None:
    """Say what a run that was cut short left, and mend it.

    After a kill -9 or a power cut in the middle of `up` or `down`: the journal tells which commands
    had begun.  Exit code 3 if something was found and left as it is.
    """
    from iplab.run import records

    with records.locked(say):
        found = [r for r in records.load_all().values() if not r.finished]
    if as_json:
        rows = [{"lab": r.lab, "doing": r.doing, "commands": list(r.ran)} for r in found]
        print_json({"unfinished": rows})
    else:
        for record in found:
            click.echo(_told(record))
    if not found:
        say("nothing was cut short")
        return
    if what is None and sys.stdin.isatty() and sys.stderr.isatty():
        choices = click.Choice(["finish", "undo", "leave"])
        what = click.prompt("What shall it be?", type=choices, default="undo", err=True)
    if what not in ("finish", "undo"):
        ctx.exit(3)
    for record in found:
        _mend(record, what)


def _told(record: Record) -> str:
    begun = plural(len(record.ran), "command")
    last = f"; the last: {record.ran[-1].splitlines()[0]}" if record.ran else ""
    return f"lab {record.lab}: `{record.doing}` was cut short after {begun}{last}"


def _mend(record: Record, what: str) -> None:
    from iplab import lab
    from iplab.cli.down import take_down
    from iplab.cli.up import bring_up
    from iplab.run import records

    with records.locked(say):
        if what == "undo":
            take_down(record.lab, record.style, (), yes=True, kill=False, adopt=False)
        else:
            it = lab.loads(record.text, record.file, settings=record.settings)
            bring_up(it, record.style, ())
