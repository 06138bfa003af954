"""The doors, for as long as one likes: what `scripts/fuzz` runs.

python -m tests.unit.door.fuzz --help
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import traceback
from pathlib import Path

from tests.unit.door.inputs import DOORS, seeds
from tests.unit.door.mutate import json_mutant, mutant

JSON = ("saved_plan", "signed_plan", "ip_output", "nft_output", "record", "journal")
SLOW = 10.0  # seconds of CPU for one input: a hang, as good as


def main() -> int:
    """Try inputs at each door; the first that crashes one is kept and told."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=f"of {', '.join(DOORS)}; or all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each door")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--atheris", action="store_true", help="guided by coverage; one DOOR")
    parser.add_argument("--input", type=Path, help="only this file, as kept by an earlier run")
    options = parser.parse_args()
    for door in options.doors:
        if door not in DOORS:
            parser.error(f"there is no door {door}")
    doors = options.doors or list(DOORS)
    if options.input:
        for door in doors:
            DOORS[door](options.input.read_bytes())
        return 0
    if options.atheris:
        if len(options.doors) != 1:
            parser.error("--atheris takes one DOOR")
        return _guided(doors[0], options.seconds)
    failed = [door for door in doors if not _by_chance(door, options.seconds, options.seed)]
    return 1 if failed else 0


def _by_chance(door: str, seconds: float, seed: int) -> bool:
    by = random.Random(f"{door} {seed}")
    good, count = seeds()[door], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        make = json_mutant if door in JSON and by.random() < 0.5 else mutant
        data = make(good, by)
        count += 1
        started = time.process_time()
        try:
            DOORS[door](data)
            taken = time.process_time() - started
            assert taken < SLOW, f"it took {taken:.0f} s"
        except Exception:
            kept = Path(f"fuzz-{door}-{count}.bin")
            kept.write_bytes(data)
            traceback.print_exc()
            print(f"{door}: broken by input {count} (--seed {seed}), kept in {kept}")
            return False
    print(f"{door}: {count} inputs, none crashed it or took long (--seed {seed})", flush=True)
    return True


def _guided(door: str, seconds: float) -> int:
    try:
        import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        print("atheris is not installed: pip install atheris", file=sys.stderr)
        return 1
    atheris.instrument_all()
    corpus = Path(f".fuzz-{door}")
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds()[door]):
        (corpus / f"seed-{number}").write_bytes(data)
    words = [sys.argv[0], f"-max_total_time={seconds:.0f}", f"-timeout={SLOW:.0f}", str(corpus)]
    atheris.Setup(words, DOORS[door])
    atheris.Fuzz()
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
