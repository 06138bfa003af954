"""Programs started by posix_spawn(3), in a thread."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from iplab.run.netns import CannotEnter
from iplab.run.starter import Start, Starter, spawn

SH = "/bin/sh"


def script(text: str, **more: object) -> Start:
    environment = (b"PATH=" + os.defpath.encode(), "WORD=päper".encode())
    return Start(None, SH, ("sh", "-c", text), environment, **more)  # type: ignore[arg-type]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[list[int]]:
    """A standard input that is empty, and files for output and error."""
    null = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in ("out", "err"))
    yield [null, out, err]
    for file in (null, out, err):
        os.close(file)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def text(file: int) -> str:
    return os.pread(file, 1 << 16, 0).decode()


def test_a_program_has_its_words_files_and_environment(files: list[int]) -> None:
    assert ended(spawn(script('echo "$WORD" "$0"; echo no >&2; exit 3'), files)) == 3
    assert text(files[1]) == "päper sh\n"
    assert text(files[2]) == "no\n"


def test_it_is_started_as_subprocess_starts_it(files: list[int]) -> None:
    """Signals as they are by default, none of the files that are open here."""
    left = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(left, True)  # as whoever started iplab may have left it
    look = 'grep -E "^Sig(Blk|Ign|Cgt):" /proc/self/status; ls /proc/self/fd | tr "\\n" " "'
    environment = {b"PATH": os.environb[b"PATH"]}
    words = (b"PATH=" + environment[b"PATH"],)
    try:
        assert ended(spawn(Start(None, SH, ("sh", "-c", look), words), files)) == 0
        other = subprocess.run(
            ["sh", "-c", look], executable=SH, env=environment, stdin=files[0],
            stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip
    finally:
        os.close(left)
    ours = text(files[1]).splitlines()
    # glibc's posix_spawn has 32 and 33 ignored, which it keeps for itself (sysdeps' spawni.c).
    ignored = int(ours[1].removeprefix("SigIgn:"), 16) & ~(1 << 31 | 1 << 32)
    ours[1] = f"SigIgn:\t{ignored:016x}"
    assert ours == other.splitlines()
    assert not ignored & (1 << signal.SIGPIPE - 1)  # as Python has it


def test_it_has_a_process_group_of_its_own(files: list[int]) -> None:
    pid = spawn(script("cut -d' ' -f5 /proc/$$/stat"), files)
    assert ended(pid) == 0
    assert text(files[1]) == f"{pid}\n"


def test_what_is_kept_open_for_it(files: list[int], tmp_path: Path) -> None:
    kept = [os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in "ab"]
    look = f"test /proc/$$/fd/3 -ef {tmp_path}/a && test /proc/$$/fd/4 -ef {tmp_path}/b"
    try:
        assert ended(spawn(script(look, kept=(kept[1], kept[0])), files)) == 0
        assert ended(spawn(script(look), files)) == 1
        assert not os.get_inheritable(kept[0])
    finally:
        for file in kept:
            os.close(file)


def test_what_cannot_be_started(files: list[int]) -> None:
    with pytest.raises(FileNotFoundError):
        spawn(Start(None, "/nowhere/ip", ("ip",), ()), files)
    with pytest.raises(PermissionError):
        spawn(Start(None, os.devnull, ("ip",), ()), files)
    with pytest.raises(ValueError, match="NUL"):
        spawn(Start(None, SH, ("sh", "a\0b"), ()), files)


def test_one_after_the_other_and_what_was_in_the_way(files: list[int], tmp_path: Path) -> None:
    starter = Starter()
    came: list[tuple[int, int | Exception]] = []
    try:
        starter.start(0, script("exit 7"), files)
        starter.start(1, Start(str(tmp_path / "gone"), SH, ("sh",), ()), files)
        starter.start(2, Start(None, "/nowhere/ip", ("ip",), ()), files)
        starter.start(3, script("exit 8"), files)
        while len(came) < 4:
            assert select.select([starter], [], [], 10)[0]
            came += starter.started()
    finally:
        assert starter.close() == []
    assert [number for number, _ in came] == [0, 1, 2, 3]
    first, gone, nowhere, last = (said for _, said in came)
    assert isinstance(first, int) and ended(first) == 7  # noqa: PT018
    assert isinstance(gone, CannotEnter)
    assert isinstance(nowhere, FileNotFoundError)
    assert isinstance(last, int) and ended(last) == 8  # noqa: PT018


def test_closed_it_starts_no_more_and_says_what_it_has_started(files: list[int]) -> None:
    before = threading.active_count()
    starter = Starter()
    for number in range(50):
        starter.start(number, script("exit 0"), files)
    came = starter.close()
    assert [number for number, _ in came] == list(range(len(came)))
    for _, pid in came:
        assert isinstance(pid, int)
        assert ended(pid) == 0
    assert threading.active_count() == before
    with pytest.raises(ChildProcessError):  # nothing else was started
        os.waitpid(-1, os.WNOHANG)
