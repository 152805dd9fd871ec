"""Training scripts put together from the parts in the folder ``scripts``.

A file there is a sequence of sections, each under a line ``# == name``. The frame has all sections
of a script; the family of a recommendation replaces those that differ, and the recommendation
itself fills the placeholders.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template

from losslint.advisor.tables import KnowledgeError
from losslint.advisor.tree import Leaf, Script

_ORDER = ("constants", "data", "model", "criterion", "loss", "train", "first", "score", "main")
_IMPORTS = (
    ("import math", r"\bmath\."),
    ("", ""),
    ("import torch", r"\btorch\."),
    ("{own}", ""),
    ("from torch import nn", r"\bnn\."),
    ("from torch.nn import functional as F", r"\bF\."),
    ("from torch.utils.data import DataLoader, TensorDataset", r"\bDataLoader\b"),
)
"""Each import, in the order that they stand in, and what shows that it is needed."""
_LINES = {"count": 4, "known": 4, "epoch_end": 8}
"""Placeholders for whole lines, which may be none, and how far they are indented."""
_TYPICAL = {"classes": 10.0, "imbalance": 1.0, "tasks": 2.0}


def compose(leaf: Leaf, numbers: Mapping[str, float]) -> str:
    """The script of a recommendation.

    Args:
        leaf: the recommendation.
        numbers: how many classes, how imbalanced, by option.

    Raises:
        KnowledgeError: if a placeholder has no value.
    """
    if leaf.script is None:
        raise KnowledgeError(f"{leaf.name} has no script")
    sections = {**_sections("frame"), **_family(leaf.script.family)}
    values = _values(leaf.script, numbers, sections)
    values["title"] = leaf.title
    main = "compared" if "expected" in values else "plain"
    sections.setdefault("main", sections[f"main {main}"])
    body = "\n\n\n".join(
        _filled(leaf, sections[name], values) for name in _ORDER if sections.get(name)
    )
    opening = _filled(leaf, sections["opening"], values)
    imports = _imports(body, values.get("loss_imports", ""))
    ending = 'if __name__ == "__main__":\n    main()\n'
    return f"{opening}\n\n{imports}\n\n{body}\n\n\n{ending}"


def _values(
    script: Script, numbers: Mapping[str, float], sections: Mapping[str, str]
) -> dict[str, str]:
    shown = {key: f"{number:g}" for key, number in {**_TYPICAL, **numbers}.items()}
    shown["classes"] = str(int({**_TYPICAL, **numbers}["classes"]))
    values: dict[str, str] = {}
    for name in ("frame defaults", "defaults"):
        for line in sections.get(name, "").splitlines():
            key, _, value = line.partition(" = ")
            values[key] = value
    values |= script.values
    for name, depth in _LINES.items():
        lines = values.get(name, "")
        values[name] = textwrap.indent(lines, " " * depth) + "\n" if lines else ""
    return {key: Template(value).safe_substitute(shown) for key, value in (shown | values).items()}


def _filled(leaf: Leaf, section: str, values: Mapping[str, str]) -> str:
    try:
        text = Template(section).substitute(values)
    except (KeyError, ValueError) as problem:
        raise KnowledgeError(f"the script of {leaf.name}: {problem}") from problem
    return re.sub(r"\n{4,}", "\n\n\n", text)


def _imports(body: str, own: str) -> str:
    lines = ["from __future__ import annotations", ""]
    for line, token in _IMPORTS:
        if line == "{own}":
            lines.extend(own.strip().splitlines())
        elif not token or re.search(token, body):
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _family(name: str) -> dict[str, str]:
    """The sections of a family, with those of the one that it extends."""
    sections = _sections(name)
    above = sections.get("extends")
    return {**(_family(above) if above else {}), **sections}


@cache
def _sections(name: str) -> dict[str, str]:
    file = resources.files("losslint.advisor") / "scripts" / f"{name}.txt"
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError as problem:
        raise KnowledgeError(f"there is no family of scripts {name!r}") from problem
    parts = re.split(r"^# == (.*)\n", text, flags=re.MULTILINE)
    return {title: part.strip("\n") for title, part in zip(parts[1::2], parts[2::2], strict=True)}
