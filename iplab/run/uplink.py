"""A sandbox's way to the internet: a program of this user's own that passes packets on."""

from __future__ import annotations

import os
import socket
import subprocess
import time

from iplab.errors import IplabError
from iplab.run.failed import advice
from iplab.run.machine import environment, find_program, program

UPLINK = "tap0"  # the device by which a sandbox's host reaches the internet
# "$@" runs until it ends or the holder does (its stdin is the other end of the holder's pipe).
# What waits for that holds nobody's stderr open: who reads the program's would wait as well.
_WHILE_HELD = (
    'exec 3<&0 </dev/null; "$@" 3<&- & p=$!; '
    '(cat <&3; kill "$p") >/dev/null 2>&1 & w=$!; wait "$p"; code=$?; kill "$w"; exit "$code"'
)
PATIENCE = 10.0  # seconds it may take to come up


def connected() -> bool:
    """From inside: whether the sandbox's host has its uplink."""
    return any(name == UPLINK for _, name in socket.if_nameindex())


def connect(holder: int) -> None:
    """Give a sandbox's host, by its holder's process number, an uplink: a device `tap0`.

    Behind it a program of this user's own, slirp4netns(1) or pasta(1), passes its packets on as
    ordinary sockets.  Once is enough.
    Raises ``IplabError`` where neither program is installed, or it does not come up.
    """
    into = ["nsenter", "--target", str(holder), "--user", "--net", "--preserve-credentials"]
    there = subprocess.run(
        [*into, "--", "ip", "link", "show", "dev", UPLINK],
        executable=program("nsenter"),
        capture_output=True,
        env=environment(),
        check=False,
    )
    if there.returncode == 0:
        return
    argv = [program(word) if n == 0 else word for n, word in enumerate(_words(holder))]
    life = os.open(f"/proc/{holder}/fd/0", os.O_RDONLY)  # see sandbox._HOLD
    process = subprocess.Popen(
        ["sh", "-c", _WHILE_HELD, "sh", *argv],
        executable=program("sh"),
        stdin=life,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        env=environment(),
        start_new_session=True,
    )
    os.close(life)
    until = time.monotonic() + PATIENCE
    show = [*into, "--", "ip", "-4", "route", "show", "default"]
    while time.monotonic() < until and process.poll() in (None, 0):
        out = subprocess.run(
            show, executable=program("nsenter"), capture_output=True, env=environment(), check=False
        ).stdout
        if out.strip():
            return
        time.sleep(0.02)
    said = ""
    if process.poll() is not None and process.stderr:
        said = process.stderr.read().decode(errors="replace").strip()
    else:
        process.kill()
    why = said or "it does not come up"
    raise IplabError(f"{argv[0]} gave the sandbox no uplink: {why}", hint=advice(said))


def _words(holder: int) -> list[str]:
    if find_program("slirp4netns"):
        # The machine's own loopback stays out of reach.
        quiet = ["--configure", "--disable-host-loopback"]
        return ["slirp4netns", *quiet, str(holder), UPLINK]
    if find_program("pasta"):
        spaces = [f"--userns=/proc/{holder}/ns/user", f"--netns=/proc/{holder}/ns/net"]
        return [
            "pasta",
            "--config-net",
            f"--ns-ifname={UPLINK}",
            "--quiet",
            "--foreground",
            *spaces,
        ]
    raise IplabError(
        "the lab wants an uplink, for which this machine lacks slirp4netns and pasta",
        hint="apt-get install slirp4netns",
    )
