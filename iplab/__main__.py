"""``python -m iplab``, and the program `iplab`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line."""
    # A large lab is many small values that all live to the end, and so is what is imported:
    # looking again and again for garbage among them takes a fifth of the time.
    gc.set_threshold(1_000_000, 50, 100)
    from iplab import cli

    cli.main()


if __name__ == "__main__":
    main()
