"""Pictures in plain characters: the path that was taken, and the whole tree."""

from __future__ import annotations

from losslint.advisor.tree import Node, Tree
from losslint.advisor.walking import Origin, Step, Walk

_ORIGINS = {
    Origin.GIVEN: "",
    Origin.ASSUMED: "  (assumed)",
    Origin.DATA: "  (from the data)",
    Origin.SCRIPT: "  (from the script)",
}


def picture_of(walk: Walk) -> str:
    """The steps of a walk, each under the one before it, with the recommendation last."""
    lines: list[str] = []
    for depth, step in enumerate(walk.steps):
        origin = _ORIGINS[step.origin]
        lines.append(f"{_branch(depth)}{step.question.option}: {said(step)}{origin}")
    if walk.leaf is not None:
        lines.append(f"{_branch(len(walk.steps))}{walk.leaf.title}")
    return "\n".join(lines)


def said(step: Step) -> str:
    """The answer of a step, as it is given on the command line."""
    name = step.choice.name
    return name if step.number is None else f"{step.number:g} ({name})"


def _branch(depth: int) -> str:
    return "" if depth == 0 else f"{'   ' * (depth - 1)}└─ "


def whole_tree(tree: Tree) -> str:
    """Every question with its choices, indented, down to the recommendations."""
    root = tree.nodes[tree.root]
    return "\n".join([root.question.asks, *_below(tree, root, "", {root.name})])


def _below(tree: Tree, node: Node, indent: str, shown: set[str]) -> list[str]:
    lines = []
    choices = node.question.choices
    for at, choice in enumerate(choices):
        last = at == len(choices) - 1
        target = node.branches[choice.name]
        stem = f"{indent}{'└─' if last else '├─'} {choice.name}"
        deeper = f"{indent}{'   ' if last else '│  '}"
        if target in tree.leaves:
            lines.append(f"{stem}: {tree.leaves[target].title}")
            continue
        below = tree.nodes[target]
        lines.append(f"{stem}: {below.question.asks}")
        if target in shown:
            lines.append(f"{deeper}└─ (as above)")
            continue
        shown.add(target)
        lines.extend(_below(tree, below, deeper, shown))
    return lines


def mermaid(tree: Tree) -> str:
    """The whole tree as a mermaid flowchart."""
    lines = ["flowchart LR"]
    lines.extend(
        f'  {_id(node.name)}{{"{_escaped(node.question.asks)}"}}' for node in tree.nodes.values()
    )
    lines.extend(f'  {_id(leaf.name)}["{_escaped(leaf.title)}"]' for leaf in tree.leaves.values())
    for node in tree.nodes.values():
        lines.extend(
            f"  {_id(node.name)} -->|{choice}| {_id(target)}"
            for choice, target in node.branches.items()
        )
    return "\n".join(lines)


def _id(name: str) -> str:
    return name.replace("/", "__").replace("-", "_") + "_"


def _escaped(text: str) -> str:
    return text.replace('"', "#quot;")
