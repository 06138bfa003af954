"""Where the templates are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def templates_dir() -> Path:
    """The directory with ``commands/``, ``labs/`` and the rest.

    A wheel carries it as ``iplab/templates``; in a checkout it stands at the top.
    """
    package = Path(__file__).parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"
