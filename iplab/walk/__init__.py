"""The walkthrough: each command with what it means, the picture before and after, and `ip addr`."""

from iplab.walk.page import page
from iplab.walk.steps import Step, Walk, from_lab, from_script, project

__all__ = ["Step", "Walk", "from_lab", "from_script", "page", "project"]
