"""What several tests of pictures need."""

from __future__ import annotations

from pathlib import Path

from iplab import lab
from iplab.network import Network

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "picture"
STARTERS = [name for name, _, _ in lab.starters()]


def starter(name: str, **settings: str) -> Network:
    """The network of a starter lab."""
    file, text = lab.starter_text(name)
    return lab.loads(text, file, settings=settings if file.endswith(".j2") else {}).network
