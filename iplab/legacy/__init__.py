"""The old tools (net-tools, bridge-utils, vlan …) read, and said again for iproute2.

``translate`` takes one command line as words and gives a ``Translation``: exact, or marked with
what differs, or refused with the reason.  A file a tool; ``script`` and ``markdown`` rewrite whole
texts with it.
"""

from iplab.legacy.answer import Context, Translation
from iplab.legacy.translate import TOOLS, translate

__all__ = ["TOOLS", "Context", "Translation", "translate"]
