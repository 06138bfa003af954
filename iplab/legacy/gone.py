"""Old tools without any counterpart in iproute2; each says why."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent

REASONS = {
    "rarp": "the kernel has had no RARP table since Linux 2.3; rarp itself says so and fails",
    "plipconfig": "sets the timers of a parallel-port line; ip has no word for it",
    "slattach": "makes a serial line a network device; that is ldattach(8), of util-linux",
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Refuse the line."""
    raise NoEquivalent(REASONS[words[0].rpartition("/")[2]])
