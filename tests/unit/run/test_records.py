"""What each lab made, kept so that nobody else can change it and nothing cuts it in two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from iplab.claims import Claim, link, netns
from iplab.errors import IplabError
from iplab.network import End
from iplab.run import records
from iplab.run.records import Record

RECORD = Record(
    "lab",
    "lab.yaml",
    "lab: lab\n",
    {"n": "2"},
    "steps",
    {netns("a"): "7", link(End("host", "e0")): "3", Claim("sysctl", "host", "net.x"): "0"},
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(records, "STATE", tmp_path / "iplab")
    return tmp_path / "iplab"


def test_a_record_is_read_as_it_was_written(state: Path) -> None:
    records.save(RECORD)
    assert records.load_all() == {"lab": RECORD}
    records.forget("lab")
    assert records.load_all() == {}
    assert list(state.iterdir()) == []


def test_only_this_user_can_read_it(state: Path) -> None:
    records.save(RECORD)
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "lab.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707])
def test_a_directory_open_to_others_is_refused(state: Path, mode: int) -> None:
    state.mkdir()
    state.chmod(mode)
    with pytest.raises(IplabError, match="only this user"):
        records.load_all()


def test_a_directory_that_is_a_link_or_a_file_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    state.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IplabError):
        records.load_all()
    state.unlink()
    state.write_text("")
    with pytest.raises(IplabError):
        records.load_all()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_somebody_elses_directory_is_refused(state: Path) -> None:
    state.mkdir(mode=0o700)
    os.chown(state, 65534, 65534)
    with pytest.raises(IplabError, match="only this user"):
        records.load_all()


def take_the_lock() -> None:
    with records.locked(print):
        pass


@pytest.mark.parametrize(
    ("name", "touch"),
    [
        ("lab.json", records.load_all),
        ("lab.new", lambda: records.save(RECORD)),
        ("lock", take_the_lock),
    ],
)
def test_no_link_in_it_is_followed(
    state: Path, tmp_path: Path, name: str, touch: Callable[[], object]
) -> None:
    records.save(RECORD)
    target = tmp_path / "target"
    target.write_text("untouched")
    (state / name).unlink(missing_ok=True)
    (state / name).symlink_to(target)
    with pytest.raises(IplabError):
        touch()
    assert target.read_text() == "untouched"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"lab": 1}', "null", "\xff"])
def test_a_broken_record_is_named_and_what_to_do(state: Path, text: str) -> None:
    records.save(RECORD)
    (state / "lab.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(IplabError) as caught:
        records.load_all()
    assert "the record cannot be read" in str(caught.value)
    assert str(state / "lab.json") in str(caught.value)
    assert "move it away" in str(caught.value)


def journal(state: Path, *lines: object) -> None:
    records.save(replace(RECORD, finished=False))
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (state / "lab.journal").write_text(text)


def test_a_run_that_was_cut_short_is_replayed(state: Path) -> None:
    journal(
        state,
        {"about": "ip netns add b", "makes": [["netns", "b", "", ""]], "undo": []},
        {"done": [["netns", "b", "", "8"]]},
        {"about": "ip netns add c", "makes": [["netns", "c", "", ""]], "undo": []},
    )
    found = records.load_all()["lab"]
    assert found.finished is False
    assert found.ran == ("ip netns add b", "ip netns add c")
    assert found.claims[netns("a")] == "7"
    assert found.claims[netns("b")] == "8"
    # It may have run or not.
    assert found.claims[netns("c")].startswith(records.DOUBTFUL)


@given(st.integers(0, 300))
def test_a_journal_cut_anywhere_is_read_up_to_there(cut: int) -> None:
    lines = [
        {"about": f"ip netns add n{n}", "makes": [["netns", f"n{n}", "", ""]], "undo": []}
        for n in range(4)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)[:cut]
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"journal-{os.getpid()}"
    path.write_text(text)
    try:
        found = records.replay(replace(RECORD, finished=False), path)
    finally:
        path.unlink()
    whole = text.count("\n") + (1 if text and text[-1] == "}" and text.count("\n") < 4 else 0)
    assert len(found.ran) == whole
    assert all(netns(f"n{n}") in found.claims for n in range(whole))


def test_a_finished_record_needs_no_journal(state: Path) -> None:
    journal(state, {"about": "x", "makes": [], "undo": []})
    records.save(RECORD)
    assert not (state / "lab.journal").exists()


def test_one_change_at_a_time(state: Path) -> None:
    told: list[str] = []
    order: list[str] = []
    with records.locked(told.append):

        def second() -> None:
            with records.locked(told.append):
                order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert told == [f"process {os.getpid()} is changing this machine; waiting for it"]


def test_the_lock_goes_with_the_process_that_has_it(state: Path) -> None:
    code = (
        "import sys, os\n"
        "from pathlib import Path\n"
        "from iplab.run import records\n"
        "records.STATE = Path(sys.argv[1])\n"
        "with records.locked(print): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(state)], check=False)
    with records.locked(print, patience=1):
        pass


def test_patience_ends(state: Path) -> None:
    with (
        records.locked(print),
        pytest.raises(IplabError, match="still changing this machine"),
        records.locked(print, patience=0.1),
    ):
        pass
