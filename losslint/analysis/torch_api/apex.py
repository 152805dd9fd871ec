"""Mixed precision and distribution by NVIDIA's apex, which older training scripts use."""

from __future__ import annotations

from losslint.analysis.domain.values import NONE, Tuple, Value
from losslint.analysis.torch_api.registry import Op, extern


@extern("apex.amp.initialize")
def _initialize(op: Op) -> Value:
    models, optimizers = op.arg(0, "models"), op.given(1, "optimizers")
    if optimizers is None or optimizers == NONE:
        return models
    return Tuple((models, optimizers))


@extern("apex.amp.scale_loss")
def _scale_loss(op: Op) -> Value:
    return op.arg(0, "loss")


@extern("apex.parallel.DistributedDataParallel", "apex.parallel.convert_syncbn_model")
def _wrapped(op: Op) -> Value:
    return op.arg(0, "module")
