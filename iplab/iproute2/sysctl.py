"""``sysctl`` (sysctl(8)): settings below /proc/sys."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Meaning, knows, looks
from iplab.keys import named, parts
from iplab.operations import SetSysctl


def read(cursor: Cursor) -> Meaning:
    """``sysctl [-q] [-w] KEY=VALUE…``."""
    cursor.note(1, "program.sysctl")
    done = []
    asked = False
    while cursor.more:
        word = cursor.peek()
        if word in ("-w", "--write", "-q", "--quiet", "-e", "-n", "-qw"):
            cursor.note(1, "sysctl.write" if "w" in word else "sysctl.option")
            continue
        if word in ("-p", "--load", "--system"):
            cursor.note(len(cursor.rest()), "sysctl.load")
            return knows("sysctl.load", {"node": cursor.node})
        if word.startswith("-"):
            raise cursor.fail(f"{word!r} is no option of sysctl that iplab knows")
        key, equals, value = word.partition("=")
        if not equals:
            cursor.word("sysctl.key")
            asked = True
            continue
        cursor.note(1, "sysctl.set", value=word)
        done.append(SetSysctl(cursor.node, named(parts(key.strip())), value.strip()))
    if done:
        return Meaning(tuple(done))
    if asked:
        return looks("show.sysctl")
    raise cursor.fail("it does not say which setting: KEY=VALUE")
