"""Scripts of commands followed on a machine that has nothing, without running them.

What `import` and `walk` know of a script comes from here: `ip` commands as iplab/iproute2 reads
them, old ones as iplab/legacy says them again.
"""

from iplab.follow.projection import UNPICTURED, Outcome, bare, project
from iplab.follow.replay import Note, Replay, Step, replay

__all__ = ["UNPICTURED", "Note", "Outcome", "Replay", "Step", "bare", "project", "replay"]
