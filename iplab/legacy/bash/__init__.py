"""Shell text as plain values with byte spans, from the tree of ``iplab.shell.tree``.

Nothing here knows what a command means.  A ``Command`` has its words (what is literal, what the
shell fills in), where it stands (``Place``), and its span, so that another file can replace just
those bytes.
"""

from iplab.legacy.bash.script import Command, Loop, Pipeline, Script, read, readable

__all__ = ["Command", "Loop", "Pipeline", "Script", "read", "readable"]
