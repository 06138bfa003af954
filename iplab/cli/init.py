"""iplab init: starters."""

from __future__ import annotations

import os
from pathlib import Path

import click

from iplab.cli import complete
from iplab.cli.common import say
from iplab.cli.output import as_word, write_file
from iplab.errors import IplabError


@click.command(
    epilog="Example:  iplab init bridge -o lab.yaml",
    short_help="Write a starter lab, or list the starters.",
)
@click.argument("starter", required=False, shell_complete=complete.starters)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write; - is stdout."
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def command(starter: str | None, output: Path | None, force: bool) -> None:
    """Write a starter lab, or list the starters.

    Without STARTER it lists them.  The file is called after the starter if -o is not given.
    """
    from iplab import lab

    if starter is None:
        width = max(len(name) for name, _, _ in lab.starters())
        for name, summary, _ in lab.starters():
            click.echo(f"{name:<{width}}  {summary}")
        return
    filename, text = lab.starter_text(starter)
    if output is not None and str(output) == "-":
        click.echo(text, nl=False)
        return
    target = output or Path(filename)
    if filename.endswith(".j2") and target.suffix != ".j2":
        raise IplabError(
            f"{target}: the starter {starter} is a Jinja2 template, which such a file cannot be",
            hint=f"-o {target}.j2",
        )
    if not force and os.path.lexists(target):
        raise IplabError(
            f"{target} is there already", hint="-o OTHER.yaml, or --force to overwrite it"
        )
    write_file(target, text.encode())
    say(f"wrote {target}; next: iplab plan {as_word(target)}")
