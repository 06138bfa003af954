"""iplab translate FILE…: scripts and cheat sheets; what is written where, and the report."""

from __future__ import annotations

import difflib
import os
import stat
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iplab.cli.common import print_json
from iplab.errors import IplabError, UsageError

if TYPE_CHECKING:
    from iplab.legacy import Context
    from iplab.legacy.files import Kind
    from iplab.legacy.report import Line, Rewritten
    from iplab.network import Namespace

STDIN = "-"
MOST_SHOWN = 400  # characters of one line of a report


def translate_files(
    files: Sequence[str],
    *,
    diff: bool = False,
    in_place: bool = False,
    check: bool = False,
    as_json: bool = False,
    kind: Kind | None = None,
    state: Namespace | None = None,
    dialect: str = "net-tools",
    context: Context | None = None,
) -> int:
    """Rewrite files and report on stderr; gives the exit code.

    One file goes to stdout as it would be; ``diff`` shows the change instead, ``in_place`` makes
    it, keeping ``FILE.orig``; ``check`` only looks.  3: something was left or is inexact, or, with
    ``check``, there is an old command at all.  A file that cannot be read is an error (1) after
    the others were done; nothing of it is changed.
    """
    _check_use(files, diff=diff, in_place=in_place, check=check, as_json=as_json)
    found: list[tuple[str, Rewritten]] = []
    code = 0
    for name in files:
        try:
            source, done = _one(name, kind, state, dialect, context)
            if in_place and done.text != source:
                write_in_place(Path(name), source, done.text)
        except (IplabError, OSError) as error:
            click.echo(f"iplab: {_words(error, name)}", err=True)
            code = 1
            continue
        found.append((name, done))
        if diff:
            _show_diff(name, source, done.text)
        elif not (in_place or check or as_json):
            sys.stdout.buffer.write(done.text)
            sys.stdout.buffer.flush()
    if as_json:
        print_json({"lines": [_json(name, line) for name, d in found for line in d.lines]})
    else:
        for name, done in found:
            _report(name, done, check=check, changed=in_place)
    left = any(check or not line.clean for _, done in found for line in done.lines)
    return code or (3 if left else 0)


def _check_use(
    files: Sequence[str], *, diff: bool, in_place: bool, check: bool, as_json: bool
) -> None:
    if sum((diff, in_place, check)) > 1:
        raise UsageError("--diff, --in-place and --check exclude each other")
    if diff and as_json:
        raise UsageError("--diff prints a diff and --json JSON: one of them")
    if len(files) > 1 and not (in_place or check or diff or as_json):
        raise UsageError("several files at once take --check, --diff, --in-place or --json")
    if in_place and STDIN in files:
        raise UsageError("--in-place needs a file, and - is none")


def _one(
    name: str,
    kind: Kind | None,
    state: Namespace | None,
    dialect: str,
    context: Context | None,
) -> tuple[bytes, Rewritten]:
    from iplab.legacy.files import LARGEST, rewrite_file

    if name == STDIN:
        source = sys.stdin.buffer.read(LARGEST + 1)
        return source, rewrite_file(
            source, "stdin", kind=kind, state=state, dialect=dialect, context=context
        )
    path = Path(name)
    if path.is_dir() or not path.exists():
        what = "is a directory" if path.is_dir() else "there is no such file"
        raise IplabError(what, where=name)
    with path.open("rb") as file:
        source = file.read(LARGEST + 1)
    return source, rewrite_file(
        source, name, kind=kind, state=state, dialect=dialect, context=context
    )


def _words(error: Exception, name: str) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or name}: {error.strerror}"
    return str(error)


def write_in_place(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file in one step, keeping its mode and owner, and ``FILE.orig`` of it as it was.

    Raises ``IplabError`` where such a file stands already with another content: it may be the only
    copy of something.
    """
    if not path.is_file():
        raise IplabError("--in-place needs a plain file", where=str(path))
    path = path.resolve()  # a link stays a link
    backup = path.with_name(path.name + ".orig")
    if backup.exists() and backup.read_bytes() != old:
        raise IplabError(
            f"{backup} is there already", where=str(path), hint=f"mv {backup} elsewhere"
        )
    before = path.stat()
    _atomically(backup, old, before)
    _atomically(path, new, before)


def _atomically(path: Path, text: bytes, like: os.stat_result) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            os.fchmod(handle, stat.S_IMODE(like.st_mode))
            if os.geteuid() == 0:
                os.fchown(handle, like.st_uid, like.st_gid)
            file.flush()
            os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


# ---------------------------------------------------------------- what people see


def _show_diff(name: str, old: bytes, new: bytes) -> None:
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        os.fsencode(name),
        os.fsencode(name),
    )
    out = sys.stdout.buffer
    for line in lines:
        out.write(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n")
    out.flush()


def _json(name: str, line: Line) -> dict[str, Any]:
    return {
        "file": name,
        "line": line.line,
        "legacy": line.legacy,
        "commands": [list(command) for command in line.commands],
        "exact": line.exact,
        "used_state": line.used_state,
        "notes": list(line.notes),
        "reason": line.reason,
    }


def _report(name: str, done: Rewritten, *, check: bool, changed: bool) -> None:
    for line in done.lines:
        if check:
            click.echo(f"{name}:{line.line}: {_cut(line.legacy)}", err=True)
            continue
        if line.clean and not line.notes:
            continue
        click.echo(f"{name}:{line.line}: {_styled(_cut(line.legacy), bold=True)}", err=True)
        for command in line.commands:
            click.echo(f"    {_styled('→', fg='green')} {_cut(_shown(command))}", err=True)
        for note in line.notes:
            click.echo(f"    {_styled('note', fg='yellow')}: {_cut(note)}", err=True)
        if line.reason is not None:
            click.echo(f"    {_styled('left as it is', fg='red')}: {_cut(line.reason)}", err=True)
    exact = sum(line.clean for line in done.lines)
    left = sum(line.reason is not None for line in done.lines)
    inexact = len(done.lines) - exact - left
    if not done.lines:
        click.echo(f"{name}: no old command", err=True)
    elif not check:
        verb = "changed" if changed else "translated"
        click.echo(
            f"{name}: {exact} {verb} exactly, {inexact} to be looked at, {left} left", err=True
        )


def _cut(text: str) -> str:
    """Words as long as a screen takes: a line may have a megabyte."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} … ({len(text)} characters)"


def _shown(command: Sequence[str]) -> str:
    if command[:2] == ("sh", "-c"):
        return command[2]
    return " ".join(command)


def _styled(text: str, **how: Any) -> str:
    plain = not sys.stderr.isatty() or bool(os.environ.get("NO_COLOR"))
    return text if plain else click.style(text, **how)
