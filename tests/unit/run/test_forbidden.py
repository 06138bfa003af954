"""Where user namespaces are not to be had: the setting and the command that changes it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from iplab.errors import IplabError
from iplab.run import sandbox

SETTINGS = {
    "user/max_user_namespaces": ("0", "sudo sysctl -w user.max_user_namespaces=10000"),
    "kernel/unprivileged_userns_clone": ("0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",  # Ubuntu 24.04
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which unshare(1) fails, its /proc/sys to be filled by the test."""

    def refused(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        said = "unshare: write failed /proc/self/uid_map: Operation not permitted\n"
        return subprocess.CompletedProcess(argv, 1, "", said)

    def path(name: str) -> Path:
        return tmp_path / name.removeprefix("/proc/sys/")

    monkeypatch.setattr("iplab.run.sandbox.subprocess.run", refused)
    monkeypatch.setattr("iplab.run.sandbox.Path", path)
    for name, (value, _) in SETTINGS.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("1\n" if value == "0" else "0\n")
    return tmp_path


@pytest.mark.parametrize("name", SETTINGS)
def test_the_setting_and_the_command_are_named(machine: Path, name: str) -> None:
    value, mend = SETTINGS[name]
    (machine / name).write_text(f"{value}\n")
    setting = name.replace("/", ".")
    assert sandbox.forbidden() == (f"{setting} = {value} forbids user namespaces", mend)
    with pytest.raises(IplabError) as error:
        sandbox._must_be_allowed()
    assert error.value.message == f"no sandbox: {setting} = {value} forbids user namespaces"
    assert error.value.hint == mend


def test_in_a_container_no_setting_says_so(machine: Path) -> None:
    found = sandbox.forbidden()
    assert found is not None
    assert "write failed /proc/self/uid_map: Operation not permitted" in found[0]
    assert "seccomp" in found[0]
    assert "--security-opt seccomp=unconfined" in found[1]
