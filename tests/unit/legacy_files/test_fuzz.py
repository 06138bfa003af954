"""Whatever the text is: rewriting never raises, and touches nothing but old commands."""

import difflib
import subprocess

from hypothesis import example, given, settings
from hypothesis import strategies as st

from iplab.legacy import TOOLS
from iplab.legacy.files import rewrite_file
from iplab.legacy.script import rewrite

_WORDS = r"""
    ifconfig route arp netstat brctl /sbin/ifconfig $IFCONFIG busybox sudo nohup exec eth0 eth0:1
    $IF ${IP} "$IP" $1 $(hostname) `hostname` 10.0.0.5 10.0.0.$i 255.255.255.0 netmask up down
    add del -net default gw metric $((m++)) hw ether 02:00:00:00:00:01 -n -a -s mtu 1400 x 'a b'
    "q w" A=1 IF=eth0 \$ é \
"""
WORDS = st.sampled_from(_WORDS.split())
SEPARATORS = ["\n", "\n", "\n", "; ", " && ", " || ", " | ", " & ", "\n    ", "\t", "\r\n", "\\\n"]
BRACKETS = ["$(", ")", "`", "{ ", "; }\n", "f() { ", "}\n", "(", "((", "'", '"', "# ", "! "]
BLOCKS = [
    "\nif ",
    "; then ",
    "\nfi\n",
    "\nfor i in 1 2; do ",
    "; done\n",
    "\ncase x in y) ",
    ";; esac\n",
]
ENDINGS = [
    *(" 2>/dev/null\n", " >/dev/null ", " <<E\n", "\nE\n"),
    *(" | grep 'inet ' | awk '{print $2}'", " | grep -q UP"),
]
GLUE = st.sampled_from([*SEPARATORS, *BRACKETS, *BLOCKS, *ENDINGS])
SCRIPTS = st.lists(st.tuples(st.lists(WORDS, max_size=6), GLUE), max_size=12).map(
    lambda parts: "".join(" ".join(words) + glue for words, glue in parts)
)
# No NUL, no UTF-16, no other language's #!: those are errors, which test_files.py has.
ANY_BYTES = st.binary(max_size=300).filter(
    lambda text: b"\0" not in text and text[:2] not in (b"\xff\xfe", b"\xfe\xff", b"#!")
)
MARKDOWN = st.lists(
    st.tuples(
        st.sampled_from(
            ["", "# ", "> ", "- ", "    ", "| ", "```sh\n", "```\n", "`", "$ ", "<code>", "<pre>\n"]
        ),
        st.lists(WORDS, max_size=5).map(" ".join),
        st.sampled_from(
            ["\n", " |\n", "`\n", "\n```\n", "\n|---|\n", "` x\n", "\n\n", "</code>", "</pre>"]
        ),
    ),
    max_size=10,
).map(lambda parts: "".join("".join(part) for part in parts))


@settings(max_examples=400, deadline=None)
@given(SCRIPTS)
def test_only_lines_with_an_old_command_change(text: str) -> None:
    source = text.encode("utf-8", "surrogateescape")
    done = rewrite(source)
    old, new = source.split(b"\n"), done.text.split(b"\n")
    for tag, first, last, _, _ in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        changed = b"\n".join(old[first:last])
        if tag == "insert":  # the second of two new commands, under the first
            changed = old[first - 1] if first else b""
            assert any(line.reason is None for line in done.lines)
            continue
        if tag != "equal":
            assert any(tool.encode() in changed for tool in [*TOOLS, "IFCONFIG"]), (changed, new)


@settings(max_examples=300, deadline=None)
@given(SCRIPTS)
def test_a_second_translation_changes_nothing(text: str) -> None:
    once = rewrite(text)
    twice = rewrite(once.text)
    assert twice.text == once.text


@settings(max_examples=150, deadline=None)
@given(SCRIPTS)
def test_what_bash_can_read_it_can_read_afterwards(text: str) -> None:
    done = rewrite(text)
    source = text.encode("utf-8", "surrogateescape")
    if done.text != source and _reads(source):
        assert _reads(done.text), done.text


def _reads(text: bytes) -> bool:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, check=False)
    return done.returncode == 0


@settings(max_examples=200, deadline=None)
@given(ANY_BYTES)
@example(b"\r\r\x01")
def test_bytes_of_any_kind_survive(source: bytes) -> None:
    if not any(tool.encode() in source for tool in TOOLS):
        for name in ("x.sh", "x.md", "x.html", "x.txt"):
            assert rewrite_file(source, name).text == source


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.sampled_from(["x.md", "x.txt", "x.html"]))
def test_a_sheet_loses_nothing_and_twice_is_once(text: str, name: str) -> None:
    source = text.encode("utf-8", "surrogateescape")
    once = rewrite_file(source, name).text
    assert rewrite_file(once, name).text == once
    rest = iter(once)
    assert all(byte in rest for byte in source)  # the old text is there, in its order
