"""What `ip address`, `ip link`, `ip route` and `ip neighbour` print, field by field in people's
words; with `-brief`, `-oneline`, `-details` and `-json`, too."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from iplab.errors import IplabError
from iplab.iproute2 import output_counts, output_details, output_json, output_routes
from iplab.messages import Messages, texts

_HEAD = re.compile(r"(\d+): ([^\s:@]+)(?:@([^\s:]+))?: <([^>]*)>(.*)")
_ONELINE = re.compile(r"(\d+): (\S+)\s+(inet6? .*)")
_BRIEF = re.compile(
    r"([^\s@]+)(?:@(\S+))?\s+"
    r"(UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|TESTING|NOTPRESENT)(?:\s+(.*))?$"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}$")


class Field(Struct, frozen=True):
    """Some words of the output and what they mean."""

    text: str
    meaning: str


class Device(Struct):
    """A device of the output (or a route, a neighbour: ``what``): the lines that are about it, and
    their fields."""

    name: str
    lines: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    what: str = "device"

    def json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            self.what: self.name,
            "fields": [{"text": f.text, "meaning": f.meaning} for f in self.fields],
        }


def looks_like(text: str) -> bool:
    """Whether a text is such output, and not a command."""
    return any(_opens(line) for line in _lines(text)[:5])


def read(text: str, messages: Messages) -> list[Device]:
    """The devices of the output.

    Raises ``IplabError`` where it is nothing of what is read here.
    """
    say = _Say(messages)
    found: list[Device] = []
    lines = _lines(text)
    counted = -1  # the line of numbers that was read together with its header
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        device = _open(line, following, say)
        if device is None and not line[:1].isspace():
            device = _table(line, say)
        if device is not None:
            if (
                found and found[-1].name == device.name and device.what == "device"
            ):  # `ip -o` says the name in each line
                found[-1].lines += device.lines
                found[-1].fields += device.fields
            else:
                found.append(device)
        elif line.strip() and found:
            found[-1].lines.append(line)
            if number == counted:
                continue
            if fields := list(output_counts.counters(line, following, say)):
                found[-1].fields += fields
                counted = number + 1
            elif found[-1].what == "route":
                found[-1].fields += output_routes.route(line, say)
            else:
                found[-1].fields += _inner(line.split(), say)
    if not found:
        raise IplabError(
            "this is not what `ip address`, `ip link`, `ip route` or `ip neighbour` prints",
            hint="ip address | iplab explain -",
        )
    return found


def _lines(text: str) -> list[str]:
    """The lines without colour; those of `ip -o` are cut at their backslashes."""
    plain = _COLOUR.sub("", text)
    return output_json.lines(plain) or plain.replace("\\", "\n").splitlines()


def _opens(line: str) -> bool:
    if any(form.match(line) for form in (_HEAD, _ONELINE, _BRIEF)):
        return True
    return output_routes.is_neighbour(line) or output_routes.is_route(line)


def _table(line: str, say: _Say) -> Device | None:
    """The line of a routing or neighbour table, if it is one."""
    if output_routes.is_neighbour(line):
        fields = list(output_routes.neighbour(line, say))
        return Device(line.split()[0], [line], fields, "neighbour")
    if output_routes.is_route(line):
        fields = list(output_routes.route(line, say))
        return Device(fields[0].text, [line], fields, "route")
    return None


class _Say(Struct, frozen=True):
    messages: Messages

    def __call__(self, text: str, area: str, key: str, **values: str) -> Field:
        there = texts("en", "output")[area]
        # A word of the line may be called like a key that tells a value, and have none.
        fits = (
            k
            for k in (key, key.partition("-")[0])
            if k in there and ("value" in values or "{{ value" not in there[k])
        )
        known = next(fits, "other")
        meaning = self.messages.find("output", area, known, values)
        return Field(text, meaning or "")


def _open(line: str, following: str, say: _Say) -> Device | None:
    """The device that a line begins with, if it does."""
    if head := _HEAD.match(line):
        number, name, peer, flags, rest = head.groups()
        device = Device(name, [line], [say(f"{number}:", "field", "number")])
        device.fields += _name(name, peer, following, say)
        device.fields += [say(flag, "flag", flag) for flag in flags.split(",") if flag]
        device.fields += _pairs(rest.split(), say)
        return device
    if one := _ONELINE.match(line):
        number, name, rest = one.groups()
        device = Device(name, [line], [say(f"{number}:", "field", "number")])
        device.fields += [*_name(name, None, "", say), *_inner(rest.split(), say)]
        return device
    if brief := _BRIEF.match(line):
        name, peer, state, rest = brief.groups()
        device = Device(name, [line], _name(name, peer, "", say))
        device.fields.append(say(state, "state", state))
        # An address with its peer is three words: 10.0.0.1 peer 10.0.0.2/32.
        for word in re.sub(r" peer (?=\S)", "|", rest or "").split():
            device.fields += _brief_word(word, say)
        return device
    return None


def _name(name: str, peer: str | None, following: str, say: _Say) -> list[Field]:
    if peer is None:
        return [say(name, "field", "name")]
    text = f"{name}@{peer}"
    if peer == "NONE":
        return [say(text, "field", "peer_none", name=name)]
    if not re.fullmatch(r"if\d+", peer):
        return [say(text, "field", "peer_here", name=name, peer=peer)]
    number = peer[2:]
    if found := re.search(r"link-netns (\S+)", following):
        return [say(text, "field", "peer_named", name=name, number=number, netns=found[1])]
    if found := re.search(r"link-netnsid (\d+)", following):
        return [say(text, "field", "peer_id", name=name, number=number, nsid=found[1])]
    return [say(text, "field", "peer_unknown", name=name, number=number)]


def _brief_word(word: str, say: _Say) -> Iterator[Field]:
    if word.startswith("<"):
        for flag in word.strip("<>").split(","):
            yield say(flag, "flag", flag)
    elif _MAC.match(word):
        yield say(word, "link", "ether")
    elif "/" in word:
        local, _, peer = word.partition("|")
        words = ["inet6" if ":" in local else "inet", local]
        yield from _inner([*words, "peer", peer] if peer else words, say)


def _pairs(words: list[str], say: _Say) -> Iterator[Field]:
    """``mtu 1500 qdisc noqueue state UP …``"""
    rest = iter(words)
    for word in rest:
        value = next(rest, "")
        text = f"{word} {value}".strip()
        if word == "state":
            yield say(text, "state", value)
        elif word in ("mtu", "qdisc", "master", "group", "qlen", "mode"):
            yield say(text, "field", word, value=value)
        else:
            yield say(text, "field", "detail")


def _inner(words: list[str], say: _Say) -> list[Field]:
    """A line below a device's first."""
    first = words[0] if words else ""
    if first.startswith("link/"):
        return list(_link(words, say))
    if first in ("inet", "inet6") and len(words) > 1:
        return list(_address(words, say))
    if first == "valid_lft":
        return [
            say(f"{words[n]} {words[n + 1]}", "field", words[n], value=words[n + 1])
            for n in range(0, len(words) - 1, 2)
            if words[n] in ("valid_lft", "preferred_lft")
        ]
    if first in ("alias", "altname"):
        return [say(" ".join(words), "field", first)]
    return list(output_details.details(words, say))


def _link(words: list[str], say: _Say) -> Iterator[Field]:
    kind = words[0].partition("/")[2]
    value = words[1:2] if kind != "none" else []
    yield say(" ".join([words[0], *value]), "link", kind)
    rest = iter(words[1 + len(value) :])
    more = []
    for word in rest:
        if word in ("brd", "permaddr"):
            yield say(f"{word} {next(rest, '')}", "link", word)
        elif word in ("link-netns", "link-netnsid"):
            netns = next(rest, "")
            yield say(f"{word} {netns}", "field", word.replace("-", "_"), value=netns)
        else:
            more.append(word)
    yield from output_details.details(more, say)


def _address(words: list[str], say: _Say) -> Iterator[Field]:
    family, text = words[0], words[1]
    marks = texts("en", "output")["mark"]
    rest = words[2:]
    peer = rest[1] if rest[:1] == ["peer"] and len(rest) > 1 else None
    try:
        whole = ipaddress.ip_interface(peer or text)
        alone = whole.network.num_addresses == 1
        yield say(
            f"{family} {text}", "address", "alone" if alone else family, network=str(whole.network)
        )
    except ValueError:
        yield say(f"{family} {text}", "field", "detail")
    position = 0
    while position < len(rest):
        word, value = rest[position], (rest[position + 1 : position + 2] or [""])[0]
        position += 2
        if word in ("peer", "brd", "metric"):
            yield say(f"{word} {value}", "address", word)
        elif word == "scope":
            yield say(f"{word} {value}", "scope", value, example=text.partition("/")[0])
        else:
            position -= 1
            area = "mark" if word in marks else "address"
            yield say(word, area, word if word in marks else "label")
