"""Weights of models that a program overwrites, with what it read or kept before."""

from __future__ import annotations

from losslint.analysis.domain.values import NONE, UNKNOWN, Instance, Value
from losslint.analysis.torch_api.optim import owners_of
from losslint.analysis.torch_api.registry import Op, extern, method
from losslint.analysis.training.handling import note_handling, parts_of
from losslint.analysis.training.trace import SetWeights


@method("module", "load_state_dict")
def _load_state_dict(op: Op, target: Instance) -> Value:
    note_handling(op.run, parts_of(target), op.name)
    op.run.act(SetWeights(op.run.place(op.node), parts_of(target)))
    return UNKNOWN


@extern("torch.nn.utils.vector_to_parameters",
        "torch.nn.utils.convert_parameters.vector_to_parameters")  # fmt: skip
def _vector_to_parameters(op: Op) -> Value:
    op.run.act(SetWeights(op.run.place(op.node), owners_of(op.run, op.arg(1, "parameters"))))
    return NONE
