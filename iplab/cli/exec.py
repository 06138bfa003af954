"""iplab exec: a command inside a node."""

from __future__ import annotations

import click

from iplab.cli import complete
from iplab.cli.common import on_machine


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example:  iplab exec ns0 -- ping -c 1 172.18.0.3",
    short_help="Run a command inside a node.",
)
@click.argument("node", shell_complete=complete.nodes)
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD...", type=click.UNPROCESSED)
@on_machine()
def command(node: str, argv: tuple[str, ...]) -> None:
    """Run a command inside a node.

    It takes iplab's place, so its exit code, its signals and the terminal are its own.
    """
    from iplab.run import enter

    enter.replace_with(node, argv[1:] if argv[0] == "--" else argv)
