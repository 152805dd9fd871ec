"""What IPython understands and Python does not: ``%magic``, ``!command``, ``help?``.

Each such line becomes a statement that does nothing, so that all others keep their places. A ``%``
that begins a line inside brackets, a string or a continued line is an operator, or text.
"""

from __future__ import annotations

import re

_IN_PLACE = frozenset(
    "capture debug memit notify prun pyinstrument scalene snakeviz time timeit wandb".split()
)
"""Cell magics that run the rest of the cell as it stands, in the notebook itself."""
_SUSPECT = re.compile(r"^[ \t\f]*[%!?,;/]|\?|=[ \t]*[!%]", re.MULTILINE)
"""What every line has that is not Python: most cells have none."""
_CELL_MAGIC = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*(?P<line>[ \t]*%%(?P<name>\w*)[^\n]*)")
_ESCAPED = re.compile(r"[ \t\f]*(?=[%!?,;/])")
_COMMAND = re.compile(r"(?:\\\n|[^\n])*")
"""The rest of a line, and what follows it where it ends with a backslash."""
_TIMED = re.compile(
    r"%(?:timeit(?:[ \t]+-[a-z]\d*(?:[ \t]+\d+)?)*|time|prun)(?=[ \t]+(?P<word>[^\s\-!%?]\w*))"
)
"""Line magics that run the statement behind them."""
_COMPOUND = frozenset("async class def for if try while with".split())
_NOTHING = "None;"
"""A statement of its own before the one that is timed, no longer than any magic that times."""
_UNKNOWN = "get_ipython()"
"""What IPython itself puts there is nothing that can be known."""
_BARE = re.compile(
    r"(?:cat|cd|conda|cp|env|history|load_ext|ls|ll|mamba|man|matplotlib|mkdir|mv|pip|pip3|pwd|"
    r"prun|reload_ext|rm|rmdir|run|time|timeit|who|whos)[ \t]+(?=[^ \t])"
    r"(?!\.(?!\.)|[=,:;(\[]|[+\-*/%&|^<>@]+[= \t]|(?:and|if|in|is|not|or)\b)"
)
"""How a cell of one line begins that is a magic without its sign."""
_PROMPT = re.compile(r">>>(?: |\n|$)|In \[\d*\]: ")
"""How a pasted session begins: what IPython runs behind its prompts is left out."""
_TOKEN = re.compile(
    r"""(?P<string>\"\"\"(?:[^\\]|\\[\s\S])*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\[\s\S])*?(?:'''|\Z)
        |"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?)
    |(?P<comment>\#[^\n]*)
    |(?P<continued>\\\n)
    |(?P<end>\n)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<assigned>(?<![=!<>+\-*/%&|^@:])=(?!=)[ \t]*(?=!|%[ \t]*[A-Za-z_]))
    |(?P<help>\?)
    |(?P<space>[ \t\f]+)
    |(?P<code>[^"'\#\\()\[\]{}=?\s]+|[\s\S])
    """,
    re.VERBOSE,
)


def as_python(cell: str) -> str:
    """The code of a cell, on the same lines, with every other line at the same columns.

    Args:
        cell: its text, with ``\\n`` at the ends of lines.
    """
    line = cell.strip()
    if ("\n" not in line and _BARE.match(line)) or _PROMPT.match(line):
        return blank(cell)
    if _SUSPECT.search(cell) is None:
        return cell
    found = _CELL_MAGIC.match(cell)
    if found is None:
        return _without_commands(cell)
    if found["name"] not in _IN_PLACE:
        return blank(cell)
    start, end = found.span("line")
    return f"{cell[:start]}pass{_without_commands(cell[end:])}"


def blank(text: str, instead: str = "") -> str:
    """As many lines as the text has, with nothing but the given words on the first."""
    return instead + "\n" * text.count("\n")


def _without_commands(text: str) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(text):
        piece, at = _logical_line(text, at)
        pieces.append(piece)
    return "".join(pieces)


def _logical_line(text: str, start: int) -> tuple[str, int]:
    """A statement's lines as Python, and where the next ones begin."""
    at = start
    pieces: list[str] = []
    escaped = _ESCAPED.match(text, start)
    if escaped is not None:
        timed = _timed(text, escaped.end())
        if timed is None:
            command = _COMMAND.match(text, escaped.end())
            assert command is not None
            return blank(command[0], escaped[0] + "pass"), command.end()
        pieces += (escaped[0], _NOTHING.ljust(timed - escaped.end()))
        at = timed
    depth = 0
    asks = False
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None
        at = token.end()
        kind = token.lastgroup
        if kind == "end" and not depth:
            return _answered("".join(pieces), asks) + token[0], at
        pieces.append(token[0])
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "assigned" and not depth:
            timed = _timed(text, at)
            if timed is None:
                command = _COMMAND.match(text, at)
                assert command is not None
                pieces.append(blank(command[0], _UNKNOWN))
                at = command.end()
            else:
                pieces.append(" " * (timed - at))
                at = timed
        if kind not in ("space", "comment"):
            asks = kind == "help" and not depth
    return _answered("".join(pieces), asks), at


def _timed(text: str, at: int) -> int | None:
    """Where a magic ends that runs the one simple statement behind it; None for other text."""
    timed = _TIMED.match(text, at)
    return None if timed is None or timed["word"] in _COMPOUND else timed.end()


def _answered(line: str, asks: bool) -> str:
    """A line, or nothing in place of one that asks for help."""
    indent = line[: len(line) - len(line.lstrip())]
    return blank(line, indent + "pass") if asks else line
