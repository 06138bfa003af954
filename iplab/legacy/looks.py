"""Whether words that begin with an old tool's name are a command, or talk of one."""

from __future__ import annotations

import re

from iplab.legacy.translate import TOOLS

# What tells a command by the word behind the tool: an option, a number, `$X`, `<x>`, `{x}`, `eth0`,
# a name with a dash or a dot (`br-lan`), `lo`, or what the tool is to do.
_SECOND = re.compile(
    r"[-/\d<\[{$]|\w+\d|lo$|(add|del|delete|rem|change|show\w*|addbr|addif|delbr|delif|stp|hairpin"
    r"|set(ageing|fd|hello|maxage|gcint|bridgeprio|pathcost|portprio)|set_\w+)$"
)
_IFCONFIG_THIRD = re.compile(
    r"([\d<\[{$]|-?(up|down|netmask|mtu|promisc|allmulti|arp|hw|add|del|inet6?|broadcast)$)"
)
_FILTERS = r"(e|f)?grep|awk|sed|cut|head|tail|wc|less|more|sort|tee|xargs"


def looks_like_command(text: str) -> bool:
    """Whether a line of prose that begins with `route` or `arp` is a command after all."""
    text = text.strip()
    if re.match(rf"[\w/-]+\s*\|\s*({_FILTERS})\s", text):
        return True
    words = re.split(r"[\s;|&]+", text)
    tool = words[0].rpartition("/")[2]
    if len(words) == 1:
        return tool in TOOLS - {"route", "arp"}
    if tool == "ifconfig" and re.match(r"\w+-\w", words[1]):
        return len(words) == 2 or bool(_IFCONFIG_THIRD.match(words[2]))
    if tool == "ifconfig" and len(words) > 2 and _IFCONFIG_THIRD.match(words[2]):
        return bool(re.match(r"[\w.$<{\[-]", words[1]))
    return bool(_SECOND.match(words[1]) or tool == "sudo")
