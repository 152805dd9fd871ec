"""When a softmax does without the maximum of its logits."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import extremes

LEAST_PROBABILITY = 2.0**-106
"""From here on an exponential over a tame sum has all its digits: float32 has 2 ** -126."""

_LEAST_SUM = 2.0**-20
_LARGEST_SUM = 2.0**40


def are_tame(sums: Tensor) -> bool:
    """Whether sums of exponentials of logits themselves are as good as those of logits less the
    largest: no exponential that matters has overflowed or lost digits, and none is NaN.

    Args:
        sums: at least one, on a CPU.
    """
    least, largest = extremes(sums)
    return least > _LEAST_SUM and largest < _LARGEST_SUM
