"""iplab doctor: what this machine has and lacks."""

from __future__ import annotations

import click

from iplab.cli.common import json_option, print_json, styled


@click.command(
    epilog="Example:  iplab doctor",
    short_help="Say what this machine has and lacks, and what mends it.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say what this machine has and lacks, and what mends it.

    Link kinds are tried for real, in a namespace that exists only for the trial.  Exit code 1 if
    something is missing that every lab needs.
    """
    from iplab.run import doctor
    from iplab.run.machine import Machine

    findings = doctor.examine(Machine())
    if as_json:
        print_json({"ok": doctor.able(findings), "findings": [f.json() for f in findings]})
    else:
        width = max(len(f.name) for f in findings)
        for f in findings:
            mark = (
                styled("has  ", fg="green")
                if f.ok
                else styled("lacks", fg="red" if f.needed else "yellow")
            )
            click.echo(f"{mark}  {f.name:<{width}}  {f.detail}")
            if not f.ok and f.mend:
                click.echo(f"       {'':<{width}}  mend: {f.mend}")
    ctx.exit(0 if doctor.able(findings) else 1)
