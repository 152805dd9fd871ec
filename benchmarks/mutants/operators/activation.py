"""An activation behind the last layer that the loss is not made for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import libcst as cst

from benchmarks.mutants.program import Logits, Loss, Mutant, Program
from benchmarks.mutants.tree import importing, parsed

_HELPER = "finishing"

_FAULTS = {
    Loss.CROSS_ENTROPY: {
        "softmax": {"LOS104"},
        "sigmoid": {"LOS106"},
        "tanh": {"LOS106"},
        "log_softmax": {"LOS105"},
        "relu": {"LOS107"},
    },
    Loss.BINARY_CROSS_ENTROPY: {
        "sigmoid": {"LOS103"},
        "relu": {"LOS107"},
        # behind a single output the softmax is always one, which has a rule of its own
        "softmax": {"LOS110", "LOS109"},
    },
    Loss.SQUARED_ERROR: {"sigmoid": {"LOS206"}, "tanh": {"LOS206"}},
}
"""The activations that do not belong before a loss, and the rules that say so."""
_MODULES = {
    "softmax": "Softmax",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "log_softmax": "LogSoftmax",
    "relu": "ReLU",
}


def in_forward(program: Program) -> Iterator[Mutant]:
    """Applies the activation to what the model returns."""
    for logits in program.logits:
        for activation, codes in _FAULTS[logits.loss].items():
            spoiled = f"torch.{_call(activation, '{}', logits)}"
            for line, text in _with_returned(program, logits, spoiled):
                files = {logits.file: importing(text, "import torch")}
                yield _mutant(program, logits, f"{activation} in forward", line, files, codes)


def in_another_file(program: Program) -> Iterator[Mutant]:
    """Applies the activation in a helper that a new file defines."""
    for logits in program.logits:
        path = PurePosixPath(logits.file)
        helper = str(path.with_name(f"{_HELPER}.py"))
        in_package = str(path.with_name("__init__.py")) in program.files
        statement = f"from {'.' if in_package else ''}{_HELPER} import finish"
        for activation, codes in _FAULTS[logits.loss].items():
            finish = (
                "import torch\n\n\ndef finish(scores):\n"
                f"    return torch.{_call(activation, 'scores', logits)}\n"
            )
            for line, text in _with_returned(program, logits, "finish({})"):
                files = {logits.file: importing(text, statement), helper: finish}
                yield _mutant(program, logits, f"{activation} in another file", line, files, codes)


def as_last_layer(program: Program) -> Iterator[Mutant]:
    """Adds the activation to the last layer as a module."""
    for logits in program.logits:
        if logits.layer is None:
            continue
        tree = parsed(program.files[logits.file])
        for activation, codes in _FAULTS[logits.loss].items():
            module = f"torch.nn.{_call(_MODULES[activation], '', logits)}"
            for assign in tree.nodes(cst.Assign):
                if tree.code(assign.targets[0].target) != logits.layer:
                    continue
                layers = f"torch.nn.Sequential({tree.code(assign.value)}, {module})"
                text = tree.changed({assign.value: cst.parse_expression(layers)})
                files = {logits.file: importing(text, "import torch")}
                line = tree.line(assign)
                yield _mutant(program, logits, f"{activation} as last layer", line, files, codes)


def _call(activation: str, of: str, logits: Logits) -> str:
    has_dim = activation.lower().endswith("softmax")
    given = [of] * bool(of) + [f"dim={logits.class_dim}"] * has_dim
    return f"{activation}({', '.join(given)})"


def _with_returned(program: Program, logits: Logits, template: str) -> Iterator[tuple[int, str]]:
    """The lines of the returns of logits, and the file with the logits made something else."""
    tree = parsed(program.files[logits.file])
    for statement in tree.nodes(cst.Return, tree.function(logits.function)):
        returned = _element(statement.value, logits.element)
        spoiled = cst.parse_expression(template.format(tree.code(returned)))
        yield tree.line(returned), tree.changed({returned: spoiled})


def _element(value: cst.BaseExpression | None, index: int | None) -> cst.BaseExpression:
    if value is not None and index is None:
        return value
    if isinstance(value, cst.Tuple) and index is not None:
        return value.elements[index].value
    if isinstance(value, cst.Call) and index is not None:
        return value.args[index].value
    raise LookupError(f"what is returned has no element {index}")


def _mutant(
    program: Program,
    logits: Logits,
    operator: str,
    line: int,
    files: Mapping[str, str],
    codes: set[str],
) -> Mutant:
    return Mutant(
        program=program,
        operator=operator,
        file=logits.file,
        line=line,
        files={**program.files, **files},
        codes=frozenset(codes),
    )
