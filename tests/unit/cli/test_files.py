"""Files that commands write and read: what is said where that fails."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from iplab.cli.output import as_word, write_file
from iplab.cli.translate import command as translate
from iplab.errors import IplabError


def test_no_part_of_a_file_is_left(tmp_path: Path) -> None:
    target = tmp_path / "no" / "file"
    with pytest.raises(IplabError, match="cannot write it: No such file or directory") as caught:
        write_file(target, b"text")
    assert caught.value.where == str(target)
    with pytest.raises(IplabError, match="No space left on device"):
        write_file(Path("/dev/full"), b"text")
    assert Path("/dev/full").exists()


@pytest.mark.parametrize(
    ("name", "word"), [("a b.yaml", "'a b.yaml'"), ("-x.yaml", "./-x.yaml"), ("-", "-")]
)
def test_a_name_that_can_be_pasted(name: str, word: str) -> None:
    assert as_word(Path(name)) == word


def test_a_pipe_is_translated(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("ifconfig eth0 up\n",))
    writer.start()
    done = CliRunner().invoke(translate, [str(pipe)])
    writer.join()
    assert "ip link set eth0 up" in done.output


@pytest.mark.parametrize("words", [["--list", "--json"], ["x.sh", "--json", "--diff"]])
def test_what_prints_no_json_says_so(words: list[str]) -> None:
    done = CliRunner().invoke(translate, words)
    assert "JSON" in str(done.exception) or "--json" in str(done.exception)
