"""What the shell completes: starters, nodes, labs (`_IPLAB_COMPLETE=bash_source iplab`)."""

from __future__ import annotations

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
    from iplab.run.netns import namespaces

    return _fitting([*namespaces(), HOST], begun)


def labs(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The labs that are up, and files."""
    from iplab.run import records

    try:
        up = list(records.load_all())
    except IplabError:
        up = []  # not root: they are root's
    return [*_fitting(up, begun), CompletionItem(begun, type="file")]


def _fitting(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]
