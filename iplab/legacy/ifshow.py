"""What ``ifconfig`` prints, asked of ``ip``."""

from __future__ import annotations

from iplab.legacy.answer import Answer, Show
from iplab.legacy.words import device


def show(options: set[str], rest: list[str], answer: Answer) -> None:
    """The form with at most a device; ``options`` are ``-a``, ``-s``, ``-v``."""
    which: tuple[str, ...] = () if "-a" in options else ("up",)
    if rest:
        name, colon, _ = rest[0].partition(":")
        which = ("dev", device(name))
        if colon:
            answer.doubt("ifconfig prints one alias; ip prints all the device's addresses")
    what = "link" if "-s" in options else "addr"
    answer.do(Show(("ip", "-s", what, "show", *which)))
    if what == "link":
        answer.note("other columns than ifconfig -s; ip prints two lines of counters a device")
    else:
        answer.note(
            "another layout; ip lists every address, ifconfig one for each label, which hides "
            "secondary addresses that have none of their own"
        )
