"""The installed iplab, a process of its own, and in the place of `ip` one that fails now and then.

The in-process harness (``driver``) puts its faults between iplab and its commands; here nothing of
iplab is replaced, and the file of `ip` itself is another, by a bind mount.
"""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import world
from tests.faults.cases import LABS
from tests.kernel.sandbox import Done, Sandbox, Zygote, why_not

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]

HERE = Path(__file__).resolve().parent
LAB = LABS["two-namespaces"]

# Counts what changes something; the one whose turn it is becomes fault.sh (and stays a child of
# iplab's).
FAKE = f"""#!/bin/sh
case " $* " in *" -j "*) exec /run/real/ip "$@" ;; esac
echo x >>/run/count
if [ "$(wc -l </run/count)" = "$FAULT_AT" ]; then
    export FAULT_REAL=/run/real/ip FAULT_MARK=/run/happened FAULT_LINES= FAULT_NODE= FAULT_DEVICE=
    exec sh {HERE}/fault.sh "$@"
fi
exec /run/real/ip "$@"
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    process = Zygote()
    yield process
    process.close()


@pytest.fixture
def machine(zygote: Zygote, tmp_path: Path) -> Iterator[Sandbox]:
    it = zygote.sandbox(tmp_path)
    yield it
    it.close()


def iplab(machine: Sandbox, *argv: str, **env: str) -> Done:
    done = machine.try_("iplab", *argv, program=True, env=env)
    assert "Traceback" not in done.err
    return done


@pytest.fixture
def faulty(machine: Sandbox) -> Sandbox:
    before = machine.sh('mkdir /run/real; cp "$(readlink -f "$(command -v ip)")" /run/real/ip')
    assert before == ""
    fake = machine.write("ip", FAKE)
    fake.chmod(0o755)
    machine.sh(f'mount --bind {fake} "$(readlink -f "$(command -v ip)")"')
    return machine


@pytest.mark.parametrize("at", [1, 6])
@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("fail", 1, "injected fault"),
        ("hang-before", 1, "no answer within 0.5 s"),
        ("hang-after", 1, "no answer within 0.5 s"),
        ("term-after", 130, "interrupted"),
        ("int-before", 130, "interrupted"),
        ("kill-before", -9, ""),
        ("kill-after", -9, ""),
    ],
)
def test_up_meets_a_fault(faulty: Sandbox, fault: str, code: int, words: str, at: int) -> None:
    before = world.prepare(faulty)
    faulty.sh("rm -f /run/count")
    env = {"FAULT": fault, "FAULT_AT": str(at), "IPLAB_TIMEOUT": "0.5"}
    done = iplab(faulty, "up", str(LAB), "--yes", **env).expect(code)
    assert faulty.sh("ls /run/happened") == "/run/happened\n"
    assert words in done.err
    if code == -9:
        assert iplab(faulty, "recover", "--json").expect(3).json["unfinished"]
        iplab(faulty, "recover", "--undo").expect(0)
    assert world.snapshot(faulty) == before
    assert faulty.sh("ls /run/iplab") == "lock\n"


def test_a_namespace_that_is_busy_is_deleted_all_the_same(machine: Sandbox) -> None:
    before = world.prepare(machine)
    iplab(machine, "up", str(LAB), "--yes").expect(0)
    # Mounted twice: the first `ip netns del` takes one away and then finds the file in use.
    machine.sh("mount --bind /run/netns/ns0 /run/netns/ns0")
    iplab(machine, "down", str(LAB), "--yes").expect(0)
    assert world.snapshot(machine) == before


def test_a_plain_file_where_a_namespace_should_be_is_named(machine: Sandbox) -> None:
    machine.sh("mkdir -p /run/netns; touch /run/netns/ns0")
    before = world.snapshot(machine)
    done = iplab(machine, "up", str(LAB), "--yes").expect(1)
    assert "/run/netns/ns0 is a plain file and no namespace" in done.err
    assert world.snapshot(machine) == before
    iplab(machine, "show").expect(0)
    (command,) = [w for w in done.err.splitlines() if "try:" in w]
    machine.sh(command.partition("try: ")[2])
    iplab(machine, "up", str(LAB), "--yes").expect(0)


def test_after_a_reboot_what_has_the_same_name_and_number_is_not_ours(machine: Sandbox) -> None:
    lab = machine.write("lab.yaml", "lab: l\nlinks:\n  - host:up0: 10.9.9.1/30\n    n:e0:\n")
    iplab(machine, "up", str(lab), "--yes").expect(0)
    (link,) = json.loads(machine.ip("-j link show up0"))
    machine.sh("ip link del up0; ip netns del n")
    machine.sh(f"ip link add index {link['ifindex']} name up0 type bridge")
    machine.sh("ip addr add 203.0.113.9/32 dev up0")
    # The machine was started anew: only the file of the record is still there.
    boot = machine.write("boot_id", "00000000-0000-0000-0000-000000000000\n")
    machine.sh(f"mount --bind {boot} /proc/sys/kernel/random/boot_id")
    before = world.snapshot(machine)
    iplab(machine, "down", "l", "--yes").expect(0)
    assert world.snapshot(machine) == before
    assert machine.sh("ls /run/iplab") == "lock\n"


@pytest.mark.parametrize(
    "make",
    [
        "mkdir -m 700 /run/theirs; ln -s /run/theirs /run/iplab",
        "mkdir -m 755 /run/iplab",
        "mkdir -m 700 /run/iplab; chown 1 /run/iplab",
        "touch /run/iplab",
    ],
)
def test_a_state_directory_that_is_not_ours_alone_is_refused(machine: Sandbox, make: str) -> None:
    if "chown" in make and "4294967295" not in Path("/proc/self/uid_map").read_text():
        pytest.skip("only root can give a directory away")
    machine.sh(make)
    before = world.snapshot(machine)
    done = iplab(machine, "up", str(LAB), "--yes").expect(1)
    assert "/run/iplab is not a directory that only this user may enter" in done.err or (
        "/run/iplab cannot be used" in done.err
    )
    assert world.snapshot(machine) == before
    assert machine.sh("ls /run/theirs 2>/dev/null || true") == ""


@pytest.mark.parametrize("name", ["lock", "two-namespaces.new", "two-namespaces.journal"])
def test_state_files_are_not_opened_through_links(machine: Sandbox, name: str) -> None:
    machine.sh("mkdir -m 700 /run/iplab; echo precious >/run/theirs")
    machine.sh(f"ln -s /run/theirs /run/iplab/{name}")
    iplab(machine, "up", str(LAB), "--yes")
    assert machine.sh("cat /run/theirs") == "precious\n"


def test_the_state_directory_is_for_this_user_alone(machine: Sandbox) -> None:
    machine.sh("umask 0")
    iplab(machine, "up", str(LAB), "--yes").expect(0)
    modes = machine.sh("umask 0; stat -c '%n %a' /run/iplab /run/iplab/*").split()
    assert dict(zip(modes[::2], modes[1::2], strict=True)) == {
        "/run/iplab": "700", "/run/iplab/lock": "600", "/run/iplab/two-namespaces.json": "600",
    }  # fmt: skip


@pytest.mark.parametrize("style", ["direct", "steps", "batch"])
def test_the_first_ip_in_path_is_not_run(machine: Sandbox, tmp_path: Path, style: str) -> None:
    trap = tmp_path / "bin"
    trap.mkdir()
    programs = ("ip", "sysctl", "nft", "tc", "grep", "ping", "fping", "nsenter", "unshare")
    for program in programs:
        file = trap / program
        file.write_text(f'#!/bin/sh\necho {program} "$@" >>{tmp_path}/trapped\nexit 1\n')
        file.chmod(stat.S_IRWXU)
    lab = LABS["on-the-host"]
    path = f"{trap}:/usr/sbin:/usr/bin:/sbin:/bin"
    iplab(machine, "up", str(lab), "--yes", "--style", style, PATH=path).expect(0)
    iplab(machine, "check", str(lab), PATH=path).expect(0)
    iplab(machine, "down", str(lab), "--yes", "--style", style, PATH=path).expect(0)
    assert not (tmp_path / "trapped").exists()
