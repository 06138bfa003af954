"""Shell scripts, read without running them: which commands they would run, as far as text tells."""

from iplab.shell.evaluate import Run, Shell, Unclear
from iplab.shell.statements import Leave

__all__ = ["Leave", "Run", "Shell", "Unclear"]
