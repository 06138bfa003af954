"""Each kind of broken lab file gives its line, its column, what is wrong and what to do.

A case is a file in ``tests/cases/lab-errors``.  Its first lines say what must come of it:
``#: LINE:COLUMN MESSAGE``, and ``#: try HINT`` where there is a hint; parts of them are enough.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from iplab.errors import LabError, Problem
from iplab.lab import load, loads

CASES = sorted((Path(__file__).parents[2] / "cases" / "lab-errors").iterdir())


@dataclass
class Expected:
    line: int
    column: int
    message: str
    hint: str = ""


def expected(text: str) -> list[Expected]:
    found: list[Expected] = []
    for line in text.splitlines():
        if hint := re.match(r"#: try (.*)", line):
            found[-1].hint = hint[1]
        elif place := re.match(r"#: (\d+):(\d+) (.*)", line):
            found.append(Expected(int(place[1]), int(place[2]), place[3]))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_file_says_where_and_what(case: Path) -> None:
    if case.name.startswith("yaml-") and not yaml.__with_libyaml__:
        pytest.skip("PyYAML without libyaml gives up at other places")
    wanted = expected(case.read_text(encoding="utf-8"))
    assert wanted, "the case does not say what must come of it"
    with pytest.raises(LabError) as caught:
        load(case)
    problems = caught.value.problems
    assert [(p.line, p.column) for p in problems] == [(w.line, w.column) for w in wanted]
    for problem, want in zip(problems, wanted, strict=True):
        assert want.message in problem.message
        assert want.hint in problem.hint
        assert bool(want.hint) == bool(problem.hint)
        assert problem.file == str(case)
    assert f"{case}:{wanted[0].line}:{wanted[0].column}: " in str(caught.value)


def test_there_are_many_kinds() -> None:
    assert len(CASES) >= 100


def faults(data: bytes, tmp_path: Path, name: str = "lab.yaml") -> list[Problem]:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LabError) as caught:
        load(tmp_path / name)
    return caught.value.problems


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"", 1, 1, "the file is empty"),
        (b"# nothing\n", 1, 1, "the file is empty"),
        (b"--- \n", 1, 1, "the file is empty"),
        (b"lab: x\nlinks: \0\n", 2, 8, "a NUL byte"),
        (b"lab: x\nlab\xff: y\n", 2, 4, "0xff) is not UTF-8"),
        ("lab: \u00fc\ufeffx\n".encode(), 1, 7, "a byte order mark"),
        ("lab: x\u2028links: []\n".encode(), 1, 7, "a line break of its own kind"),
        ("lab: x\n".encode("utf-16"), 1, 1, "UTF-16"),
        (b"lab: x\n# \x1b[31m\n", 2, 3, "a character that YAML does not allow (U+001B)"),
        (b"lab: " + b"x" * 5000, 1, 6, "5000 characters long"),
        (b"lab: x\n" + b"# 8 MiB\n" * 2**20, 1, 1, "too large"),
        (b"just text\n", 1, 1, "this is text, not a lab"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_a_case_file(
    data: bytes, line: int, column: int, message: str, tmp_path: Path
) -> None:
    problem = faults(data, tmp_path)[0]
    assert (problem.line, problem.column) == (line, column)
    assert message in problem.message


def test_a_leading_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_bytes(b"\xef\xbb\xbflab: x\n")
    assert load(tmp_path / "lab.yaml").name == "x"


def test_windows_line_ends_are_no_fault() -> None:
    assert loads("lab: x\r\nnodes:\r\n  a:\r\n  b:\r\n", "x").nodes == ("a", "b")


def test_a_fault_of_one_part_hides_no_fault_of_another() -> None:
    text = (
        "lab: x\nlinks:\n  - a:e0: 10.0.0.1\n    b:e0:\n  - c:e0: 10.1.0.1/24\n    d:e0:\n"
        "nodes:\n  d:\n    routes: [default via 10.1.0.1]\n"
    )
    with pytest.raises(LabError) as caught:
        loads(text, "x")
    assert [p.line for p in caught.value.problems] == [3, 9]


def test_what_may_only_be_misspelt_is_not_reported_twice() -> None:
    text = (
        "lab: x\nlinks:\n  - a:e0: 10.0.0.1\n    b:e0: 10.0.0.2/24\n"
        "nodes:\n  a:\n    routes: [default via 10.0.0.2]\n"
        "    sysctl: {net.ipv4.conf.e0.rp_filter: 0}\nchecks:\n  - a -> b\n"
    )
    with pytest.raises(LabError) as caught:
        loads(text, "x")
    assert [p.line for p in caught.value.problems] == [3]


def test_thousands_of_guesses_take_no_time() -> None:
    nodes = "".join(f"  node{n}:\n" for n in range(3000))
    checks = "".join(f"  - nodw{n} -> nodw{n}x\n" for n in range(3000))
    with pytest.raises(LabError) as caught:
        loads(f"lab: x\nnodes:\n{nodes}checks:\n{checks}", "x")
    assert len(caught.value.problems) == 6000
    assert sum("did you mean" in p.hint for p in caught.value.problems) <= 50
