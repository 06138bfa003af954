"""Old tools that a script names where they cannot be rewritten: strings, heredocs, questions,
and words that another program is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iplab.legacy.bash import Command, Script
from iplab.legacy.looks import looks_like_command
from iplab.legacy.shell import Piece
from iplab.legacy.wrapped import unwrap

_RUNS_TEXT = {
    "sh": "a shell is given it as text",
    "bash": "a shell is given it as text",
    "dash": "a shell is given it as text",
    "su": "another shell is given it as text",
    "eval": "`eval` runs a text",
    "ssh": "it runs on another machine",
    "trap": "`trap` is given it as text",
    "xargs": "`xargs` makes up its words when it runs",
    "parallel": "`parallel` makes up its words when it runs",
    "find": "`find` makes up its words when it runs",
    "watch": "`watch` runs it again and again",
    "chroot": "it runs in another root, which may lack iproute2",
    "docker": "it runs in a container, which may lack iproute2",
    "podman": "it runs in a container, which may lack iproute2",
    "kubectl": "it runs in a container, which may lack iproute2",
    "lxc-attach": "it runs in a container, which may lack iproute2",
    "adb": "it runs on another machine",
    "vagrant": "it runs on another machine",
    "coproc": "it runs beside the script",
    "alias": "an alias is made of it",
}
_ASKS = {"which", "type", "hash", "whereis", "command", "dpkg", "rpm"}
# Programs that run no words of theirs, and some that have a `route` or an `arp` of their own.
_RUNS_NOTHING = {
    *("ip", "bridge", "tc", "nft", "iptables", "ip6tables", "ebtables", "arptables", "nmcli"),
    *("netsh", "vtysh", "logger", "tcpdump", "tshark", "batctl", "man", ":"),
    *("echo", "printf", "grep", "egrep", "fgrep", "pgrep", "pkill", "killall"),
}


def in_command(command: Command, tools: frozenset[str]) -> str | None:
    """Why a command that names an old tool among its words is left; ``None``: it names none."""
    values = [word.value for word in command.words]
    wrapped = unwrap(values)
    name = (values[wrapped.at] or "").rpartition("/")[2]
    rest = command.words[wrapped.at + 1 :]
    if name in _ASKS or (name == "exec" and len(values) > 1):
        if any((word.value or "").rpartition("/")[2] in tools for word in rest):
            return "it asks where the old tool is"
        return None
    if name in ("echo", "printf") and command.place.read_by in ("file", "pipe"):
        if any(_begins_with_command(word.pieces, tools) for word in rest):
            return "it is written down for something else to run"
        return None
    why = _RUNS_TEXT.get(name)
    texts = [_text(word.pieces) for word in rest]
    if name == "alias":
        texts = [text.partition("=")[2] for text in texts]
    # (A word alone, as in `ssh host ip route`, is looked at with those around it.)
    if why and any(runs(text, tools) for text in texts if name == "alias" or " " in text.strip()):
        return why
    at = _among_words(values, tools, bare=why is not None) if name not in _RUNS_NOTHING else None
    if at is None or (
        at and command.name == "find" and not any("exec" in (v or "") for v in values)
    ):
        return None
    if at == 0:
        return f"what {command.name} is cannot be known here"
    if values[at] == "route" and re.search(r"(?i)ip", command.name):
        return None  # `$IP route add …`
    return why or f"it is given to {command.name}, which may run it"


def _among_words(values: Sequence[str | None], tools: frozenset[str], *, bare: bool) -> int | None:
    """Which word is an old tool: ``run ifconfig eth0 up``, ``*/5 * * * * root route add …``.

    ``bare``: it may stand there without arguments (but for `route` and `arp`, which are words too).
    """
    for at, value in enumerate(values):
        if (value or "").rpartition("/")[2] == "ip":
            return None  # `run ip route add …`
        tool = value or ""
        if at == 0:  # `@ifconfig` of a Makefile, `::sysinit:/sbin/ifconfig` of an inittab
            tool = re.sub(r"^(?:[-@+]+|\S*:)", "", tool)
        tool = tool.rpartition("/")[2]
        if tool in tools:
            rest = [word or "$x" for word in values[at + 1 :]]
            iproute2 = tool == "route" and "via" in rest
            said = (rest or bare) and looks_like_command(" ".join([tool, *rest]))
            return at if said and not iproute2 else None
    return None


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text if piece.literal else "$x" for piece in pieces)


def _begins_with_command(pieces: Sequence[Piece], tools: frozenset[str]) -> bool:
    """Whether what a word holds is a command line of an old tool's."""
    text = _text(pieces)
    found = _command_pattern(tools).match(text)
    return found is not None and len(text.split()) > 1 and looks_like_command(text)


def outside_commands(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """Old tools that no command of the script names: (byte, text, why it is left)."""
    for found, why in (
        (_in_heredocs, "it stands in a text that something else reads"),
        (_in_units, "systemd runs it, and no shell"),
        (_in_tests, "it asks whether the old tool is there"),
    ):
        for at, text in found(script, tools):
            yield at, text, why


def _in_units(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str]]:
    """``ExecStart=/sbin/ifconfig eth0 up`` of a systemd unit: (byte, text)."""
    if b"[Service]" not in script.source:
        return
    pattern = re.compile(rf"^Exec\w+=[-@:+!]*(?:/\S*/)?(?:{_names(tools)})[ \t].*", re.M)
    text = script.text(0, len(script.source))
    for found in pattern.finditer(text):
        yield len(text[: found.start()].encode("utf-8", "surrogateescape")), found[0]


def variables_run(command: Command) -> Iterator[str]:
    """The variables that a command begins with, or that it hands on as a text to run."""
    wrapped = unwrap([word.value for word in command.words])
    head = command.words[wrapped.at]
    name = (head.value or "").rpartition("/")[2]
    for word in command.words[wrapped.at + 1 :] if name in _RUNS_TEXT else (head,):
        if word.pieces and not word.pieces[0].literal:
            yield from re.findall(r"^\$\{?(\w+)", word.pieces[0].text)


def begins(text: str, tools: frozenset[str]) -> bool:
    """Whether a text begins with an old tool, as a command does."""
    return _command_pattern(tools).match(text) is not None


def runs(text: str, tools: frozenset[str]) -> bool:
    """Whether a text that a shell may run has an old tool where a command begins."""
    return _command_pattern(tools).search(text) is not None


def _in_heredocs(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Lines of heredocs that begin with an old tool: (byte, text)."""
    pattern = _command_pattern(tools)
    for start, end in script.heredocs:
        at = start
        for line in script.source[start:end].splitlines(keepends=True):
            text = line.decode("utf-8", "surrogateescape").strip()
            text = _HOOK.sub("", text)
            if pattern.match(text):
                yield at, text
            at += len(line)


def _in_tests(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str]]:
    """``[ -x /sbin/ifconfig ]``: (byte, text)."""
    pattern = re.compile(rf"/(?:{_names(tools)})(?=[\"'\s\]])")
    for start, end in script.tests:
        text = script.text(start, end)
        if pattern.search(text):
            yield start, text


_HOOK = re.compile(r"^(?:pre-|post-)?(?:up|down)\s+")  # of interfaces(5)
_patterns: dict[frozenset[str], re.Pattern[str]] = {}


def _command_pattern(tools: frozenset[str]) -> re.Pattern[str]:
    if tools not in _patterns:
        _patterns[tools] = re.compile(
            r"(?:^|[;&|({`!]|\b(?:sudo|do|then|else|exec|busybox|if|while|until|elif)\s)\s*"
            rf"(?:/usr)?(?:/s?bin/)?(?:{_names(tools)})(?=\s+[-\w$\"'/{{.]|\s*(?:$|[;|&>)`]))",
            re.M,
        )
    return _patterns[tools]


def _names(tools: Sequence[str] | frozenset[str]) -> str:
    return "|".join(re.escape(tool) for tool in sorted(tools))
