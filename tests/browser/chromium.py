"""A headless Chromium, spoken to in its own protocol over a pipe: no driver, port or library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 30.0  # seconds


def find() -> str | None:
    """The browser, ``None`` where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One tab of a new browser with a new profile.

    ``requests`` are the addresses that it asked for, ``complaints`` what it wrote on its console
    and the exceptions that nobody caught.
    """

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, from_us = os.pipe()
        from_browser, to_us = os.pipe()
        program = find()
        assert program is not None

        def on_three_and_four() -> None:
            # The ends may be 3 and 4 already, or in each other's way: move them up first.
            ends = [os.dup2(fd, 60 + n) for n, fd in enumerate((to_browser, to_us))]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=on_three_and_four,
            close_fds=False,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(to_us)
        self._write, self._read, self._buffer = from_us, from_browser, b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._session = ""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def close(self) -> None:
        """End the browser."""
        for fd in (self._write, self._read):
            os.close(fd)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    # ------------------------------------------------------------ the protocol

    def _ask(self, method: str, **values: Any) -> Any:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next(PATIENCE)
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _next(self, patience: float) -> dict[str, Any]:
        until = time.monotonic() + patience
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise EOFError("the browser is gone")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._hear(message)
        return message

    def _hear(self, message: dict[str, Any]) -> None:
        values = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(values["request"]["url"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"{values['type']}: {values['args']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(values["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(json.dumps(values["entry"]))
            case "Page.loadEventFired":
                self._events.append(message)

    # ------------------------------------------------------------ what a reader does

    def open(self, file: Path, hash_: str = "") -> None:
        """Go to a file, and wait until it is there."""
        self._events.clear()
        self._ask("Page.navigate", url="about:blank")
        self._ask("Page.navigate", url=f"file://{file}{hash_}")
        self.until(lambda: self.run("document.readyState") == "complete" and self._events != [])

    def run(self, code: str) -> Any:
        """The value of an expression in the page (a promise is waited for)."""
        answer = self._ask(
            "Runtime.evaluate",
            expression=code, returnByValue=True, awaitPromise=True, userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until something holds."""
        until = time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < until, "it did not come about"
            time.sleep(0.02)

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press and release a key, as the keyboard does."""
        codes = {
            "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "Tab": 9, "Enter": 13,
        }  # fmt: skip
        code = codes.get(key, ord(key.upper()[0]))
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent",
                type=kind, key=key, windowsVirtualKeyCode=code, modifiers=modifiers,
                **(text if kind == "keyDown" else {}),
            )  # fmt: skip

    def click(self, selector: str) -> None:
        """Click in the middle of an element, as a mouse does."""
        box = self.run(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2] }})"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._ask(
                "Input.dispatchMouseEvent",
                type=kind, x=box[0], y=box[1], button="left", clickCount=1,
            )  # fmt: skip

    def allow_clipboard(self) -> None:
        """Let the page write and read the clipboard."""
        session, self._session = self._session, ""
        self._ask(
            "Browser.grantPermissions",
            permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
        )
        self._session = session

    def emulate(self, media: str = "", **features: str) -> None:
        """Another medium (print), or a reader's preference."""
        listed = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self._ask("Emulation.setEmulatedMedia", media=media, features=listed)

    def without_script(self) -> None:
        """From the next page on, no script runs."""
        self._ask("Emulation.setScriptExecutionDisabled", value=True)

    def picture(self, whole: bool = False) -> bytes:
        """What is seen, as PNG."""
        answer = self._ask("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        """What is printed."""
        return base64.b64decode(self._ask("Page.printToPDF")["data"])

    def accessible(self) -> list[dict[str, Any]]:
        """The tree that a screen reader gets: the nodes that are not left out of it."""
        self._ask("Accessibility.enable")
        nodes = self._ask("Accessibility.getFullAXTree")["nodes"]
        return [n for n in nodes if not n.get("ignored")]
