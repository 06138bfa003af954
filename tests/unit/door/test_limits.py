"""Inputs that are made to take for ever, or all memory: each is refused soon, with words."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iplab import lab
from iplab.errors import IplabError
from iplab.follow import replay
from iplab.follow.replay import MOST
from iplab.legacy.script import rewrite
from iplab.names import HOST
from iplab.operations import AddNamespace
from iplab.render import Renderer, saved
from iplab.run import machine, records

SOON = 20.0  # seconds, on a slow machine that does other things as well


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < SOON


ALIASES = "lab: l\nlinks:\n" + "".join(
    f"  - &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n" for n in range(30)
)
MANY_LINKS = "".join(f"  - n{n}:a: 10.0.0.1/24\n    m{n}:a: 10.0.0.2/24\n" for n in range(10**6))


@pytest.mark.parametrize(
    "text",
    [
        ALIASES,
        "lab: l\nlinks: " + "[" * 50_000,
        "lab: l\nnodes: " + "{a: " * 50_000,
        "lab: l\nlinks:\n" + " - " * 50_000,
        "lab: l\nlinks:\n" + MANY_LINKS,
        "lab: " + "x" * 50_000_000,
        "? " * 100_000,
        "!!python/object/apply:os.system ['touch /x']",
    ],
    ids=["aliases", "lists", "mappings", "dashes", "a million links", "long", "keys", "tag"],
)
def test_a_lab_file(text: str) -> None:
    with pytest.raises(IplabError) as caught:
        lab.loads(text, "l.yaml")
    assert len(str(caught.value)) < 100_000


LOOP = "{% for i in range(99999) %}"


@pytest.mark.parametrize(
    "text",
    [
        LOOP * 4 + "{% endfor %}" * 4,
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ 'a' * 10 ** 12 }}",
        "{% set x = 'aaaa' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    ],
)
def test_a_lab_template(text: str) -> None:
    with pytest.raises(IplabError):
        lab.loads(text, "l.yaml.j2", settings={})


@pytest.mark.parametrize(
    "text",
    [
        LOOP * 4 + "{% endfor %}" * 4,
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'add_namespace.j2' %}",
        "{% import 'add_namespace.j2' as a %}",
        "{{ 9 ** 9999999 ** 9 }}",
        "{{ 'a' * 10 ** 12 }}",
        "{% set x = 'aaaa' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
        "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}",
        "{{ name" + " | replace('n', 'nn')" * 60 + " }}",
        "{% set x %}aa{% endset %}{% set y %}{{ x }}{{ x }}{% endset %}{{ y }}",
        "{{ name.__class__.__mro__ }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ name.center(10 ** 12) }}",
        "{{ '%099999999999d' % 1 }}",
        "{{ 1 // 0 }}",
        "{{ nothing }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "'",
        "",
        "x" * 100_000,
    ],
)
def test_a_template_that_words_a_command(tmp_path: Path, text: str) -> None:
    (tmp_path / "add_namespace.j2").write_text(text)
    with pytest.raises(IplabError):
        Renderer("direct", [tmp_path]).command(AddNamespace(HOST, "ns0"))


@pytest.mark.parametrize("what", ["/dev/zero", "/dev/tty", "a pipe", "a directory", "no text"])
def test_a_template_that_is_no_file(tmp_path: Path, what: str) -> None:
    path = tmp_path / "add_namespace.j2"
    match what:
        case "a pipe":
            os.mkfifo(path)
        case "a directory":
            path.mkdir()
        case "no text":
            path.write_bytes(b"\xff\xfe")
        case device:
            path.symlink_to(device)
    with pytest.raises(IplabError):
        Renderer("direct", [tmp_path]).command(AddNamespace(HOST, "ns0"))


def test_a_template_of_ones_own_may_say_what_iplabs_own_say(tmp_path: Path) -> None:
    text = '{% set verb = "add" if name else "" %}{{ ip }} netns {{ verb ~ "" }} {{ name | upper }}'
    (tmp_path / "add_namespace.j2").write_text(text)
    command = Renderer("direct", [tmp_path]).command(AddNamespace(HOST, "ns0"))
    assert command.argv == ("ip", "netns", "add", "NS0")


@pytest.mark.parametrize(
    "script",
    [
        "for ((i=0;i>=0;i++)); do ip netns add n$i; done",
        "for ((i=0;i>=0;i++)); do ip link add v$i type veth peer name w$i; done",
        "for ((i=0;i>=0;i++)); do :; done; ip netns add last",
        "f() { ip netns add n; f; f; }; f",
        "x=a; for i in $(seq 60); do x=$x$x; done; ip netns add $x",
        'x=a; for i in $(seq 60); do x="$x$x"; done; ip netns add "$x"',
        "for i in {0..999999999999}; do ip netns add n$i; done",
        "for i in $(seq 99999999999999999999); do ip netns add n$i; done",
    ],
)
def test_a_script_without_end(script: str) -> None:
    followed = replay(script)
    assert followed.notes
    assert len(followed.steps) <= MOST + 1


def test_an_argument_with_a_number_of_five_thousand_digits_is_not_given() -> None:
    followed = replay("ip netns add n${" + "9" * 5000 + "}")
    assert [*followed.network.namespaces] == ["n"]


def test_bytes_that_are_no_text_in_a_script_of_old_commands() -> None:
    script = b"ifconfig \xf4eth0 10.0.0.1 netmask 255.255.255.....0 up\n"
    done = rewrite(script, name="x.sh")
    assert done.text == script
    assert [line.reason is not None for line in done.lines] == [True]


def test_a_saved_plan_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(saved.LONGEST + 2)  # a hole: it takes no room
    with pytest.raises(IplabError, match="too long"):
        saved.read(path)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "iplab"
    monkeypatch.setattr(records, "STATE", path)
    return path


@pytest.mark.parametrize("what", ["a link", "a pipe", "too long"])
@pytest.mark.parametrize("name", ["l.json", "l.journal"])
def test_a_record_or_journal_that_is_no_plain_file(state: Path, name: str, what: str) -> None:
    records.save(records.Record("l", "f", "", finished=False))
    path = state / name
    path.unlink(missing_ok=True)
    match what:
        case "a link":
            (state / "there").write_text("{}")
            path.symlink_to(state / "there")
        case "a pipe":
            os.mkfifo(path)
        case "too long":
            with path.open("wb") as file:
                file.truncate(records.LONGEST + 1)
    with pytest.raises(IplabError, match="cannot be read"):
        records.load_all()


@pytest.mark.parametrize("lab_name", ["../evil", "/tmp/evil", "other"])
def test_a_record_says_of_no_other_lab_than_its_file(state: Path, lab_name: str) -> None:
    records.save(records.Record("l", "f", ""))
    path = state / "l.json"
    path.write_text(path.read_text().replace('"lab": "l"', f'"lab": "{lab_name}"'))
    with pytest.raises(IplabError, match="cannot be read"):
        records.load_all()


def test_the_state_directory_is_made_for_one_user(state: Path) -> None:
    before = os.umask(0)
    try:
        records.save(records.Record("l", "f", ""))
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "l.json").stat().st_mode) == 0o600


def test_the_state_directory_of_another_user_is_refused(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.mkdir(mode=0o700)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(IplabError, match="only this user may enter"):
        records.load_all()


@pytest.mark.parametrize("make", ["link", "open", "file"])
def test_a_state_directory_that_others_can_reach_is_refused(state: Path, make: str) -> None:
    match make:
        case "link":
            (state.parent / "there").mkdir(mode=0o700)
            state.symlink_to(state.parent / "there")
        case "open":
            state.mkdir()
            state.chmod(0o750)
        case "file":
            state.touch()
    with pytest.raises(IplabError):
        records.save(records.Record("l", "f", ""))
    assert list(state.parent.rglob("*.json")) == []


def test_a_program_is_not_taken_from_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "ip"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert machine.find_program("ip") != str(fake)
    assert str(tmp_path) not in machine.environment()["PATH"]


@pytest.mark.parametrize(("mode", "good"), [(0o755, True), (0o777, False)])
@pytest.mark.parametrize("which", ["directory", "program"])
def test_a_program_that_all_may_write_to_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, mode: int, good: bool
) -> None:
    here = tmp_path / "sbin"
    here.mkdir(mode=0o755)
    program = here / "ip"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (here if which == "directory" else program).chmod(mode)
    monkeypatch.setattr(machine, "TRUSTED", (str(here),))
    assert machine.find_program("ip") == (str(program) if good else None)
