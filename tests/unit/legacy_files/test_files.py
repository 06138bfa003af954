"""`iplab translate FILE`: what is written where, the exit codes, and what bad input does."""

import json
import os
import stat
from pathlib import Path

import pytest

from iplab.cli.translate_files import translate_files
from iplab.errors import UsageError
from iplab.legacy.files import LARGEST

OLD = b"#!/bin/sh\nifconfig eth0 up\nroute -n | mail root\n"
NEW = b"#!/bin/sh\nip link set eth0 up\nroute -n | mail root\n"
CLEAN = b"#!/bin/sh\nifconfig eth0 up\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "net.sh"
    file.write_bytes(OLD)
    file.chmod(0o751)
    return file


def test_the_new_text_on_stdout_the_report_on_stderr(
    script: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert translate_files([str(script)]) == 3
    out, err = capfdbinary.readouterr()
    assert out == NEW
    assert b"net.sh:3: route -n | mail root\n    left as it is: its output is read" in err
    assert b"1 translated exactly, 0 to be looked at, 1 left" in err
    assert script.read_bytes() == OLD


def test_exit_0_where_all_is_exact(script: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    script.write_bytes(CLEAN)
    assert translate_files([str(script)]) == 0
    assert capfdbinary.readouterr().out == b"#!/bin/sh\nip link set eth0 up\n"


def test_in_place_keeps_mode_and_a_backup(script: Path) -> None:
    link = script.with_name("link.sh")
    link.symlink_to(script)
    assert translate_files([str(link)], in_place=True) == 3
    assert script.read_bytes() == NEW
    assert stat.S_IMODE(script.stat().st_mode) == 0o751
    assert script.with_name("net.sh.orig").read_bytes() == OLD
    assert link.is_symlink()
    assert sorted(f.name for f in script.parent.iterdir()) == ["link.sh", "net.sh", "net.sh.orig"]
    assert translate_files([str(script)], in_place=True) == 3  # nothing to change, one line left
    assert script.with_name("net.sh.orig").read_bytes() == OLD


def test_a_backup_that_is_there_is_not_overwritten(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.with_name("net.sh.orig").write_text("precious")
    assert translate_files([str(script)], in_place=True) == 1
    assert "net.sh.orig is there already" in capsys.readouterr().err
    assert script.read_bytes() == OLD


def test_diff(script: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert translate_files([str(script)], diff=True) == 3
    out = capfdbinary.readouterr().out
    assert b"-ifconfig eth0 up\n+ip link set eth0 up\n" in out
    assert script.read_bytes() == OLD


def test_check_names_each_old_command(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean = script.with_name("clean.sh")
    clean.write_text("ip link set eth0 up\n")
    assert translate_files([str(clean)], check=True) == 0
    assert translate_files([str(clean), str(script)], check=True) == 3
    assert f"{script}:2: ifconfig eth0 up" in capsys.readouterr().err


def test_json_lines(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert translate_files([str(script)], as_json=True) == 3
    first, second = json.loads(capsys.readouterr().out)["lines"]
    assert first == {
        "file": str(script),
        "line": 2,
        "legacy": "ifconfig eth0 up",
        "commands": [["ip", "link", "set", "eth0", "up"]],
        "exact": True,
        "used_state": False,
        "notes": [],
        "reason": None,
    }
    assert second["commands"] == []
    assert second["reason"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\x7fELF\0\0ifconfig eth0 up\n", "binary file"),
        (b"#!/usr/bin/perl\nsystem('ifconfig eth0 up');\n", "no shell script"),
        (b"ifconfig eth0 up\necho 'open\nifconfig eth0 down\n", "net.sh:2: from here on"),
        (b'ifconfig eth0 "up\n', "is not closed"),
        (b"if true; then\nifconfig eth0 up\n", "is not closed"),
        ("ifconfig eth0 up\n".encode("utf-16"), "binary file"),
        (b"ifconfig eth0 up\n" * (LARGEST // 16), "over the limit"),
    ],
)
def test_bad_input_is_an_error_and_stays(
    script: Path, text: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_bytes(text)
    assert translate_files([str(script)], in_place=True) == 1
    assert words in capsys.readouterr().err
    assert script.read_bytes() == text
    assert [f.name for f in script.parent.iterdir()] == ["net.sh"]


@pytest.mark.parametrize(
    "line", [b"ifconfig", b"ifconfig eth0 netmask", b"route add", b"route -Z", b"brctl frob br0"]
)
def test_half_a_command_and_unknown_flags_are_reported(
    script: Path, line: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_bytes(line + b" >x\n")
    assert translate_files([str(script)], in_place=True) == 3
    assert "left as it is" in capsys.readouterr().err
    assert script.read_bytes() == line + b" >x\n"


def test_a_missing_file_does_not_keep_the_others_back(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_bytes(CLEAN)
    assert (
        translate_files(["/nonexistent.sh", str(script), os.fspath(script.parent)], check=True) == 1
    )
    err = capsys.readouterr().err
    assert "there is no such file" in err
    assert "is a directory" in err
    assert "net.sh:2" in err


def test_wrong_use() -> None:
    with pytest.raises(UsageError):
        translate_files(["a", "b"])
    with pytest.raises(UsageError):
        translate_files(["a"], diff=True, check=True)
    with pytest.raises(UsageError):
        translate_files(["-"], in_place=True)


@pytest.mark.parametrize(
    "text",
    [
        b"echo " + b"x" * 2**20 + b"; ifconfig eth0 up\n",
        b"ifconfig eth0 up; " * 5000 + b"\n",
        b"(" * 20000 + b"ifconfig eth0 up" + b")" * 20000,
        b"true && " * 20000 + b"ifconfig eth0 up\n",
        b"$(" * 3000 + b"ifconfig eth0 up\n",
        b"`ifconfig eth0 up | grep '" * 300 + b"\n",
    ],
)
def test_monsters_neither_hang_nor_raise(script: Path, text: bytes) -> None:
    script.write_bytes(text)
    assert translate_files([str(script)], in_place=True) in (0, 1, 3)


def test_other_languages_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.py"
    file.write_text("ifconfig = 1\n")
    assert translate_files([str(file)], check=True) == 1
    assert "it is no shell script: its name ends in .py" in capsys.readouterr().err
    file.write_text("#!/bin/sh\nifconfig eth0 up\n")
    assert translate_files([str(file)]) == 0
