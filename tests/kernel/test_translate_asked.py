"""Old tools for devices that this kernel cannot make: what they ask the kernel for.

By what would be asked, not by what comes of it: the real old tool and the real `ip` (or the words
of the translation, where its program would speak netlink to a driver) run before a pretended
kernel, and it must hold the same after both.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, note

from iplab.legacy import Translation, translate
from iplab.legacy.words import strtoul
from tests.kernel import grammar, pretend
from tests.kernel.pretended import Card, Radio, Tunnel, Tunnels
from tests.kernel.snapshots import ENV
from tests.kernel.test_translate_fuzz import few

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(bool(pretend.why_not()), reason=pretend.why_not()),
    pytest.mark.skipif(not shutil.which("iptunnel"), reason="net-tools is not installed"),
]
CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "asked.yaml").read_text())


def lines(tool: str) -> list[Any]:
    """The cases of a tool: a line and what its translation is to claim."""
    return [
        pytest.param(f"{tool} {line}", verdict, id=f"{tool} {line}")
        for verdict, members in CASES[tool].items()
        for line in members
    ]


def claimed(found: Translation) -> str:
    """exact, inexact, refused, or nothing (the old tool fails, or does nothing)."""
    if found.reason is not None:
        return "refused"
    if not found.exact:
        return "inexact"
    return "nothing" if found.nothing else "exact"


# ---------------------------------------------------------------- iptunnel


def tunnels() -> Tunnels:
    """A gre, a keyed gre and an ipip tunnel, for each side anew."""
    here, there = 0x0A000001, 0xC0000202
    one = Tunnel("gre1", iph=(0x45, 0, 0, 0, 0x4000, 64, 47, 0, here, there))
    key = Tunnel(
        "tun7", 0, 0x2000, 0x2000, 7, 7, (0x45, 0, 0, 0, 0x4000, 9, 47, 0, here, there + 1)
    )
    two = Tunnel("ipip1", iph=(0x45, 0, 0, 0, 0x4000, 0, 4, 0, here, there))
    return Tunnels({t.name: t for t in (one, key, two)})


def both(line: str, found: Translation) -> tuple[Tunnels, Tunnels]:
    """The tunnels after the old tool and after the translation."""
    old, new = tunnels(), tunnels()
    inside = ["unshare", "--net"]  # whatever happens, not in this machine's own network
    pretend.run([*inside, *shlex.split(line)], old)
    for command in found.commands:
        pretend.run([*inside, *command], new)
    return old, new


@pytest.mark.parametrize(("line", "verdict"), lines("iptunnel"))
def test_iptunnel(line: str, verdict: str) -> None:
    found = translate(shlex.split(line))
    assert claimed(found) == verdict, found
    if verdict != "refused":
        old, new = both(line, found)
        assert old.held == new.held
        assert found.nothing == (old.held == tunnels().held), "it does nothing, or it does not"


@few(60)
@given(line=grammar.iptunnel_lines())
def test_iptunnel_made_up(line: str) -> None:
    found = translate(shlex.split(line))
    note(str(found))
    if found.exact and found.reason is None:
        old, new = both(line, found)
        assert old.held == new.held


# ---------------------------------------------------------------- mii-tool


@pytest.mark.parametrize(("line", "verdict"), lines("mii-tool"))
def test_mii_tool(line: str, verdict: str) -> None:
    """What the registers are told is what ethtool's words say (ethtool(8), linux/mii.h)."""
    found = translate(shlex.split(line))
    assert claimed(found) == verdict, found
    same_card(line, found)


@few(40)
@given(line=grammar.mii_tool_lines())
def test_mii_tool_made_up(line: str) -> None:
    found = translate(shlex.split(line))
    note(str(found))
    if found.reason is None:
        same_card(line, found)


def same_card(line: str, found: Translation) -> None:
    """A card does after the old tool what the translation's words say."""
    card = Card()
    pretend.run(shlex.split(line), card)
    if found.nothing:
        assert card == Card(), "it does something"
        return
    for command in found.commands:
        match command:
            case ("ethtool", "-s", "lo", "speed", speed, "duplex", duplex, "autoneg", "off"):
                assert (card.autoneg, card.speed, card.full) == (
                    False,
                    int(speed),
                    duplex == "full",
                )
            case ("ethtool", "-s", "lo", "autoneg", "on", "advertise", mask):
                assert (card.autoneg, card.advertised) == (True, int(mask, 16) << 5)
                assert card.restarts == 1
            case ("ethtool", "-r", "lo"):
                assert (card.autoneg, card.restarts, card.advertised) == (True, 1, 0x1E0)
            case ("ethtool", "lo"):
                assert card == Card(asked=True)
            case _:
                assert found.reason, command


# ---------------------------------------------------------------- iwconfig


def in_iw(asked: tuple[str, Any]) -> tuple[str, ...]:
    """A request as `iw dev wlan0 …` has it, by what net/wireless/wext-compat.c makes of it."""
    match asked:
        case "mode", number:
            return ("set", "type", {1: "ibss", 2: "managed", 6: "monitor"}[number])
        case "freq", number if number < 1000:
            return ("set", "channel", str(number))
        case "freq", number:
            return ("set", "freq", str(number // 10**6))
        case "essid", name:
            return ("connect", name.rstrip(b"\0").decode())
        # Of `power off` iwconfig fills in `disabled` alone; the rest is what its stack held, and
        # the kernel looks at nothing else then (cfg80211_wext_siwpower).
        case "power", (_, _, 1, _):
            return ("set", "power_save", "off")
        case "power", (_, _, 0, 0):
            return ("set", "power_save", "on")
        case "txpower", (value, fixed, 0, 0) if value >= 0:
            return ("set", "txpower", "fixed" if fixed else "limit", str(100 * value))
        case "txpower", (-1, 0, 0, 0):
            return ("set", "txpower", "auto")
    raise AssertionError(f"{asked} has no words in iw")


@pytest.mark.skipif(not shutil.which("iwconfig"), reason="wireless-tools is not installed")
@pytest.mark.parametrize(("line", "verdict"), lines("iwconfig"))
def test_iwconfig(line: str, verdict: str) -> None:
    found = translate(shlex.split(line))
    assert claimed(found) == verdict, found
    if verdict != "refused":
        assert list(found.commands) == in_iws_words(line)


@pytest.mark.skipif(not shutil.which("iwconfig"), reason="wireless-tools is not installed")
@few(60)
@given(line=grammar.iwconfig_lines())
def test_iwconfig_made_up(line: str) -> None:
    found = translate(shlex.split(line))
    note(str(found))
    if found.reason is None:
        assert list(found.commands) == in_iws_words(line)


def in_iws_words(line: str) -> list[tuple[str, ...]]:
    """What the real iwconfig asks for, as commands of iw."""
    radio = Radio()
    pretend.run(shlex.split(line), radio)
    return [("iw", "dev", "wlan0", *in_iw(asked)) for asked in radio.asked]


# ---------------------------------------------------------------- vconfig


def executed(line: str) -> list[list[str]]:
    """What `ip` is told by a shell script such as Debian's vconfig, by strace."""
    how = ["unshare", "--net", "strace", "-f", "-qq", "-s", "1000", "-e", "trace=execve"]
    done = subprocess.run([*how, *shlex.split(line)], capture_output=True, text=True, env=ENV)
    calls = re.findall(r'execve\("[^"]*/ip", (\[.*?\]), 0x', done.stderr)
    return [["ip", *json.loads(call)[1:]] for call in calls]


def plain(argv: Sequence[str]) -> list[str]:
    """`ip`'s words without `dev`, which may be left out, and the id as the number it is to C."""
    words = [word for word in argv if word != "dev"]
    if "id" in words:
        number, _ = strtoul(words[-1])
        words[-1] = str(number)
    return words


@pytest.mark.skipif(
    not (shutil.which("vconfig") and shutil.which("strace")), reason="vlan or strace is not here"
)
@pytest.mark.parametrize(("line", "verdict"), lines("vconfig"))
def test_vconfig(line: str, verdict: str) -> None:
    found = translate(shlex.split(line))
    assert claimed(found) == verdict, found
    if verdict in ("exact", "inexact"):
        assert [plain(argv) for argv in found.commands] == [plain(a) for a in executed(line)]
    elif verdict == "nothing":
        assert subprocess.run(["unshare", "--net", *shlex.split(line)], env=ENV).returncode
