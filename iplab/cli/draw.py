"""iplab draw: a picture."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iplab.cli.common import load_lab, on_machine, say, set_option
from iplab.cli.output import write_file
from iplab.errors import UsageError

if TYPE_CHECKING:
    from iplab.picture import Graph

FORMATS = ("svg", "png", "dot", "mermaid", "text")
_ENDINGS = {
    ".svg": "svg", ".png": "png", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid",
    ".mermaid": "mermaid", ".txt": "text",
}  # fmt: skip


def _live(options: Mapping[str, Any]) -> bool:
    # With a lab as well it is wrong use, which is told without a sandbox.
    return bool(options["live"]) and options["lab"] is None


@click.command(
    epilog="Example:  iplab draw lab.yaml -f text",
    short_help="Draw a lab, or the machine as it is.",
)
@click.argument(
    "lab", required=False, metavar="[LAB]", type=click.Path(path_type=Path, allow_dash=True)
)
@click.option("--live", is_flag=True, help="Draw the host and every namespace as they are now.")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="svg (default, or what the file's ending says); png; dot for Graphviz; mermaid, which "
    "GitHub draws; text for a terminal.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, allow_dash=True), help="Write it to a file."
)
@set_option
@on_machine(when=_live)
def command(
    lab: Path | None, live: bool, form: str | None, output: Path | None, settings: tuple[str, ...]
) -> None:
    """Draw a lab, or the machine as it is.

    A box for the host and for each namespace, a plug for each interface, a wire for each link.
    Tunnels are dashed; what is down is grey.
    """
    from iplab.picture import graph

    if live == (lab is not None):
        raise UsageError(
            "draw a lab file or the machine, one of them",
            hint="iplab draw lab.yaml, or iplab draw --live",
        )
    to_file = output is not None and str(output) != "-"
    if form is None:
        form = _ENDINGS.get(output.suffix.lower(), "svg") if output is not None else "svg"
    if form == "png" and not to_file and sys.stdout.isatty():
        raise UsageError("a PNG is nothing for a terminal", hint="-o picture.png, or -f text")
    if lab is None:
        from iplab.run import machine, whole

        title, what = "network namespaces", graph(whole.whole(machine.Machine()))
    else:
        it = load_lab(lab, settings)
        title, what = it.name, graph(it.network)
    data = _drawn(what, title, form)
    if output is not None and to_file:
        write_file(output, data)
        say(f"wrote {output}")
    else:
        click.echo(data, nl=False)


def _drawn(what: Graph, title: str, form: str) -> bytes:
    if form == "text":
        from iplab.picture.text import text

        return text(what).encode()
    if form == "dot":
        from iplab.picture.dot import dot

        return dot(what, title).encode()
    if form == "mermaid":
        from iplab.picture.mermaid import mermaid

        return mermaid(what, title).encode()
    from iplab.picture.svg import size, svg

    drawn = svg(what, title)
    if form == "svg":
        return drawn.encode()
    from iplab.run import raster

    return raster.png(drawn, *size(drawn))
