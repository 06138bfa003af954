"""A script as people hand it on: prompts in front of the commands, a Markdown fence around them,
comments above or behind them."""

from __future__ import annotations

import re

from msgspec import Struct, field

from iplab.shell.tree import comments

_PROGRAM = r"(?:sudo\s+)?(?:ip|bridge|tc|sysctl|nft|ping|ifconfig|route|brctl|arp|vconfig)\s"
_DOLLAR = re.compile(r"(\s*(?:\[?[\w.-]+@[\w.-]+[:~\w/ .-]*\]?)?\$\s+)(?=\S)")
_ROOT_AT = re.compile(r"(\s*\[?[\w.-]+@[\w.-]+[:~\w/ .-]*\]?#\s+)(?=\S)")
_ROOT = re.compile(rf"(\s*#\s+)(?={_PROGRAM})")
_BARE = re.compile(rf"\s*(?:{_PROGRAM}|#!)")
_FENCE = re.compile(r"\s*```\w*\s*$")


class Written(Struct):
    """A script's text without its dress (lines keep their numbers), and its comments."""

    text: str
    above: dict[int, str] = field(default_factory=dict)  # by line: all of it is a comment
    behind: dict[int, str] = field(default_factory=dict)  # by line: after a command

    def comment(self, line: int) -> str:
        """What the script says about the command on a line: the comment behind it, and the lines
        right above it that are comments."""
        found = [self.behind[line]] if line in self.behind else []
        while line - 1 in self.above:
            line -= 1
            found.insert(0, self.above[line])
        return " ".join(text for text in found if text)


def undressed(text: str) -> Written:
    """The script without prompts and fences.

    `# ip …` is root's prompt where no command stands without one; in a script it is a comment.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    script = any(_BARE.match(line) for line in lines)
    kept = []
    for line in lines:
        prompt = _DOLLAR.match(line) or _ROOT_AT.match(line)
        if prompt is None and not script:
            prompt = _ROOT.match(line)
        if prompt:
            line = line[prompt.end() :]
        kept.append("" if _FENCE.match(line) else line)
    written = Written("\n".join(kept))
    for number, comment in comments(written.text):
        if not comment.startswith("#!"):
            alone = kept[number - 1].lstrip().startswith("#")
            place = written.above if alone else written.behind
            place[number] = comment.lstrip("# ").rstrip()
    return written
