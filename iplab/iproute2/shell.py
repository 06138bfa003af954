"""A line as it is typed into a shell: where a command ends and what is the shell's begins."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"""'[^']*' | "(?:\\.|[^"\\])*" | \\. | (?P<comment>(?<!\S)\#)
    | (?P<operator>&&|\|\||;|\|&?|&>|&|(?<!\S)\d*>) | .""",
    re.VERBOSE | re.DOTALL,
)
_PROGRAM = re.compile(r"\s*(?:sudo\s+)?(?:ip|tc|bridge|nsenter|sysctl|ethtool|iw)\s")


def parts(text: str) -> list[tuple[str, str]]:
    """The commands of a line that iplab reads, each with what follows of the shell's own
    (``| grep …``, ``> FILE``, ``&& echo``).  nft has `;` and `&` of its own: such a line is one."""
    if "nft" in text.split():
        return [(text, "")]
    for piece in _PIECE.finditer(text):
        if piece["comment"]:
            break
        operator = piece["operator"]
        if operator is None or not text[: piece.start()].strip():
            continue
        command, rest = text[: piece.start()].strip(), text[piece.start() :].strip()
        after = text[piece.end() :]
        if operator in ("&&", "||", ";") and _PROGRAM.match(after + " "):
            return [(command, operator), *parts(after.strip())]
        return [(command, rest)]
    return [(text, "")]
