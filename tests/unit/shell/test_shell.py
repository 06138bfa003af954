"""What a script would run, line by line, without running it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iplab.shell import Run, Shell, Unclear
from iplab.shell.tree import Node, parse


def follow(text: str, *arguments: str) -> list[str]:
    """The commands as text; an unclear line as ``? LINE``."""
    found: list[str] = []

    def run(one: Run) -> bool | None:
        found.append(" ".join(one.argv))
        return True if one.argv[0] == "ip" else None

    def unclear(one: Unclear) -> None:
        found.append(f"? {one.line}")

    Shell(text, "ip".__eq__, run, unclear).follow(arguments)
    return found


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("ip a # no\n# ip b", ["ip a"]),
        ("X=1 Y=$X; ip $X$Y '$X' \"$X b\" a\\ b", ["ip 11 $X 1 b a b"]),
        ('x="a b"; ip $x; ip "$x"', ["ip a b", "ip a b"]),
        ('e=; ip $e "$e" end', ["ip  end"]),
        ("ip ${x:-d} ${y-e} ${z:+f}", ["ip d e"]),
        ("x=1; ip ${x:-d} ${x:+f}", ["ip 1 f"]),
        ("x=a; x+=b; ip $x", ["ip ab"]),
        ("a=(1 2 '3 4'); for i in \"${a[@]}\"; do ip $i; done", ["ip 1", "ip 2", "ip 3 4"]),
        ("for i in 1 2; do for j in a b; do ip $i$j; done; done",
         ["ip 1a", "ip 1b", "ip 2a", "ip 2b"]),
        ("for i in $(seq 2 2 6) `seq 2`; do ip $i; done",
         ["ip 2", "ip 4", "ip 6", "ip 1", "ip 2"]),
        ("for i in {3..1} x{a,b}; do ip $i; done", ["ip 3", "ip 2", "ip 1", "ip xa", "ip xb"]),
        ("for ((i=0; i<6; i+=2)); do ip $i $((i * 2 + 1)) $((i / 4)); done",
         ["ip 0 1 0", "ip 2 5 0", "ip 4 9 1"]),
        ("f() { local n=$1; shift; ip $n $# \"$@\"; }; f a 'b c' d", ["ip a 2 b c d"]),
        ("function g { ip in; return; ip not; }; g; ip out", ["ip in", "ip out"]),
        ("ip a; exit 0; ip b", ["ip a"]),
        ("ip a || ip b; ip c && ip d", ["ip a", "ip c", "ip d"]),
        ("! ip a || ip b", ["ip a", "ip b"]),
        ("if ip a; then ip b; else ip c; fi", ["ip a", "ip b"]),
        ("n=3; if [ $n -gt 2 ]; then ip a; else ip b; fi", ["ip a"]),
        ('n=; if [ -n "$n" ]; then ip a; elif [[ $n == "" ]]; then ip b; else ip c; fi', ["ip b"]),
        ("if [ -e /x ]; then echo y; fi; ip a", ["ip a"]),
        ("if [ -e /x ]; then ip y; fi; ip a", ["? 1", "ip a"]),
        ("[ -e /x ] || ip a", ["? 1"]),
        ("[ -e /x ] || exit 1; ip a", ["ip a"]),
        ("ping x || ip a", ["ping x", "? 1"]),
        ("case $1 in up|u*) ip up;; *) ip other;; esac", ["ip other"]),
        ("while read x; do ip $x; done", ["? 1"]),
        ("while read x; do echo $x; done; ip a", ["ip a"]),
        ("x=$(cat f)\nip $x\ny=1; ip $y", ["? 2", "ip 1"]),
        ("ip $UNSET\nip b", ["? 1", "ip b"]),
        ("(x=1; ip $x; exit); ip a", ["ip 1", "ip a"]),
        ("ip a | grep b", ["ip a", "grep b"]),
        ("ip a 2>/dev/null >&2", ["ip a"]),
        ("f() { f; ip a; }; f", ["? 1"] + ["ip a"] * 50),
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", ["sysctl -w net.ipv4.ip_forward=1"]),
        ("ip $'a\\tb'", ["ip a\tb"]),
        ("ip \\\n  a \\\n  b", ["ip a b"]),
        ("sudo ip a; command ip b", ["sudo ip a", "ip b"]),
    ],
)  # fmt: skip
def test_what_would_run(script: str, commands: list[str]) -> None:
    assert follow(script) == commands


def test_arguments() -> None:
    script = 'case "${1-}" in up) ip $2;; esac; for i; do ip "$i"; done'
    assert follow(script, "up", "a b") == ["ip a b", "ip up", "ip a b"]


def test_a_heredoc_is_what_a_command_reads() -> None:
    read: list[str | None] = []

    def run(one: Run) -> None:
        read.append(one.stdin)

    text = "x=1\nip -b - <<E\na $x\nE\nip -b - <<'E'\na $x\nE\n"
    Shell(text, "ip".__eq__, run, lambda unclear: None).follow()
    assert read == ["a 1\n", "a $x\n"]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["ip", "a", ";", "\n", "if", "then", "fi", "for", "do", "done", "$x", '"', "'", "((",
             "))", "{", "}", "case", "esac", "in", "|", "&&", "$(", ")", "`", "<<E", "E", "[", "]",
             "f()", "=", "x=1", "${x", "\\", "#", "é", "else", "!", "return", "$1", "while"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_any_text_is_followed_to_its_end(words: list[str]) -> None:
    follow(" ".join(words))


@pytest.mark.parametrize(
    "script",
    [
        "ip a && # make\n ip b",
        "! true || # make\n ip b",
        "if true # yes\nthen ip b\nfi",
        "if false\nthen ip a # no\nelif true # yes\nthen ip b # yes\nfi",
        "case x in # one\n x) # this\n ip b ;;\nesac",
    ],
)
def test_a_comment_hides_no_command(script: str) -> None:
    assert follow(script)[-1] == "ip b"


@pytest.mark.parametrize("word", [r"$'\x'", "$((1<<99))"])
def test_a_value_that_is_not_worked_out_is_reported(word: str) -> None:
    assert follow(f"ip {word}") == ["? 1"]


@pytest.mark.parametrize(
    ("term", "value"),
    [("1<<63<<63<<63", "0"), ("1<<63", str(-(2**63))), ("9223372036854775807+1", str(-(2**63)))],
)
def test_sums_have_64_bits(term: str, value: str) -> None:
    assert follow(f"ip $(({term}))") == [f"ip {value}"]


STAGES = ["a", "a | b", "a | b | c", "a | b | c | d", "! a | b | c"]
BETWEEN = [[], ["x y"], ["x y", "z"], ["x | y | z", "u v"], ["", "# note", "x y"], ["x y # note"]]
BEHIND = ["p && q", "p > f", "p r 2>/dev/null", "cat <<E\nhello\nE", "p"]


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("between", BETWEEN, ids=lambda lines: "; ".join(lines) or "nothing")
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize(
    "end", ["\n", " # why\n", " \\\n w\n"], ids=["plain", "comment", "goes on"]
)
def test_a_command_ends_with_its_line(
    stages: str, between: list[str], behind: str, end: str
) -> None:
    """What tree-sitter-bash takes for arguments of a pipeline's last command (its issue 347)."""
    alone = [stages + end, *between, behind]
    text = "\n".join([*alone, ""])
    apart = [node.text for line in alone for node in commands(parse(line + "\n"))]
    assert [node.text for node in commands(parse(text))] == apart
    assert parse(text).text == text
    last = [node for node in commands(parse(text)) if node.text.split()[0] in ("p", "cat")]
    assert last[0].line == text[: text.rindex(behind)].count("\n") + 1


def commands(root: Node) -> list[Node]:
    return sorted((n for n in root.below() if n.kind == "command"), key=lambda n: n.start)
