"""iplab where its standard input, output or error is closed, full, or of another encoding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iplab.cli import _words
from iplab.errors import UsageError

LAB = "lab: small\nnodes: {a: }\n"


def run(tmp_path: Path, closed: str, *words: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "lab.yaml").write_text(LAB)
    code = f'exec "$@" {closed}'
    return subprocess.run(
        ["sh", "-c", code, "sh", sys.executable, "-m", "iplab", *words, "lab.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_an_input_there_is_nobody_to_ask(tmp_path: Path) -> None:
    done = run(tmp_path, "<&-", "up")
    # Who is not root is told of the sandbox first.
    assert done.stderr.endswith("iplab: there is nobody to ask\n  try: iplab up --yes …\n")
    assert "Traceback" not in done.stderr
    assert done.returncode == UsageError.exit_code


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_without_an_output_it_does_what_it_does(tmp_path: Path, closed: str) -> None:
    said = run(tmp_path, "", "script")
    done = run(tmp_path, closed, "script")
    assert said.stdout.startswith("#!/bin/sh")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (said.stdout if closed == "2>&-" else "")


def test_a_reader_that_has_gone_is_told_apart_from_a_failure(tmp_path: Path) -> None:
    far, near = os.pipe()
    os.close(far)
    argv = [sys.executable, "-m", "iplab"]
    for words in (["--help"], ["init"], ["schema"]):
        done = subprocess.run(
            [*argv, *words], stdout=near, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (141, ""), words
    assert subprocess.run([*argv, "no-such-command"], stderr=near, check=False).returncode == 141
    os.close(near)


def test_an_output_that_is_full(tmp_path: Path) -> None:
    done = run(tmp_path, ">/dev/full", "script")
    assert done.returncode == 1
    said = "iplab: what was to be said cannot be written: No space left on device\n"
    assert done.stderr.startswith(said)


def encoded(encoding: str, *words: bytes | str, given: bytes = b"") -> tuple[int, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "iplab", *words],
        env={**os.environ, "PYTHONIOENCODING": encoding}, input=given,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stdout, done.stdout.decode(errors="replace")
    return done.returncode, done.stdout


def test_a_letter_that_the_encoding_lacks_is_written_out() -> None:
    code, out = encoded("latin-1", "--help")
    assert code == 0
    assert b"arp, brctl \\u2026 line" in out


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_words_and_lines_of_any_bytes(encoding: str) -> None:
    encoded(encoding, "translate", b"ifconfig \xff")
    encoded(encoding, "explain", "-", given=b"ip link add \xff\n")
    source = b"# \xff \xc3\xbc\nifconfig eth0 up\n"
    _, out = encoded(encoding, "translate", "-", given=source)
    assert out.startswith(b"# \xff \xc3\xbc\nip link set eth0 up\n")


def test_a_name_of_other_bytes_comes_out_as_it_is(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/bad\xff.yaml"
    Path(os.fsdecode(name)).write_text(LAB)
    code, out = encoded("utf-8", "script", name)
    assert code == 0
    assert b"`iplab script 'bad\xff.yaml'`" in out
    code, out = encoded("utf-8", "script", name, "-o", os.fsencode(tmp_path) + b"/script")
    assert code == 1
    assert b"holds b'\\xff', which is not utf-8" in out


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("list --sandbox", "list --sandbox=default"),
        ("exec --sandbox ns0 --sandbox", "exec --sandbox=default ns0 --sandbox"),
        ("exec ns0 echo --sandbox", "exec ns0 echo --sandbox"),
        ("why a b --sandbox -- --sandbox", "why a b --sandbox=default -- --sandbox"),
        ("", ""),
    ],
)
def test_sandbox_alone_is_the_default_one(line: str, meant: str) -> None:
    assert _words(line.split()) == meant.split()
