"""Writing a result to a file: whole or not at all."""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from pathlib import Path

from iplab.errors import IplabError


def write_file(path: Path, data: bytes, *, executable: bool = False) -> None:
    """Write ``data`` to ``path`` in one step; a link stays a link, a device is written to.

    Raises ``IplabError`` with the file's name; what was there before is then as it was.
    """
    try:
        # Below /dev and /proc (/dev/stdout) is what is open already, also where it is a plain file.
        special = path.is_absolute() and path.parts[1:2] in (("dev",), ("proc",))
        if special or (path.exists() and not path.is_file()):
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data, executable)
    except OSError as error:
        raise IplabError(f"cannot write it: {error.strerror}", where=str(path)) from error


def as_word(path: Path) -> str:
    """A path as one can paste it behind a command: no option, and one word."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") and text != "-" else text)


def _replace(path: Path, data: bytes, executable: bool) -> None:
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(handle, 0o755 if executable else mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
