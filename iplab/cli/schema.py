"""iplab schema: what a lab file may hold, for editors."""

from __future__ import annotations

import click

from iplab.cli.common import print_json


@click.command(
    epilog="Example:  iplab schema > iplab.schema.json",
    short_help="Print the JSON Schema of the lab file.",
)
def command() -> None:
    """Print the JSON Schema of the lab file.

    Editors with a YAML language server complete and check lab files by it, with this first line:
    # yaml-language-server: $schema=iplab.schema.json
    """
    from iplab import lab

    print_json(lab.json_schema())
