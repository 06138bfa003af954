"""What ``route`` and ``netstat -r`` print, asked of ``ip route``."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, Show


def show(letters: Sequence[str], answer: Answer, *, six: bool) -> None:
    """The routing table; ``letters`` are route's options."""
    names = () if "n" in letters else ("-r",)
    if "C" in letters:
        answer.do(Show(("ip", *names, "-6" if six else "-4", "route", "show", "cache")))
        answer.note("the cache is (nearly) always empty since Linux 3.6")
        return
    extended = ("-d",) if letters.count("e") >= 2 else ()
    if six:
        answer.do(Show(("ip", *names, *extended, "-6", "route", "show", "table", "all")))
        answer.note("route mixes all tables and prints the null entry too")
        return
    answer.do(Show(("ip", *names, *extended, "-4", "route", "show", "table", "main")))
    if extended:
        answer.note("route's MSS column is ip's advmss + 40; another layout")
    else:
        answer.note("another layout; route prints the first of several next hops only")
