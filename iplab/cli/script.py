"""iplab script: the plan as a shell script."""

from __future__ import annotations

from pathlib import Path

import click

from iplab.cli.common import lab_argument, load_lab, say, set_option, templates_option
from iplab.cli.output import write_file


@click.command(
    epilog="Example:  iplab script lab.yaml -o lab.sh",
    short_help="Print a shell script with up, down and check.",
)
@lab_argument
@click.option(
    "--style",
    type=click.Choice(["direct", "steps"]),
    default="direct",
    show_default=True,
    help="direct: each device made in its place. steps: one idea a command, as taught.",
)
@templates_option
@set_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write it to an executable file."
)
def command(
    lab: Path,
    style: str,
    directories: tuple[Path, ...],
    settings: tuple[str, ...],
    output: Path | None,
) -> None:
    """Print a shell script with up, down and check.

    It is for a machine that has nothing of the lab yet, and needs iproute2 but not iplab.
    """
    from iplab.render import Renderer
    from iplab.render.script import script

    text = script(load_lab(lab, settings), Renderer(style, directories))
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    write_file(output, text.encode(), executable=True)
    say(f"wrote {output}; it knows up, down and check")
