"""Shapes that scripts have around the old tools, and what they mean as a whole.

Each was run beside the old one (tests/kernel/test_scripts.py).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from iplab.legacy.answer import Translation
from iplab.legacy.bash import Pipeline
from iplab.legacy.holes import Filled
from iplab.legacy.shell import Word

_IFCONFIG_OPTIONS = {"-a", "-s", "-v"}


def reads(words: Sequence[str | None]) -> bool:
    """Whether an old tool's line only shows something.  ``None`` is a word of unknown value."""
    tool, rest = words[0], list(words[1:])
    operands = [word for word in rest if word is None or not word.startswith("-")]
    if tool == "ifconfig":
        return len(operands) <= 1 and all(w in _IFCONFIG_OPTIONS for w in rest if w not in operands)
    if tool == "route":
        return not {"add", "del", "delete", "flush"} & set(rest)
    if tool == "arp":
        return not any(re.match(r"-[A-Za-z]*[sdf]|--(set|del|file)", w or "") for w in rest)
    if tool == "brctl":
        return bool(rest) and rest[0] in ("show", "showmacs", "showstp")
    if tool in ("iptunnel", "ipmaddr"):
        return not rest or rest[0] in ("show", "list")
    if tool in ("iwconfig", "mii-tool"):
        return len(operands) <= 1 and not any(w and w != "-v" for w in rest if w not in operands)
    return tool in ("netstat", "iwlist")


def asks_for_device(words: Sequence[Word]) -> Filled | None:
    """``ifconfig X >/dev/null``: only whether there is such a device.

    Not for an alias: ``ifconfig eth0:9`` shows its parent and succeeds.
    """
    values = [word.value for word in words]
    if values[0] != "ifconfig" or len(words) != 2 or (values[1] or "").startswith("-"):
        return None
    legacy, written, notes = _device(words[1])
    if ":" in written:
        return None
    return _one(legacy, ("ip", "link", "show", "dev", written), notes, exact=not notes)


def drains_default(words: Sequence[Word], body: str) -> Filled | None:
    """``while route del default gw 0.0.0.0 dev X; do :; done``: every default route of a device.

    Checked by experiment: what is left is what ``ip route flush`` leaves.
    """
    if body not in (":", "true"):
        return None
    values = [word.value for word in words]
    rest = values[1:]
    if rest[:1] not in (["del"], ["delete"]):
        return None
    rest = rest[1:]
    if rest[:1] == ["default"]:
        rest = rest[1:]
    elif rest[:4] == ["-net", "0.0.0.0", "netmask", "0.0.0.0"]:
        rest = rest[4:]
    else:
        return None
    if rest[:2] == ["gw", "0.0.0.0"]:
        rest = rest[2:]
    flush = ("ip", "-4", "route", "flush", "exact", "default")
    if not rest:
        return _one("while route del default", (*flush, "type", "unicast"), (), exact=True)
    if rest[0] != "dev" or len(rest) != 2:
        return None
    legacy, written, notes = _device(words[-1])
    command = (*flush, "dev", written, "type", "unicast")
    return _one(f"while route del default dev {legacy}", command, notes, exact=not notes)


def listens(pipeline: Pipeline, words: Sequence[Word]) -> Filled | None:
    """``netstat -tlnp | grep :8080``: who listens on a port, for a person or as a question.

    Only where no program reads the lines, since those of `ss` look otherwise.
    """
    last = pipeline.stages[-1]
    if len(pipeline.stages) != 2 or last is None or last.words[0].value not in _GREPS:
        return None
    letters = "".join((word.value or "?").removeprefix("-") for word in words[1:])
    if not re.fullmatch(r"[tulnp]+", letters) or not {"l", "n"} <= set(letters):
        return None
    options = [word.value for word in last.words[1:-1]]
    quiet = options == ["-q"] or last.place.read_by == "null"
    if options not in ([], ["-q"], ["-w"]) or last.place.read_by not in ("", "null"):
        return None
    pattern = "".join(piece.text for piece in last.words[-1].pieces)
    bare = re.fullmatch(r"\d{2,5}|(?i:\$\w*port\w*|\$\{\w*port\w*\})", pattern) is not None
    pattern = f":{pattern}" if bare else pattern
    port = re.fullmatch(r":(\d{1,5}|\$\w+|\$\{\w+\})(?: |\\b|\\>)?", pattern)
    if port is None or any(tail for tail in pipeline.tails[:1]):
        return None
    condition = f"'sport = :{port[1]}'" if port[1].isdigit() else f'"sport = :{port[1]}"'
    ending = " | grep -q ." if quiet else " | grep ." if pipeline.place.status else ""
    command = f"ss -H{letters} {condition}{ending}"
    notes = ["the old pattern also took ports that begin with the same digits"]
    if bare:
        notes = [f"the old pattern also took any other line with {port[1]} in it"]
    if not quiet:
        notes.append("ss has other columns than netstat")
    translation = Translation("", (("sh", "-c", command),), False, False, tuple(notes), None)
    return Filled(translation, ((command,),))


def asks_for_name(pipeline: Pipeline, words: Sequence[Word]) -> Filled | None:
    """``brctl show | grep -q br0``, ``ifconfig | grep -q tun0``: is there a device of that name?

    Only as a question, and only of what can be a device's name: the names alone are then looked at.
    """
    last = pipeline.stages[-1]
    if len(pipeline.stages) != 2 or last is None or last.words[0].value not in _GREPS:
        return None
    options = [word.value for word in last.words[1:-1]]
    quiet = any("q" in (o or "") for o in options) or last.place.read_by == "null"
    if (
        not quiet
        or len(last.words) < 2
        or not all(o in ("-q", "-w", "-qw", "-wq") for o in options)
    ):
        return None
    silenced = pipeline.tails[0]
    if silenced not in ("", "2>/dev/null"):
        return None
    listing = _listing(words, f" {silenced}".rstrip())
    pattern = last.words[-1]
    if listing is None or not all(p.literal or p.name for p in pattern.pieces):
        return None
    if pattern.value is not None and not re.fullmatch(r"[a-z][\w-]*\d", pattern.value):
        return None
    text = "".join(p.text for p in pattern.pieces)
    if text in ("".join(p.text for p in word.pieces) for word in words[1:]):
        return None  # `brctl show br0 | grep br0`: the bridge itself
    written = shlex.quote(text) if pattern.value is not None else f'"{text}"'
    which = "-qw" if any("w" in (o or "") for o in options) else "-q"
    command = f"{listing} | grep {which} {written}"
    notes = ["looks at devices' names alone; the old pattern took all that was printed"]
    if pattern.value is None:
        notes.append(f"takes {text} as one device name (and no alias such as eth0:1)")
    translation = Translation("", (("sh", "-c", command),), False, False, tuple(notes), None)
    return Filled(translation, ((command,),))


def _listing(words: Sequence[Word], silenced: str) -> str | None:
    """What lists the names of the devices that the old command prints."""
    values = [word.value for word in words]
    if values == ["brctl", "show"]:
        names = r"'s/^[0-9]*: \([^@:]*\).* bridge\(_slave\)\? .*/\1/p'"
        return f"ip -d -o link{silenced} | sed -n {names}"
    if values[:2] == ["brctl", "show"] and len(values) == 3:
        _, written, _ = _device(words[2])
        listing = f"ip -br link show master {written}"
    elif values == ["ifconfig"]:
        listing = "ip -br link show up"
    elif values == ["ifconfig", "-a"]:
        listing = "ip -br link"
    else:
        return None
    return f"{listing}{silenced} | sed 's/[@ ].*//'"


_GREPS = ("grep", "egrep", "fgrep")


def _device(word: Word) -> tuple[str, str, tuple[str, ...]]:
    """A device word: as text, as written for the shell, and what is assumed of it."""
    text = "".join(piece.text for piece in word.pieces)
    if word.value is not None:
        return text, text, ()
    return text, f'"{text}"', (f"takes {text} as one device name (and no alias such as eth0:1)",)


def _one(legacy: str, command: tuple[str, ...], notes: tuple[str, ...], *, exact: bool) -> Filled:
    bare = tuple(word.strip('"') for word in command)
    return Filled(Translation(legacy, (bare,), exact, False, notes, None), (command,))
