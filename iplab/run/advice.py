"""What to try, by the words that a program or the kernel said."""

from __future__ import annotations

_TUN = "sudo chmod 0666 /dev/net/tun   (udev does so where it runs)"

# The first whose words were said; `open:` is `ip tuntap`, the path slirp4netns.
_ADVICE = (
    (("open: Permission denied", "/dev/net/tun"), _TUN),
    (
        ("Unknown device type", "Operation not supported"),
        "this kernel lacks it: iplab doctor",
    ),
    (
        ("kind is unknown",),
        "this kernel lacks netem (delay, jitter, loss): iplab doctor; rate alone needs only tbf",
    ),
    (("Operation not permitted", "Permission denied"), "run iplab as root"),
)


def advice(said: str) -> str:
    """What mends what ``said`` tells of; empty where nothing is known."""
    return next((what for words, what in _ADVICE if any(w in said for w in words)), "")
