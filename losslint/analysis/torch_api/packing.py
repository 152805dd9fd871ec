"""Sequences of several lengths in one batch: packed without their padding, and padded again."""

from __future__ import annotations

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.sizes import ANY, rank
from losslint.analysis.domain.values import UNKNOWN, Extern, Sign, Tensor, Tuple, Unknown, Value
from losslint.analysis.torch_api.registry import Op, extern, over_alternatives
from losslint.analysis.torch_api.unknown import call_unknown

_PACKED = "packed"
"""The first part of a symbol that stands for sequences that were packed; the second is what."""


@extern("torch.nn.utils.rnn.pack_padded_sequence")
def _pack(op: Op) -> Value:
    def packed(args: Args) -> Value:
        given = Op(op.run, op.name, args).arg(0, "input")
        made = call_unknown(op.run, Extern(op.name), args)
        if not isinstance(given, Tensor) or not isinstance(made, Unknown):
            return made
        return Unknown((_PACKED, given), made.deps, made.lost, made.why, made.grad)

    return over_alternatives(op.args, packed)


@extern("torch.nn.utils.rnn.pad_packed_sequence")
def _pad(op: Op) -> Value:
    """What was packed comes back as it was, with zeros for its padding."""

    def padded(args: Args) -> Value:
        given = Op(op.run, op.name, args).arg(0, "sequence")
        made = call_unknown(op.run, Extern(op.name), args)
        key = given.key if isinstance(given, Unknown) else None
        if not isinstance(key, tuple) or key[0] != _PACKED or not isinstance(key[1], Tensor):
            return made
        return Tuple((_with_zeros(key[1]), UNKNOWN))

    return over_alternatives(op.args, padded)


def _with_zeros(given: Tensor) -> Tensor:
    """Zeros are the padding now; the batch may come second, and its longest sequence is cut."""
    sizes = (None, None, *given.sizes[2:]) if rank(given.sizes) else ANY
    sign = Sign.NON_NEGATIVE if given.sign is Sign.POSITIVE else given.sign
    return given.but(sizes=sizes, sign=sign)
