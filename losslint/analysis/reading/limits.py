"""What libcst cannot parse in reasonable time, memory or depth, found before it tries.

Measured with libcst 1.9: its time is quadratic to cubic in the length of a chain of operators,
attributes and calls and in the depth of brackets, where it also takes gigabytes and then dies of a
stack overflow, which no ``except`` catches; it doubles with every bracket of a pattern in a
``match`` statement. What people and generators write is far from all of these limits.

A quick look clears nearly every line at one hundredth of the cost of parsing it. A line that it
does not clear is scanned token by token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_BRACKETS = 200
MAX_CHAIN = 1_000
MAX_PATTERN = 12
MAX_CUT_STRINGS = 50
MAX_EFFORT = 60_000_000
"""Of a file: the squares of what is long or deep in it, which makes some 30 seconds of parsing."""

_STRING = (
    r'"""(?:[^"\\]+|\\.|"(?!""))*(?:"""|\\?\Z)'
    r"|'''(?:[^'\\]+|\\.|'(?!''))*(?:'''|\\?\Z)"
    r'|"(?:[^"\\\n]+|\\.)*"?'
    r"|'(?:[^'\\\n]+|\\.)*'?"
)
"""A string from its first quote; one that is never closed goes on to the end of line or file."""
_BLANK = "\x01"
"""What a string is replaced by, so that a line can be looked at without what is in its strings."""
_OPAQUE = re.compile(rf"{_STRING}|#[^\n]*|\\\n", re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<string>{_STRING}|{_BLANK})|(?P<skip>#[^\n]*|\\\n)|(?P<open>[\[({{])|(?P<close>[\])}}])"
    r"|(?P<line>\n)|(?P<end>[;,])|(?P<colon>:(?!=))|(?P<dot>\.(?=\s*[^\W\d]))"
    r"|(?P<word>\b(?:if|else|not|and|or|in|is|await|lambda|case)\b)|(?P<join>[-+*/%@|&^~<>=:]+)",
    re.DOTALL,
)
_CASE = re.compile(r"[ \t\f]*case\b")
_PREFIXES = frozenset(("", *"bfrtu", "br", "rb", "fr", "rf", "rt", "tr"))
_WORDS = ("else", "not")
_MARKS = (
    bytes.maketrans(b"[]{}", b"()()"),
    bytes(set(range(256)) - set(b"\n\x01[](){}.,;+-*/%@|&^~<>=")),
)
"""Translates code to what can make it long or deep, with one kind of brackets."""
_CHEAP_CHAIN = 100
_CHEAP_DEPTH = 20
_DEPTH_COST = 30
"""What a level of brackets costs in links of a chain, both being squared."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Something that is too long or too deep, and where it is."""

    line: int
    column: int
    message: str


def excess(text: str) -> Excess | None:
    """The first thing in a text that makes it unsafe to parse; None if there is none."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_plain(text):
        return None
    try:
        _Scan().read(text)
    except _Exceeded as found:
        line = text.count("\n", 0, found.offset) + 1
        return Excess(line, found.offset - text.rfind("\n", 0, found.offset), found.message)
    return None


def _is_plain(text: str) -> bool:
    """Whether no line can be near a limit, by what it holds at most or by a scan of its own."""
    if text.count("lambda") > MAX_BRACKETS or any(text.count(word) > MAX_CHAIN for word in _WORDS):
        return False
    intricate: list[str] = []

    def blank(match: re.Match[str]) -> str:
        string = match[0]
        if string[0] in "#\\":
            return ""
        if "{" in string and _is_formatted(match.string, match.start()):
            if len(string) > MAX_BRACKETS or _is_cut(string):
                intricate.append(string)
        return _BLANK

    code = _OPAQUE.sub(blank, text)
    lines = code.split("\n")
    cases: set[int] = set()
    if "case" in code:
        cases.update(number for number, line in enumerate(lines) if _CASE.match(line))
    if sum(map(_is_cut, intricate)) > MAX_CUT_STRINGS:
        return False
    scan = _Scan()
    try:
        for string in intricate:
            scan.formatted(string, 0)
        depth = marks = peak = first = effort = 0
        compact = code.encode("ascii", "replace").translate(*_MARKS)
        for number, line in enumerate(compact.split(b"\n")):
            if not line:
                continue
            if not depth:
                first = number
                marks = peak = 0
            marks += len(line)
            opened = line.count(b"(")
            peak = max(peak, depth + opened)
            depth = max(0, depth + opened - line.count(b")"))
            if depth:
                continue
            if marks > MAX_CHAIN or peak > MAX_BRACKETS or (first in cases and peak):
                scan.read("\n".join(lines[first : number + 1]))
            elif marks > _CHEAP_CHAIN:
                effort += _effort(marks, peak)
        if depth:
            scan.read("\n".join(lines[first:]))
    except _Exceeded:
        return False
    return scan.effort + effort <= MAX_EFFORT


def _effort(chain: int, depth: int) -> int:
    """What parsing something costs, roughly in half microseconds; nothing if it is common."""
    cost = chain * chain if chain > _CHEAP_CHAIN else 0
    return cost + _DEPTH_COST * depth * depth if depth > _CHEAP_DEPTH else cost


def _is_formatted(text: str, start: int) -> bool:
    """Whether the string whose quotes start there may hold expressions."""
    return any(letter in "fFtT" for letter in text[max(0, start - 2) : start])


def _is_cut(string: str) -> bool:
    """Whether an f-string ends inside its braces: what ended it begins one with the same quotes."""
    return string.count("{") > string.count("}")


class _Exceeded(Exception):
    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


@dataclass(slots=True)
class _Level:
    """What was seen between two brackets since the last comma or line end."""

    joins: int = 0
    trailers: int = 0
    lambdas: int = 0
    """Lambdas whose colon is still to come: one stands in the parameters of another."""


@dataclass(slots=True)
class _Scan:
    """A scan of tokens that adds up what parsing them will cost."""

    effort: int = 0
    levels: list[_Level] = field(default_factory=lambda: [_Level()])
    strings: int = 0
    cut_strings: int = 0
    pattern: int = -1
    """Brackets open in the pattern of a case, a brace being two; -1 outside of patterns."""
    deepest: int = 0

    def read(self, text: str) -> None:
        """Scans a text that starts outside of all brackets.

        Raises:
            _Exceeded: at the first place that goes over a limit.
        """
        self._next_line(0)
        previous, ended = "line", 0
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "skip":
                continue
            start = token.start()
            if kind == "string":
                adjoins = text[ended:start].strip().lower() in _PREFIXES
                self.strings = self.strings + 1 if previous == "string" and adjoins else 1
                self._check(self.strings, "strings in a row", start)
                if "{" in token[0] and _is_formatted(text, start):
                    self.formatted(token[0], start)
                    self.cut_strings += _is_cut(token[0])
                    if self.cut_strings > MAX_CUT_STRINGS:
                        raise _Exceeded(start, "f-strings nested too deep")
            elif kind == "open":
                is_trailer = text[start - 1 : start].isidentifier() or (
                    previous in ("close", "string") and not text[ended:start].strip()
                )
                self._open(token[0], start, is_trailer)
            elif kind == "close":
                self._close(token[0], start)
            elif kind == "line":
                if len(self.levels) > 1:
                    continue
                self._next_line(start)
            else:
                self._inside(kind, token[0], start, previous)
            previous, ended = kind or "", token.end()
        self._next_line(ended)

    def formatted(self, string: str, offset: int) -> None:
        """Scans what stands between the braces of an f-string.

        Raises:
            _Exceeded: if that goes over a limit.
        """
        depth = marks = peak = 0
        skip = False
        for place, letter in enumerate(string):
            if skip:
                skip = False
            elif not depth and letter in "{}" and string[place + 1 : place + 2] == letter:
                skip = True
            elif letter == "{" or (depth and letter in "(["):
                depth += 1
                peak = max(peak, depth)
                self._check_depth(depth, offset)
            elif depth and letter in "}])":
                depth -= 1
                if not depth:
                    self._spend(_effort(marks, peak), offset)
                    marks = peak = 0
            elif depth and letter in "+-*/%@|&^~<>=.":
                marks += 1
                self._check(marks, "operators in an f-string", offset)

    def _open(self, bracket: str, start: int, is_trailer: bool) -> None:
        if is_trailer:
            self._trailer(start)
        if self.pattern >= 0:
            self.pattern += 2 if bracket == "{" else 1
            if self.pattern > MAX_PATTERN:
                raise _Exceeded(start, f"a pattern nested more than {MAX_PATTERN} deep")
        self.levels.append(_Level())
        self.deepest = max(self.deepest, len(self.levels) - 1)
        self._check_depth(len(self.levels) - 1, start)

    def _close(self, bracket: str, start: int) -> None:
        if len(self.levels) > 1:
            self._settle(self.levels.pop(), start)
            if self.pattern > 0:
                self.pattern -= 2 if bracket == "}" else 1

    def _inside(self, kind: str | None, word: str, start: int, previous: str) -> None:
        level = self.levels[-1]
        if kind == "end":
            self._settle(level, start)
        elif kind == "dot":
            self._trailer(start)
        elif kind == "colon":
            level.lambdas = max(0, level.lambdas - 1)
            if len(self.levels) == 1:
                self.pattern = -1
        elif word == "case":
            if previous == "line":
                self.pattern = 0
        else:
            if word == "lambda":
                level.lambdas += 1
                if level.lambdas > MAX_BRACKETS:
                    raise _Exceeded(start, f"lambdas nested more than {MAX_BRACKETS} deep")
            self._spend(_effort(level.trailers, 0), start)
            level.trailers = 0
            # signs in a row are as many operators, other marks in a row are one
            level.joins += len(word) if not word.strip("+-~") else 1
            self._check(level.joins, "operators in a row", start)

    def _trailer(self, start: int) -> None:
        level = self.levels[-1]
        level.trailers += 1
        self._check(level.trailers, "attributes and calls in a row", start)

    def _next_line(self, start: int) -> None:
        for level in self.levels:
            self._settle(level, start)
        self._spend(_effort(0, self.deepest), start)
        self.levels = [_Level()]
        self.deepest = self.cut_strings = 0
        self.pattern = -1

    def _settle(self, level: _Level, start: int) -> None:
        self._spend(_effort(level.joins, 0) + _effort(level.trailers, 0), start)
        level.joins = level.trailers = 0

    def _spend(self, effort: int, start: int) -> None:
        self.effort += effort
        if self.effort > MAX_EFFORT:
            raise _Exceeded(start, "too many long chains and deep brackets")

    def _check_depth(self, depth: int, offset: int) -> None:
        if depth > MAX_BRACKETS:
            raise _Exceeded(offset, f"brackets nested more than {MAX_BRACKETS} deep")

    def _check(self, number: int, what: str, offset: int) -> None:
        if number > MAX_CHAIN:
            raise _Exceeded(offset, f"more than {MAX_CHAIN:,} {what}")
