"""The command line.  Each command is a file of its own, loaded when it is called."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

from iplab import __version__
from iplab.errors import IplabError, LabError

# Name → (module, its first line of help): `iplab --help` loads no command.  A test holds that the
# lines are the commands' own.
COMMANDS = {
    "init": ("init", "Write a starter lab, or list the starters."),
    "plan": ("plan", "Show each command that would run, and why; change nothing."),
    "script": ("script", "Print a shell script with up, down and check."),
    "up": ("up", "Bring a lab up, and prove it from the kernel's answer."),
    "check": ("check", "Compare a lab with the machine, and run its checks."),
    "down": ("down", "Remove what a lab made, and nothing else."),
    "recover": ("recover", "Say what a run that was cut short left, and mend it."),
    "list": ("list", "List the labs that are up here."),
    "show": ("show", "Show namespaces, interfaces, peers and addresses as they are."),
    "draw": ("draw", "Draw a lab, or the machine as it is."),
    "walk": ("walk", "Make a page that steps through the commands, with pictures."),
    "exec": ("exec", "Run a command inside a node."),
    "shell": ("shell", "Open a shell inside a node."),
    "translate": ("translate", "Say an ifconfig, route, arp, brctl … line again for iproute2."),
    "sandbox": ("sandbox", "List and stop sandboxes."),
    "explain": ("explain", "Say what a command does, or what `ip` printed."),
    "import": ("import_", "Write a lab file from a shell script, or from what is there."),
    "schema": ("schema", "Print the JSON Schema of the lab file."),
    "why": ("why", "Name the first thing that stops a packet, and the command that mends it."),
    "doctor": ("doctor", "Say what this machine has and lacks, and what mends it."),
}


class _Lazy(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"iplab.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            mean = f"  Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}.{mean}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with:  iplab init two-namespaces; iplab plan two-namespaces.yaml",
)
@click.version_option(__version__, prog_name="iplab")
def cli() -> None:
    """Small networks on Linux: write one down, see every ip command, run exactly those, prove it.

    A LAB is a YAML file that says what the network should be; `iplab init` writes one.
    """


def main() -> None:
    """The program `iplab`; every expected error becomes a message and an exit code."""
    _standard_files()
    try:
        code = _run()
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = 2 if isinstance(error, click.UsageError) else 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("iplab: interrupted", err=True)
        code = 130
    except IplabError as error:
        # Faults of a file come as an editor takes them: FILE:LINE:COLUMN first on the line.
        click.echo(str(error) if isinstance(error, LabError) else f"iplab: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has had enough: let Python's last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except OSError as error:
        click.echo(f"iplab: {error.filename or 'the system'}: {error.strerror}", err=True)
        code = 1
    # Python looks for garbage once more at its end, among all that is about to go anyway: with
    # that, the end took longer than the reading of a lab.
    gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _run() -> object:
    """Run the command; in a sandbox, which then ends if it is empty, however the command ended."""
    if "IPLAB_SANDBOX" not in os.environ:
        return cli.main(args=_words(sys.argv[1:]), prog_name="iplab", standalone_mode=False)
    from iplab.run import sandbox

    with sandbox.staying():
        return cli.main(args=_words(sys.argv[1:]), prog_name="iplab", standalone_mode=False)


def _standard_files() -> None:
    """Something at 0, 1 and 2 where there is nothing (`iplab … <&-`): no file of ours is to be."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - to the end


def _words(words: list[str]) -> list[str]:
    """``--sandbox`` alone means the default one; its NAME is only ever given with ``=``."""
    end = words.index("--") if "--" in words else len(words)
    return [
        "--sandbox=default" if word == "--sandbox" and n < end else word
        for n, word in enumerate(words)
    ]
