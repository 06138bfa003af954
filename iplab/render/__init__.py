"""Operation → template → command, in one of the three styles; plans as JSON; the shell script."""

from iplab.render.engine import STYLES, Renderer
from iplab.render.pieces import Piece, Pieces, pieces, waits

__all__ = ["STYLES", "Piece", "Pieces", "Renderer", "pieces", "waits"]
