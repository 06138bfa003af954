"""iplab shell: a shell inside a node."""

from __future__ import annotations

import os

import click

from iplab.cli import complete
from iplab.cli.common import on_machine, say


@click.command(epilog="Example:  iplab shell ns0", short_help="Open a shell inside a node.")
@click.argument("node", shell_complete=complete.nodes)
@on_machine()
def command(node: str) -> None:
    """Open a shell inside a node.

    It is a shell in another network, not on another machine: files, users and processes are the
    same as outside.
    """
    from iplab.run import enter

    enter.check(node)
    shell = os.environ.get("SHELL") or "/bin/sh"
    say(f"a shell in the network of {node}; only the network is another one.  `exit` leaves it.")
    os.environ["IPLAB_NODE"] = node
    enter.replace_with(node, (shell,))
