"""Spectrograms of torchaudio, which are zero where there is no sound."""

from __future__ import annotations

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.values import NONE, Instance, Sign, Value, ZeroReason
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.tensors.blending import blend
from losslint.analysis.torch_api.modules import modules
from losslint.analysis.torch_api.registry import GROUPS, Op, method

_SPECTROGRAMS = ("torchaudio.transforms.MelSpectrogram", "torchaudio.transforms.Spectrogram")
_GROUP = "spectrogram"
GROUPS.update(dict.fromkeys(_SPECTROGRAMS, _GROUP))


@modules(*_SPECTROGRAMS)
def _spectrogram(run: Interpreter, module: Instance, args: Args) -> Value:
    made = blend(*args.all()).but(terms=(), trail=None)
    if run.heap.get(module.slots, ("opt", "power")) == NONE:
        return made  # complex numbers
    reason = ZeroReason(run.place(args.node), _GROUP, "the spectrogram of silence is zero")
    return made.but(grad=made.grad and not run.no_grad, sign=Sign.NON_NEGATIVE, zero=reason)


@method(_GROUP, "to", "cuda", "cpu", "float", "half", "double", "train", "eval", "requires_grad_")
def _same(op: Op, target: Instance) -> Value:
    return target
