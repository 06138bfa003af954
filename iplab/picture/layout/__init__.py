"""Where everything goes: graphs → a frame of boxes, rows and routes → a drawing.

All of it is counted in cells, a character wide and a line high, so that the terminal and SVG share
one layout, and no font decides where a box ends.  A frame holds room for several states of one
network: what comes and goes does so in its place, and nothing else moves.

1. ``columns``: namespaces into columns, by distance from the middle: wires go to the next column.
2. ``rows``: what is written in each box, on which side, in what order.
3. ``place``: heights, so that a wire runs straight where it can.
4. ``route``: tracks between the columns for the wires that cannot.
5. ``frame``: widths, components side by side; and the drawing of one state in it.
"""

from iplab.picture.layout.drawing import Bar, Drawing, DrawnBox, DrawnWire, Run, Socket
from iplab.picture.layout.frame import Frame, frame

__all__ = ["Bar", "Drawing", "DrawnBox", "DrawnWire", "Frame", "Run", "Socket", "frame"]
