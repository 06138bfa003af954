"""iplab import: a lab file from a shell script, or from what is there."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iplab.cli import complete
from iplab.cli.common import on_machine, plural, say
from iplab.cli.output import as_word, write_file
from iplab.errors import IplabError, LabError, UsageError

if TYPE_CHECKING:
    from iplab.network import Network

LONGEST = 1_000_000  # bytes of a script


@click.command(
    "import",
    epilog="Example:  iplab import setup.sh -o lab.yaml\n\n"
    "          iplab import --live --only ns0 --only ns1",
    short_help="Write a lab file from a shell script, or from what is there.",
)
@click.argument("script", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT]...")
@click.option("--live", is_flag=True, help="From the running system: the named namespaces.")
@click.option(
    "--only",
    multiple=True,
    metavar="NODE",
    shell_complete=complete.nodes,
    help="With --live: these namespaces alone.",
)
@click.option("--name", metavar="LAB", help="The lab's name; without it, the script's.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to a file.")
@click.option("--sandbox", "sandbox_name", metavar="[=NAME]", help="With --live: in a sandbox.")
@click.pass_context
def command(
    ctx: click.Context,
    script: Path | None,
    arguments: tuple[str, ...],
    live: bool,
    only: tuple[str, ...],
    name: str | None,
    output: Path | None,
    sandbox_name: str | None,
) -> None:
    """Write a lab file from a shell script, or from what is there.

    The script, of ip commands or of old ones (ifconfig, route, brctl …), is read and not run, as
    if it were called with the ARGUMENTs; a line of which cannot be known what it does is reported,
    and is not in the lab.  Exit code 3: something was left out.
    """
    from iplab import names
    from iplab.lab.write import write

    if live is (script is not None):
        raise UsageError("import what?", hint="iplab import SCRIPT, or iplab import --live")
    if only and not live:
        raise UsageError("--only is for --live", hint="iplab import --live --only NODE")
    if live:
        network, notes = _live(sandbox_name=sandbox_name, only=only)
        origin, usual = "the running system", "live"
    else:
        assert script is not None
        network, notes = _from_script(script, arguments)
        origin, usual = script.name, _name_of(script)
    made = write(names.lab(name or _lab_of(network) or usual), network, remark=f"From {origin}.")
    if output is None or str(output) == "-":
        click.echo(made.text, nl=False)
    else:
        write_file(output, made.text.encode())
        say(f"wrote {output}; next: iplab plan {as_word(output)}")
    for note in (*notes, *(f"left out: {words}" for words in made.left_out)):
        say(note)
    _check(made.text, str(output or "the lab"))
    if not network.namespaces:
        say("nothing of a network was found")
    if notes or made.left_out:
        ctx.exit(3)


def _check(text: str, name: str) -> None:
    """What was imported may be no lab (an address twice, a gateway nobody reaches): say so."""
    from iplab import lab

    try:
        lab.loads(text, name)
    except LabError as error:
        count = plural(len(error.problems), "fault")
        raise IplabError(f"what was imported has {count}; mend it by hand:\n{error}") from None


def _from_script(script: Path, arguments: Sequence[str]) -> tuple[Network, list[str]]:
    from iplab.follow import replay

    try:
        stdin = str(script) == "-"
        data = sys.stdin.buffer.read(LONGEST + 1) if stdin else script.read_bytes()
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise IplabError("this is not UTF-8 text", where=str(script)) from None
    if len(data) > LONGEST:
        raise IplabError(f"more than {LONGEST} bytes are too long for a script", where=str(script))
    found = replay(text, arguments)
    place = "<stdin>" if stdin else str(script)
    return found.network, [f"{place}:{n.line}: {n.why}:  {n.text}" for n in found.notes]


# Only --live looks at the machine: it alone goes into a sandbox where there is no root.
@on_machine()
def _live(only: tuple[str, ...], **_sandbox: str | None) -> tuple[Network, list[str]]:
    from iplab.lab.live import SETTINGS, wanted
    from iplab.run import look, machine
    from iplab.run.beyond import beyond

    engine = machine.Machine()
    nodes = look.everything().nodes
    missing = [node for node in only if node not in nodes]
    if missing:
        raise IplabError(f"there is no namespace {', '.join(missing)}", hint="ip netns list")
    keys = dict.fromkeys(nodes, SETTINGS)
    found = {node: look.nft_tables(engine, node) for node in nodes}
    tables = {node: frozenset(own) for node, (own, _) in found.items()}
    network, left_out = wanted(look.look(engine, look.Scope(nodes, keys, tables)), only)
    left_out += [
        f"{node}: the nft table {table}" for node in network.namespaces for table in found[node][1]
    ]
    left_out += beyond(engine, network)
    say("MAC addresses are left to chance; where one matters, give that end its lladdr")
    # Nobody can tell those that somebody chose from the kernel's defaults.
    say("of the settings (sysctl) only forwarding is read")
    return network, [f"left out: {words}" for words in left_out]


def _lab_of(network: Network) -> str | None:
    """The name of the lab whose nft table is there, where there is one."""
    tables = {table for namespace in network.namespaces.values() for table in namespace.nat}
    mine = {table.removeprefix("iplab-") for table in tables if table.startswith("iplab-")}
    return mine.pop() if len(mine) == 1 else None


def _name_of(script: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", script.name.partition(".")[0]).strip("-.")
    return stem[:63] or "imported"
