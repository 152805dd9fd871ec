"""A recommendation as a markdown page, and as a document for other programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from losslint.advisor.evidence.verdict import Evidence
from losslint.advisor.picture import picture_of
from losslint.advisor.start import first_value, in_words
from losslint.advisor.tree import Avoid, Leaf, Tree
from losslint.advisor.walking import Walk


def markdown(
    tree: Tree, walk: Walk, leaf: Leaf, rules: Collection[str], evidence: Evidence | None = None
) -> str:
    """The page of a recommendation.

    Args:
        tree: the tree that it is from.
        walk: the way that led to it.
        leaf: the recommendation.
        rules: the codes of the rules that are installed; others are not named.
        evidence: what a file of labels said.
    """
    parts = [
        f"# {leaf.title}",
        *_seen(evidence),
        _fenced(f"{leaf.loss}\n\n{leaf.call}", "python"),
        leaf.why,
        _bullets(_facts(walk, leaf)),
        "## How it was chosen",
        _fenced(picture_of(walk), "text"),
        *_assumptions(walk),
        "## After training",
        _fenced(leaf.inference, "python") if "\n" in leaf.inference else f"{leaf.inference}.",
        "## What to measure",
        _bullets(leaf.metrics),
    ]
    if leaf.alternatives:
        parts += [
            "## What else, and when",
            _bullets(
                [f"If {other.when}: **{other.use}**; {other.why}." for other in leaf.alternatives]
            ),
        ]
    if leaf.avoid:
        parts += ["## What not to do", _bullets([_avoided(avoid, rules) for avoid in leaf.avoid])]
    if leaf.notes:
        parts += ["## Where it is less clear", *leaf.notes]
    parts += ["## References", _bullets([tree.references[key] for key in leaf.references])]
    return "\n\n".join(parts) + "\n"


def document(
    tree: Tree, walk: Walk, leaf: Leaf, rules: Collection[str], evidence: Evidence | None = None
) -> dict[str, Any]:
    """The recommendation as JSON has it."""
    start = {
        "formula": leaf.start.formula,
        "value": first_value(leaf.start, walk.numbers()),
        "says": leaf.start.says,
    }
    return {
        "path": [
            {
                "option": step.question.option,
                "asks": step.question.asks,
                "answer": step.choice.name,
                "number": step.number,
                "origin": step.origin.value,
            }
            for step in walk.steps
        ],
        "unused": list(walk.unused),
        "evidence": None
        if evidence is None
        else {"facts": list(evidence.facts), "weights": evidence.weights},
        "recommendation": {
            "name": leaf.name,
            "title": leaf.title,
            "why": leaf.why,
            "loss": leaf.loss,
            "call": leaf.call,
            "head": leaf.head,
            "target": leaf.target,
            "weights": leaf.weights,
            "sampler": leaf.sampler,
            "first_loss": start,
            "inference": leaf.inference,
            "metrics": list(leaf.metrics),
            "alternatives": [
                {"when": other.when, "use": other.use, "why": other.why}
                for other in leaf.alternatives
            ],
            "avoid": [
                {
                    "what": avoid.what,
                    "why": avoid.why,
                    "rule": avoid.rule if avoid.rule in rules else None,
                }
                for avoid in leaf.avoid
            ],
            "notes": list(leaf.notes),
            "references": [tree.references[key] for key in leaf.references],
        },
    }


def _seen(evidence: Evidence | None) -> list[str]:
    if evidence is None:
        return []
    parts = ["## What is there", _bullets(evidence.facts)]
    if evidence.weights is not None:
        parts.append(_fenced(evidence.weights, "python"))
    return [*parts, "## What to do"]


def _assumptions(walk: Walk) -> list[str]:
    assumed = walk.assumed()
    if not assumed:
        return []
    options = ", ".join(
        f"`--{step.question.option} {'|'.join(choice.name for choice in step.question.choices)}`"
        for step in assumed
    )
    return [f"What is assumed can be said otherwise: {options}."]


def _facts(walk: Walk, leaf: Leaf) -> list[str]:
    facts = [f"**Head**: {leaf.head}", f"**Target**: {leaf.target}"]
    if leaf.weights is not None:
        facts.append(f"**Weights**: {leaf.weights}")
    if leaf.sampler is not None:
        facts.append(f"**Sampler**: {leaf.sampler}")
    facts.append(f"**First loss**: {in_words(leaf.start, walk.numbers())}")
    return facts


def _avoided(avoid: Avoid, rules: Collection[str]) -> str:
    found_by = f" Found by {avoid.rule}." if avoid.rule in rules else ""
    return f"{avoid.what}: {avoid.why}.{found_by}"


def _fenced(code: str, language: str) -> str:
    return f"```{language}\n{code}\n```"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
