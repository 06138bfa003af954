"""``sudo -n /sbin/ifconfig eth0 up``: which word of a command is the old tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

# Programs that run the words after them, and those of their options that take a value.
_WRAPPERS: Mapping[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-r", "-t", "-D", "-R", "-T", "-U"}),
    "doas": frozenset({"-u", "-C"}),
    "nohup": frozenset(),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "env": frozenset({"-u"}),
    "time": frozenset(),
    "setsid": frozenset(),
    "chronic": frozenset(),
    "command": frozenset(),
    "exec": frozenset(),
    "timeout": frozenset({"-s", "-k"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "nsenter": frozenset({"-t"}),
}
# Options with which a wrapper does not run the words, but asks or opens a shell.
_OTHERWISE = {"command": {"-v", "-V"}, "sudo": {"-l", "-i", "-s", "-e", "-k", "-K", "-v"}}


class Wrapped(Struct, frozen=True):
    """``at`` is the tool's word; ``keep`` how many words before it stay; ``last_only`` of these
    is a word that may stand before the last new command alone (``exec``)."""

    at: int
    keep: int
    busybox: bool = False
    last_only: bool = False


def unwrap(words: Sequence[str | None]) -> Wrapped:
    """The place of the program that a command runs in the end (0 where nothing wraps it)."""
    at, last_only = 0, False
    while at < len(words):
        program = (words[at] or "").rpartition("/")[2]
        if program == "busybox" and at + 1 < len(words):
            return Wrapped(at + 1, at, True, last_only)
        if program == "ip":
            following = _after_ip(words, at)
            if following is None:
                break
            at = following
            continue
        if program not in _WRAPPERS:
            break
        following = _after(words, at, program)
        if following is None:
            return Wrapped(0, 0)
        last_only = last_only or program == "exec"
        at = following
    if at >= len(words):
        return Wrapped(0, 0)
    return Wrapped(at, at, last_only=last_only)


def _after(words: Sequence[str | None], at: int, program: str) -> int | None:
    """The word after a wrapper's own options; ``None`` where that cannot be told."""
    at += 1
    while at < len(words):
        word = words[at]
        if word is None:
            return at  # a variable: perhaps the program itself
        if word in _OTHERWISE.get(program, ()):
            return None
        if word == "--":
            return at + 1
        if word.startswith("-"):
            at += 2 if word in _WRAPPERS[program] else 1
            continue
        if program in ("env", "sudo", "doas") and "=" in word:
            at += 1
            continue
        return at + 1 if program == "timeout" else at
    return None


def _after_ip(words: Sequence[str | None], at: int) -> int | None:
    """``ip netns exec NAME`` runs what follows."""
    head = [words[i] for i in range(at + 1, min(at + 3, len(words)))]
    if head == ["netns", "exec"] and len(words) > at + 4:
        return at + 4
    return None
