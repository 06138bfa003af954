"""grep, cut, head and the like, on a few lines of text, without starting them.

Only enough of each to say what a script's pipeline picks out of an old tool's output.  What is not
known raises ``NotUnderstood``, and the pipeline stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from iplab.legacy.reading import awk, sed
from iplab.legacy.reading.regex import NotUnderstood, compiled, tamed

Lines = list[str]
Result = tuple[Lines, int]


def run(stages: Sequence[Sequence[str]], text: str) -> Result:
    """What a pipeline of filters makes of a text: its lines, and the last exit status."""
    lines, status = text.splitlines(), 0
    for argv in stages:
        name = argv[0].rpartition("/")[2]
        if name not in _FILTERS:
            raise NotUnderstood(f"the program {name}")
        lines, status = _FILTERS[name](list(argv[1:]), lines)
    return lines, status


def _options(words: Sequence[str], flags: str, valued: str) -> tuple[dict[str, str], list[str]]:
    """Short options as getopt(3) reads them, and the operands."""
    found: dict[str, str] = {}
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            return found, rest + queue
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        if word.startswith("--"):
            raise NotUnderstood(f"the option {word}")
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in flags:
                found[letter] = ""
            elif letter in valued and letter not in found:
                if not letters and not queue:
                    raise NotUnderstood(f"the option -{letter} without a value")
                found[letter] = letters or queue.pop(0)
                letters = ""
            else:
                raise NotUnderstood(f"the option -{letter}")
    return found, rest


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise NotUnderstood(f"the number {text}")
    return int(text)


def _grep(words: list[str], lines: Lines, *, how: str = "") -> Result:
    words = ["-o" if w == "--only-matching" else w for w in words if not w.startswith("--color")]
    options, rest = _options(words, "vioqwFEPncsax", "emABC")
    pattern = options.get("e")
    if pattern is None:
        if len(rest) != 1:
            raise NotUnderstood("grep on a file")
        pattern = rest[0]
    elif rest:
        raise NotUnderstood("grep on a file")
    if "n" in options:
        raise NotUnderstood("grep -n")
    flags = re.IGNORECASE if "i" in options else 0
    group = 0
    if "F" in options or how == "F":
        wanted = re.compile("|".join(map(re.escape, pattern.split("\n"))), flags)
    elif "P" in options:
        wanted, group = _perl(pattern, flags)
    else:
        wanted = compiled(pattern, extended="E" in options or how == "E", flags=flags)
    if "w" in options:
        wanted = re.compile(rf"(?<!\w)(?:{wanted.pattern})(?!\w)", wanted.flags)
    if "x" in options:
        wanted = re.compile(rf"^(?:{wanted.pattern})$", wanted.flags)
    hits = [i for i, line in enumerate(lines) if bool(wanted.search(line)) != ("v" in options)]
    if "m" in options:
        hits = hits[: _number(options["m"])]
    status = 0 if hits else 1
    if "q" in options:
        return [], status
    if "c" in options:
        return [str(len(hits))], status
    if "o" in options:
        if "v" in options:
            return [], status
        found = [m.group(group) for i in hits for m in wanted.finditer(lines[i])]
        return [text for text in found if text], status
    before = _number(options.get("B", options.get("C", "0")))
    after = _number(options.get("A", options.get("C", "0")))
    if not before and not after:
        return [lines[i] for i in hits], status
    shown = sorted({j for i in hits for j in range(max(0, i - before), i + after + 1)})
    out: Lines = []
    for position, j in enumerate(shown):
        if j < len(lines):
            if position and shown[position - 1] != j - 1:
                out.append("--")
            out.append(lines[j])
    return out, status


def _perl(pattern: str, flags: int) -> tuple[re.Pattern[str], int]:
    r"""A Perl pattern; ``\K`` forgets what was matched before it."""
    group = 0
    if pattern.count(r"\K") == 1:
        head, tail = pattern.split(r"\K")
        pattern, group = f"(?:{head})({tail})", 1 + len(re.findall(r"(?<!\\)\((?!\?)", head))
    if len(pattern) > 200:
        raise NotUnderstood("a long pattern")
    return tamed(pattern, flags), group


def _ranges(text: str) -> Callable[[int, int], list[int]]:
    parts: list[tuple[int, int | None]] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low = _number(first) if first else 1
        parts.append((low, (_number(last) if last else None) if dash else low))

    def chosen(number: int, _: int) -> list[int]:
        return [
            n
            for n in range(1, number + 1)
            if any(a <= n and (b is None or n <= b) for a, b in parts)
        ]

    return chosen


def _cut(words: list[str], lines: Lines) -> Result:
    options, rest = _options(words, "s", "dfcb")
    if rest or ("f" in options) == ("c" in options or "b" in options):
        raise NotUnderstood("cut on a file")
    if "f" not in options:
        chosen = _ranges(options.get("c", options.get("b", "1")))
        return ["".join(line[n - 1] for n in chosen(len(line), 0)) for line in lines], 0
    mark = options.get("d", "\t")
    if len(mark) != 1:
        raise NotUnderstood("cut with a long delimiter")
    chosen = _ranges(options["f"])
    out: Lines = []
    for line in lines:
        parts = line.split(mark)
        if len(parts) == 1:
            out += [] if "s" in options else [line]
        else:
            out.append(mark.join(parts[n - 1] for n in chosen(len(parts), 0)))
    return out, 0


def _head(words: list[str], lines: Lines) -> Result:
    words = [f"-n{w[1:]}" if re.fullmatch(r"-\d+", w) else w for w in words]
    options, rest = _options(words, "", "n")
    if rest:
        raise NotUnderstood("head on a file")
    count = options.get("n", "10")
    if count.startswith("-"):
        return lines[: len(lines) - _number(count[1:])], 0
    return lines[: _number(count)], 0


def _tail(words: list[str], lines: Lines) -> Result:
    words = [f"-n{w[1:]}" if re.fullmatch(r"-\d+", w) else w for w in words]
    if words and re.fullmatch(r"\+\d+", words[0]):
        words = [f"-n{words[0]}", *words[1:]]
    options, rest = _options(words, "", "n")
    if rest:
        raise NotUnderstood("tail on a file")
    count = options.get("n", "10")
    if count.startswith("+"):
        return lines[max(0, _number(count[1:]) - 1) :], 0
    number = _number(count.lstrip("-"))
    return lines[len(lines) - number :] if number < len(lines) else lines, 0


def _set_of(text: str) -> str:
    text = text.replace(r"\n", "\n").replace(r"\t", "\t")
    text = text.replace("[:space:]", " \t\n").replace("[:blank:]", " \t")
    text = re.sub(r"\[:upper:\]", "A-Z", text)
    text = re.sub(r"\[:lower:\]", "a-z", text)
    if "[:" in text or "\\" in text:
        raise NotUnderstood(f"tr {text}")
    return re.sub(
        r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text, flags=re.S
    )


def _tr(words: list[str], lines: Lines) -> Result:
    options, rest = _options(words, "ds", "")
    text = "".join(f"{line}\n" for line in lines)
    if "d" in options and len(rest) == 1 and "s" not in options:
        return text.translate({ord(c): None for c in _set_of(rest[0])}).splitlines(), 0
    if "s" in options and len(rest) == 1:
        if not _set_of(rest[0]):
            raise NotUnderstood("tr with an empty set")
        return re.sub(f"([{re.escape(_set_of(rest[0]))}])\\1+", r"\1", text).splitlines(), 0
    if options or len(rest) != 2:
        raise NotUnderstood("tr with these words")
    old, new = _set_of(rest[0]), _set_of(rest[1])
    if not old or not new:
        raise NotUnderstood("tr with an empty set")
    new += new[-1] * (len(old) - len(new))
    return text.translate({ord(a): b for a, b in zip(old, new, strict=False)}).splitlines(), 0


def _sort(words: list[str], lines: Lines) -> Result:
    if words not in ([], ["-u"]):
        raise NotUnderstood("sort with options")
    return sorted(set(lines) if words else lines), 0


def _uniq(words: list[str], lines: Lines) -> Result:
    if words:
        raise NotUnderstood("uniq with options")
    return [line for i, line in enumerate(lines) if not i or lines[i - 1] != line], 0


def _wc(words: list[str], lines: Lines) -> Result:
    if words != ["-l"]:
        raise NotUnderstood("wc other than -l")
    return [str(len(lines))], 0


def _cat(words: list[str], lines: Lines) -> Result:
    if words:
        raise NotUnderstood("cat of a file")
    return lines, 0


def _xargs(words: list[str], lines: Lines) -> Result:
    if words not in ([], ["echo"]):
        raise NotUnderstood("xargs")
    text = "\n".join(lines)
    if any(c in text for c in "'\"\\"):
        raise NotUnderstood("xargs with quotes")
    return [" ".join(text.split())], 0


_FILTERS: Mapping[str, Callable[[list[str], Lines], Result]] = {
    "grep": _grep,
    "egrep": lambda words, lines: _grep(words, lines, how="E"),
    "fgrep": lambda words, lines: _grep(words, lines, how="F"),
    "awk": awk.run,
    "gawk": awk.run,
    "mawk": awk.run,
    "nawk": awk.run,
    "sed": sed.run,
    "cut": _cut,
    "head": _head,
    "tail": _tail,
    "tr": _tr,
    "sort": _sort,
    "uniq": _uniq,
    "wc": _wc,
    "cat": _cat,
    "xargs": _xargs,
}
