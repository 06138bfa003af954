"""What the shell completes: starters, nodes, labs (`_IPLAB_COMPLETE=bash_source iplab`)."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from iplab.errors import IplabError


def starters(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The starters, each with its summary."""
    from iplab import lab

    found = lab.starters()
    return [CompletionItem(name, help=said) for name, said, _ in found if name.startswith(begun)]


def nodes(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The namespaces that have a name here, and the host."""
    from iplab.names import HOST

    return _fitting([*_here("netns", ""), HOST], begun)


def labs(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The labs that are up, and files."""
    # click's function for bash forgets what it was told ahead of a file.
    return [CompletionItem(begun, type="file"), *_fitting(_here("iplab", ".json"), begun)]


def _here(directory: str, ending: str) -> list[str]:
    """The names in a directory of /run; of who is not root that of the sandbox, if it runs."""
    from iplab.run import sandbox
    from iplab.run.netns import counted

    run = "/run"
    try:
        if os.geteuid() != 0:
            holders = {one.name: one.pid for one in sandbox.holders()}
            run = f"/proc/{holders[sandbox.DEFAULT]}/root/run"
        found = [name for name in os.listdir(f"{run}/{directory}") if name.endswith(ending)]
    except (IplabError, OSError, KeyError):
        return []
    return sorted((name.removesuffix(ending) for name in found), key=counted)


def _fitting(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]
