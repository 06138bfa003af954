"""SVG into pixels.  Iplab draws SVG itself; this finds something that can paint it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from iplab.errors import CommandFailed, MissingProgram
from iplab.run.machine import Machine, find_program

ZOOM = 2  # pixels a pixel of the SVG: sharp on today's screens
LARGEST = 16_000  # pixels a side: what painters and viewers still take


def png(svg: str, width: int, height: int) -> bytes:
    """The picture as PNG: by resvg (``iplab[pictures]``), else by `rsvg-convert`.

    ``width`` and ``height`` are the SVG's own.  Raises ``MissingProgram`` where there is neither.
    """
    zoom = min(ZOOM, LARGEST / max(width, height))
    try:
        import resvg_py
    except ImportError:
        return _by_program(svg, zoom)
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom))


def _by_program(svg: str, zoom: float) -> bytes:
    if find_program("rsvg-convert") is None:
        raise MissingProgram(
            "nothing here can paint a PNG",
            hint="pip install 'iplab[pictures]', or apt-get install librsvg2-bin, or -f svg",
        )
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "picture.png"
        argv = ["rsvg-convert", "--zoom", f"{zoom:g}", "--output", str(target)]
        done = Machine().other(argv, stdin=svg)
        if done.code != 0 or not target.exists():
            raise CommandFailed(" ".join(argv), done.code, done.err or done.out)
        return target.read_bytes()
