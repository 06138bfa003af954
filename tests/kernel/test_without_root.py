"""Without root: labs in sandboxes of an ordinary user.

The tests may run as root, so "an ordinary user" is made here: a user namespace in which this user
is 1000, without any capability.  From there on everything is as for anybody.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iplab import lab as labs
from iplab.cli.common import _wants_uplink
from tests.kernel.sandbox import why_no_tun

pytestmark = pytest.mark.kernel
ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NOBODY_ELSE = 1_000_000_000 + os.getpid()  # a user's number that no one has here


def starter_lab(name: str, directory: Path) -> tuple[str]:
    """A starter's file in ``directory``, as the words for a command line."""
    filename, text = labs.starter_text(name)
    (directory / filename).write_text(text)
    return (filename,)


class User:
    """An ordinary user with a home and a runtime directory.

    One process (`cat`) keeps the user namespace in which this user is one.
    """

    def __init__(self, home: Path, number: int = 1000) -> None:
        become = ("unshare", "--user", f"--map-user={number}", f"--map-group={number}")
        argv = [*become, "--", "sh", "-c", "echo ready; exec cat"]
        self.self = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.self.stdout is not None
        assert self.self.stdout.readline() == "ready\n"
        enter = ("nsenter", "--user", "--preserve-credentials", "--target", str(self.self.pid))
        self.become: tuple[str, ...] = (*enter, "--")
        self.home = home
        self.runtime = home / "runtime"
        self.runtime.mkdir(mode=0o700)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start `iplab WORDS`."""
        files = {"stdin": subprocess.DEVNULL} | dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        environment = dict(options.pop("env", os.environ))
        return subprocess.Popen(
            [*self.become, sys.executable, "-m", "iplab", *words],
            cwd=self.home,
            env=environment | {"XDG_RUNTIME_DIR": str(self.runtime), "HOME": str(self.home)},
            text=True,
            **{**files, **options},
        )

    def run(self, *words: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `iplab WORDS`; its exit code must be ``code``."""
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, f"{words}: {process.returncode}\n{out}{err}"
        return subprocess.CompletedProcess(words, code, out, err)

    def holders(self) -> dict[str, int]:
        """The sandboxes that run: name and holder."""
        found = json.loads(self.run("sandbox", "list", "--json").stdout)["sandboxes"]
        return {one["name"]: one["pid"] for one in found}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    trial = subprocess.run([*ORDINARY, "--", "unshare", "--user", "--net", "true"], check=False)
    if trial.returncode != 0:
        pytest.skip("this machine lets no ordinary user make user namespaces")
    somebody = User(tmp_path)
    yield somebody
    somebody.run("sandbox", "stop", "--all")
    somebody.self.communicate()


@pytest.mark.parametrize("starter", [name for name, _, _ in labs.starters()])
def test_every_starter_runs(user: User, starter: str) -> None:
    lab = starter_lab(starter, user.home)
    told = user.run("up", *lab, "--yes").stderr
    assert "not root: working in the sandbox 'default'" in told
    assert user.run("plan", *lab).stdout == ""
    user.run("check", *lab)
    user.run("down", *lab)
    assert user.holders() == {}
    assert list((user.runtime / "iplab").iterdir()) == []


def test_later_commands_find_it_and_nothing_of_the_machine_is_touched(user: User) -> None:
    before = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
    (lab,) = starter_lab("two-namespaces", user.home)
    user.run("up", lab, "--yes")
    assert user.run("exec", "ns1", "--", "sh", "-c", "exit 7", code=7).stdout == ""
    assert "veth → ns1:veth1" in user.run("show", lab).stdout
    assert json.loads(user.run("list", "--json").stdout)["labs"][0]["lab"] == "two-namespaces"
    after = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
    names = [[link["ifname"] for link in json.loads(text)] for text in (before, after)]
    assert names[0] == names[1]
    assert not Path("/run/netns/ns0").exists()
    user.run("down", lab)


def test_the_shell_is_offered_what_the_sandbox_has(user: User) -> None:
    def offered(words: str) -> list[str]:
        typed = {"_IPLAB_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "2"}
        return user.run(env=os.environ | typed).stdout.splitlines()

    (lab,) = starter_lab("two-namespaces", user.home)
    assert offered("iplab exec ") == ["plain,host"]
    assert offered("iplab down two") == ["file,two"]
    user.run("up", lab, "--yes")
    assert offered("iplab exec ") == ["plain,ns0", "plain,ns1", "plain,host"]
    assert offered("iplab down two") == ["file,two", "plain,two-namespaces"]


def test_several_side_by_side(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    user.run("up", lab, "--yes", "--sandbox=one")
    user.run("up", lab, "--yes", "--sandbox=two")
    assert set(user.holders()) == {"one", "two"}
    user.run("exec", "--sandbox=one", "ns0", "--", "ip", "link", "set", "veth0", "down")
    user.run("check", lab, "--sandbox=one", code=3)
    user.run("check", lab, "--sandbox=two")
    user.run("sandbox", "stop", "one")
    assert set(user.holders()) == {"two"}
    user.run("down", "--all", "--sandbox=two")
    assert user.holders() == {}


def test_killed_it_is_gone_without_a_trace(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    user.run("up", lab, "--yes")
    (holder,) = user.holders().values()
    os.kill(holder, 9)
    assert user.holders() == {}
    assert json.loads(user.run("list", "--json").stdout) == {"labs": []}
    user.run("up", lab, "--yes")
    user.run("down", lab)


def test_a_plan_alone_leaves_no_sandbox(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    assert "ip netns add ns0" in user.run("plan", lab, code=3).stdout
    assert user.holders() == {}


def test_a_failed_up_leaves_no_sandbox(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    words = user.home / "words"
    words.mkdir()
    (words / "set_up.j2").write_text("{{ ip }} link set {{ device }} upwards\n")
    told = user.run("up", lab, "--yes", "--templates", str(words), code=1).stderr
    assert "upwards" in told
    assert user.holders() == {}


def test_who_looks_does_not_end_a_sandbox_that_somebody_has_just_entered(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    up = user.start("up", "-", "--yes", stdin=subprocess.PIPE)  # it waits for the lab
    until = time.monotonic() + 20
    while not (user.runtime / "iplab" / "default.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    for _ in range(3):
        assert "no lab is up" in user.run("list").stderr
    assert set(user.holders()) == {"default"}
    _, err = up.communicate((user.home / lab).read_text(), timeout=60)
    assert up.returncode == 0, err
    assert user.run("list").stdout.startswith("two-namespaces  up")


def test_two_that_come_first_share_one_sandbox(user: User) -> None:
    names = [f"lab{n}" for n in range(4)]
    for name in names:
        (user.home / f"{name}.yaml").write_text(f"lab: {name}\nnodes: {{{name}-a: }}\n")
    for up in [user.start("up", f"{name}.yaml", "--yes") for name in names]:
        _, err = up.communicate(timeout=60)
        assert up.returncode == 0, err
    found = json.loads(user.run("list", "--json").stdout)["labs"]
    assert sorted(one["lab"] for one in found) == names


def test_a_holder_that_cannot_be_noted_does_not_stay(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    (user.runtime / "iplab" / "lonely.new").mkdir(parents=True, mode=0o700)
    (user.runtime / "iplab").chmod(0o700)
    user.run("up", lab, "--yes", "--sandbox=lonely", code=1)
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if _says(path, "lonely")]


def _says(environment: Path, name: str) -> bool:
    try:
        return f"IPLAB_SANDBOX={name}\0" in environment.read_text(errors="replace")
    except OSError:
        return False


def test_a_shell_left_open_does_not_keep_an_empty_sandbox(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    user.run("up", lab, "--yes")
    cat = user.start("exec", "host", "--", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert cat.stdin is not None
    assert cat.stdout is not None
    cat.stdin.write("there\n")
    cat.stdin.flush()
    assert cat.stdout.readline() == "there\n"
    user.run("down", lab)
    assert user.holders() == {}
    cat.communicate()


def test_a_reader_that_has_gone_leaves_no_empty_sandbox(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    user.run("up", lab, "--yes")
    far, near = os.pipe()
    os.close(far)
    user.run("down", "--json", lab, code=141, stdout=near)
    os.close(near)
    assert user.holders() == {}


def test_a_directory_that_is_gone_is_named(user: User) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    user.become = (*user.become, "sh", "-c", script, "sh")
    done = user.run("up", str(user.home / "lab.yaml"), "--yes", code=1)
    assert "the directory this runs in: No such file or directory" in done.stderr
    assert user.holders() == {}


def test_without_a_path_the_programs_are_found(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    user.become = (*user.become, "env", "PATH=")
    user.run("plan", lab, code=3)
    user.run("up", lab, "--yes")
    user.run("exec", "ns0", "--", "/bin/true")


def test_it_is_found_again_whatever_tmpdir_is(tmp_path: Path) -> None:
    """Without a runtime directory: of a user whom systemd gave none, or under cron or `su`."""
    user = User(tmp_path, NOBODY_ELSE)
    noted = Path(f"/tmp/iplab-{NOBODY_ELSE}")
    try:
        user.runtime = tmp_path / "none"
        (lab,) = starter_lab("two-namespaces", user.home)
        (tmp_path / "here").mkdir()
        user.run("up", lab, "--yes", env={**os.environ, "TMPDIR": str(tmp_path / "here")})
        (holder,) = user.holders()
        assert holder == "default"
        assert stat.S_IMODE(noted.stat().st_mode) == 0o700
        user.run("down", lab, env={**os.environ, "TMPDIR": str(tmp_path)})
        assert user.holders() == {}
        assert list((tmp_path / "here").iterdir()) == list(noted.iterdir()) == []
    finally:
        user.run("sandbox", "stop", "--all")
        user.self.communicate()
        noted.rmdir()


def test_where_user_namespaces_are_off_the_setting_is_named(user: User) -> None:
    (lab,) = starter_lab("two-namespaces", user.home)
    # It counts for the namespace it is set in and all below; setting it takes a capability.
    script = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        [*ORDINARY, "--keep-caps", "--", "sh", "-c", script, "sh",
         sys.executable, "-m", "iplab", "plan", lab],
        cwd=user.home,
        env={**os.environ, "XDG_RUNTIME_DIR": str(user.runtime)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "user.max_user_namespaces = 0 forbids user namespaces" in done.stderr
    assert "sudo sysctl -w user.max_user_namespaces=" in done.stderr


UPLINKED = """
lab: uplinked
uplink: true
links:
  - a:eth0: 10.66.0.2/24
    host:va: 10.66.0.1/24
nodes:
  host: {forward: true, masquerade: [10.66.0.0/24]}
  a: {routes: [default via 10.66.0.1]}
"""


def test_an_uplink_of_a_saved_plan_is_known_ahead(user: User) -> None:
    for name, text in (("with", UPLINKED), ("without", UPLINKED.replace("uplink: true", ""))):
        (user.home / "lab.yaml").write_text(text)
        user.run("plan", "lab.yaml", "-o", f"{name}.json", code=3)
        wanted = _wants_uplink({"lab": user.home / f"{name}.json", "settings": ()})
        assert wanted is (name == "with")


def test_an_uplink_of_a_lab_from_stdin_is_refused(user: User) -> None:
    (user.home / "lab.yaml").write_text(UPLINKED)
    with (user.home / "lab.yaml").open() as lab:
        told = user.run("up", "-", "--yes", code=1, stdin=lab).stderr
    assert "lab uplinked wants an uplink" in told
    assert "try: iplab up FILE" in told
    assert user.holders() == {}


def test_an_uplink_leads_out_and_ends_with_the_sandbox(user: User) -> None:
    if not shutil.which("slirp4netns", path="/usr/bin:/bin"):
        pytest.skip("slirp4netns is not here")
    if reason := why_no_tun():
        pytest.skip(reason)
    (user.home / "lab.yaml").write_text(UPLINKED)
    user.run("up", "lab.yaml", "--yes")
    # 10.0.2.2 is slirp4netns itself: no packet leaves this machine.
    user.run("exec", "a", "--", "ping", "-c", "1", "-W", "3", "10.0.2.2")
    (holder,) = user.holders().values()
    command = f"^[^ ]*/slirp4netns .* {holder} "
    found = subprocess.run(["pgrep", "-f", command], capture_output=True, check=True)
    helper = int(found.stdout)
    user.run("down", "lab.yaml")
    assert user.holders() == {}
    until = time.monotonic() + 5
    while Path(f"/proc/{helper}/cmdline").exists() and time.monotonic() < until:
        if not Path(f"/proc/{helper}/cmdline").read_bytes():
            break  # ended, and nobody has asked yet how
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{helper}").exists()


# iplab as it is where slirp4netns is not installed.
WITHOUT_SLIRP = """
from iplab.run import uplink
find = uplink.find_program
uplink.find_program = lambda name: None if name == "slirp4netns" else find(name)
from iplab.cli import main
main()
"""


def test_pasta_is_an_uplink_as_well(user: User) -> None:
    if not shutil.which("pasta", path="/usr/bin:/bin"):
        pytest.skip("pasta is not here (package passt)")
    if reason := why_no_tun():
        pytest.skip(reason)
    (user.home / "lab.yaml").write_text(UPLINKED)
    words = [*user.become, sys.executable, "-c", WITHOUT_SLIRP, "up", "lab.yaml", "--yes"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(user.runtime), "HOME": str(user.home)}
    done = subprocess.run(
        words, cwd=user.home, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    # The device and the way out are there; no packet is sent, as it would leave this machine.
    (holder,) = user.holders().values()
    into = ("nsenter", "--target", str(holder), "--user", "--net", "--preserve-credentials", "--")
    route = [*user.become, *into, "ip", "-j", "route", "show", "default"]
    found = subprocess.run(route, capture_output=True, text=True, check=True).stdout
    assert [one["dev"] for one in json.loads(found)] == ["tap0"]
    command = f"^[^ ]*/pasta.* --netns=/proc/{holder}/ns/net"
    helper = int(subprocess.run(["pgrep", "-f", command], capture_output=True, check=True).stdout)
    user.run("down", "lab.yaml")
    assert user.holders() == {}
    until = time.monotonic() + 5
    while time.monotonic() < until and _runs(helper):
        time.sleep(0.05)
    assert not _runs(helper)


def _runs(pid: int) -> bool:
    """Whether a process does anything still; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_a_lab_for_the_real_host_is_refused_with_the_reason(user: User) -> None:
    text = UPLINKED.replace("uplink: true", "real_host: true")
    (user.home / "lab.yaml").write_text(text)
    for command in (("plan",), ("up", "--yes")):
        told = user.run(command[0], "lab.yaml", *command[1:], code=1).stderr
        assert "its host has to be this machine; a sandbox's is not" in told
    assert user.holders() == {}
