"""Lab files: YAML text → Lab, with the wanted Network in it.

Nothing heavy is imported until a lab is read: ``import iplab.lab`` is cheap.
"""

from __future__ import annotations

import os
import stat
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iplab.errors import IplabError, LabError, Problem
from iplab.lab.lab import Check, Lab

STDIN = "<stdin>"
_NONE: Mapping[str, str] = {}


def load(path: Path | str, *, settings: Mapping[str, str] = _NONE) -> Lab:
    """Read a lab file.  ``-`` is standard input, which is rendered first where settings are given.

    Raises ``LabError`` with every fault in the file, ``IplabError`` where there is no file to read.
    """
    name = STDIN if str(path) == "-" else str(path)
    _one_line(name)
    try:
        data = _bytes(path)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        hint = "`iplab init` writes a first lab" if isinstance(error, FileNotFoundError) else ""
        raise IplabError(f"cannot read the lab: {why}", where=name, hint=hint) from None
    return _read(
        _text(data, name),
        name,
        settings,
        template=name.endswith(".j2") or (name == STDIN and bool(settings)),
    )


def loads(text: str, name: str, *, settings: Mapping[str, str] = _NONE) -> Lab:
    """Read a lab from text.  ``name`` is what errors call it; one that ends in ``.j2`` is rendered.

    Raises ``LabError`` with every fault in the text, ``IplabError`` for a name of several lines.
    """
    _one_line(name)
    return _read(text, name, settings, template=name.endswith(".j2"))


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the lab file, for editors."""
    from iplab.lab.schema import json_schema as made

    return made()


def starters() -> list[tuple[str, str, str]]:
    """The starter labs as (name, summary in one line, file name)."""
    from iplab.lab.starter_files import starters as found

    return found()


def starter_text(name: str) -> tuple[str, str]:
    """A starter's file name and text.  Raises ``UsageError`` where there is none of that name."""
    from iplab.lab.starter_files import starter_text as found

    return found(name)


def _read(text: str, name: str, settings: Mapping[str, str], *, template: bool) -> Lab:
    from iplab.lab.read import lab

    return lab(text, name, settings, template=template)


def _one_line(name: str) -> None:
    """Refuse a file's name with control characters: it stands in comments of scripts and plans."""
    # Line and paragraph separators, too, which some readers take for the end of a line.
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in name):
        raise IplabError(
            "a lab file's name has no line breaks or other control characters",
            where=ascii(name),
            hint="rename the file",
        )


def _bytes(path: Path | str) -> bytes:
    from iplab.lab.tree import MAX_BYTES

    if str(path) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(path).open("rb") as file:
        if stat.S_ISDIR(os.fstat(file.fileno()).st_mode):
            raise IsADirectoryError
        return file.read(MAX_BYTES + 1)


def _text(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LabError([Problem(name, 1, 1, "this is UTF-16 text", "save the file as UTF-8")])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        what = f"this byte (0x{data[error.start]:02x}) is not UTF-8 text"
        raise LabError([Problem(name, line, column, what, "save the file as UTF-8")]) from None


__all__ = ["Check", "Lab", "json_schema", "load", "loads", "starter_text", "starters"]
