"""A network of its own for one shell text: new network and mount namespaces, /run empty."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_PREPARE = (
    "mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys 2>/dev/null;"
    " mkdir -p /run/netns && ip link set dev lo up && "
)


def why_not() -> str | None:
    """Why this machine cannot run such a test, or ``None``."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [program for program in ("ip", "unshare") if not shutil.which(program)]
    return f"needs {', '.join(missing)}" if missing else None


def run(text: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What the shell text printed, inside; nothing of it is seen outside."""
    argv = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]
    return subprocess.run(
        [*argv, _PREPARE + "{ " + text + "\n}"],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=60,
    )  # fmt: skip
