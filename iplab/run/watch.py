"""Following changes: an `ip monitor` in each namespace says that something is different there."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Collection
from types import TracebackType

from iplab.names import HOST
from iplab.run.machine import environment, program
from iplab.run.netns import namespaces

NAMES = 0.5  # seconds between two looks at the names of namespaces
QUIET = 0.1  # seconds without news after which a change counts as done
LONGEST = 1.0  # and how long news may go on before it is shown all the same


class Watch:
    """Waits for changes of devices, addresses and routes, and of the namespaces' names.

    A context: its monitors end with it.
    """

    def __init__(self) -> None:
        self._monitors: dict[str, subprocess.Popen[bytes]] = {}
        self._selector = selectors.DefaultSelector()

        self._named: dict[str, str] = {}

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for node in list(self._monitors):
            self._stop(node)
        self._selector.close()

    def follow(self, nodes: Collection[str]) -> None:
        """Listen in these namespaces, and in no others."""
        self._named = namespaces()
        for node in [n for n in self._monitors if n not in nodes]:
            self._stop(node)
        for node in nodes:
            if node not in self._monitors:
                where = () if node == HOST else ("-n", node)
                self._start(node, ("ip", *where, "monitor", "link", "address", "route"))

    def wait(self) -> None:
        """Return when something has changed and come to rest."""
        # `ip netns monitor` keeps what it says in its buffer, so names are looked at now and then.
        while not self._drain(NAMES) and namespaces() == self._named:
            pass
        until = time.monotonic() + LONGEST
        while time.monotonic() < until and self._drain(QUIET):
            pass

    def _drain(self, timeout: float) -> bool:
        ready = self._selector.select(timeout)
        for key, _ in ready:
            if not os.read(key.fd, 65536):
                self._stop(str(key.data))  # it has ended: its namespace is gone
        return bool(ready)

    def _start(self, name: str, argv: tuple[str, ...]) -> None:
        process = subprocess.Popen(
            argv,
            executable=program("ip"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            process_group=0,
        )
        assert process.stdout is not None
        self._monitors[name] = process
        self._selector.register(process.stdout, selectors.EVENT_READ, name)

    def _stop(self, name: str) -> None:
        process = self._monitors.pop(name)
        assert process.stdout is not None
        self._selector.unregister(process.stdout)
        process.kill()
        process.stdout.close()
        process.wait()
