"""Pictures: Network → Graph → DOT, Mermaid, text, SVG; all of it pure.

Only ``png`` leaves this room: it needs something that turns SVG into pixels.
"""

from iplab.picture.graph import Box, Graph, Note, Plug, Wire, graph

__all__ = ["Box", "Graph", "Note", "Plug", "Wire", "graph"]
