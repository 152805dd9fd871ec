"""The questions in a real terminal: arrow keys, a step back, not sure, leaving."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect", reason="needs a POSIX terminal")

DOWN, ENTER, CTRL_C = "\x1b[B", "\r", "\x03"
SECONDS = 60


class Terminal:
    """losslint, run in a terminal of the given width."""

    def __init__(self, folder: Path, width: int, *arguments: str) -> None:
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "losslint", "advise", *arguments],
            cwd=str(folder),
            dimensions=(40, width),
            encoding="utf-8",
            timeout=SECONDS,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1"},
        )

    def expect(self, text: str) -> None:
        """Waits for the words of a text, however the terminal breaks or colours them."""
        gap = r"(?:\s|\x1b\[[0-9;?]*[a-zA-Z])+"
        self._child.expect(gap.join(re.escape(word) for word in text.split()))

    def press(self, *keys: str) -> None:
        for key in keys:
            self._child.send(key)

    def end(self) -> int:
        self._child.expect(pexpect.EOF)
        self._child.close()
        assert self._child.exitstatus is not None
        return int(self._child.exitstatus)

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


def start(started: list[Terminal], folder: Path, *arguments: str, width: int = 100) -> Terminal:
    started.append(Terminal(folder, width, *arguments))
    return started[-1]


@pytest.mark.parametrize("width", [100, 40])
def test_a_session_with_a_step_back(started: list[Terminal], tmp_path: Path, width: int) -> None:
    terminal = start(started, tmp_path, width=width)
    terminal.expect("What does the model have to do?")
    terminal.press(DOWN, ENTER)
    terminal.expect("How many classes")
    terminal.press("back", ENTER)
    terminal.expect("What does the model have to do?")
    terminal.press(ENTER)
    terminal.expect("some (5 to 20%)")
    terminal.press(DOWN, ENTER)
    terminal.expect("smoothed targets")
    terminal.expect("References")
    assert terminal.end() == 0


def test_not_sure_says_how_to_find_out_and_goes_on(started: list[Terminal], tmp_path: Path) -> None:
    terminal = start(started, tmp_path, "--noise", "low")
    terminal.expect("What does the model have to do?")
    terminal.press(DOWN, ENTER)
    terminal.expect("How many classes")
    terminal.press("1", ENTER)
    terminal.expect("or a number above 1")
    terminal.press("\x7f", "7", ENTER)
    terminal.expect("How many times as frequent")
    terminal.press(DOWN, DOWN, DOWN, DOWN, ENTER)
    terminal.expect("How to find out: Count the training labels")
    terminal.expect("imbalance: none (assumed)")
    assert terminal.end() == 0


def test_answers_that_are_given_are_not_asked_for(started: list[Terminal], tmp_path: Path) -> None:
    terminal = start(started, tmp_path, "--task", "binary")
    terminal.expect("Binary cross entropy on logits")
    assert terminal.end() == 0


def test_leaving_prints_no_traceback(started: list[Terminal], tmp_path: Path) -> None:
    terminal = start(started, tmp_path)
    terminal.expect("What does the model have to do?")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
