"""Shell scripts, read without running them: which commands they would run, as far as text tells."""

from iplab.shell.evaluate import Run, Shell, Unclear

__all__ = ["Run", "Shell", "Unclear"]
