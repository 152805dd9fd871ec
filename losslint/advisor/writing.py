"""Writes recommendations: laid out on a terminal, as markdown or JSON elsewhere."""

from __future__ import annotations

import json
import sys

from losslint.advisor.evidence.verdict import Evidence
from losslint.advisor.pages import document, markdown
from losslint.advisor.picture import mermaid, whole_tree
from losslint.advisor.symptoms import document as symptom_document
from losslint.advisor.symptoms import find_symptom
from losslint.advisor.symptoms import markdown as symptom_page
from losslint.advisor.tree import Leaf, Question, Tree
from losslint.advisor.walking import Walk
from losslint.rule import installed_rules


def write_advice(
    tree: Tree, walk: Walk, leaf: Leaf, output_format: str, evidence: Evidence | None = None
) -> None:
    """Writes one recommendation in the format."""
    rules = {rule.code for rule in installed_rules()}
    if output_format == "json":
        write_json(document(tree, walk, leaf, rules, evidence))
        return
    write_page(markdown(tree, walk, leaf, rules, evidence), output_format)


def write_symptom(name: str, output_format: str) -> None:
    """Writes how to find the cause of a symptom.

    Raises:
        UserError: if there is no such symptom.
    """
    symptom = find_symptom(name)
    rules = {rule.code for rule in installed_rules()}
    if output_format == "json":
        write_json(symptom_document(symptom, rules))
    else:
        write_page(symptom_page(symptom, rules), output_format)


def write_tree(tree: Tree, output_format: str) -> None:
    """Writes the whole tree: indented, as a mermaid flowchart, or as its paths in JSON."""
    if output_format == "json":
        write_json(
            {
                "paths": [
                    {
                        "answers": {node.question.option: choice.name for node, choice in path},
                        "recommendation": leaf.name,
                        "title": leaf.title,
                    }
                    for path, leaf in tree.paths()
                ]
            }
        )
        return
    if output_format == "mermaid":
        sys.stdout.write(f"{mermaid(tree)}\n")
        return
    text = whole_tree(tree)
    sys.stdout.write(f"```text\n{text}\n```\n" if output_format == "markdown" else f"{text}\n")


def write_json(document: object) -> None:
    """Writes one JSON document and nothing else."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_page(page: str, output_format: str) -> None:
    """Writes a markdown page, laid out if it goes to a terminal and text is wanted."""
    if output_format == "markdown" or not sys.stdout.isatty():
        sys.stdout.write(page)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page))


def choices_of(question: Question) -> str:
    """A line for each choice of a question, as it is given on the command line."""
    width = max(len(choice.name) for choice in question.choices)
    return "".join(
        f"  --{question.option} {choice.name:<{width}}  {choice.says}\n"
        for choice in question.choices
    )
