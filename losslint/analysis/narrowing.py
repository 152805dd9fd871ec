"""What a test that succeeded says of the values that it tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.values import DType, Extern, Sign, Tensor, Unknown, ZeroReason

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_SAME = (cst.Is, cst.Equal)


def narrow(run: Interpreter, test: cst.BaseExpression) -> None:
    """Gives variables what is known of them where a test succeeded.

    ``x.dtype is torch.bool``: x is a mask.
    """
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return
    asked, comparison = test.left, test.comparisons[0]
    if (
        isinstance(asked, cst.Attribute)
        and asked.attr.value == "dtype"
        and isinstance(asked.value, cst.Name)
        and isinstance(comparison.operator, _SAME)
        and run.eval(comparison.comparator) == Extern("torch.bool")
    ):
        value = run.eval(asked.value)
        if isinstance(value, Unknown):
            reason = ZeroReason(run.place(test), "mask", "a mask may select nothing", value.key)
            mask = Tensor(
                mask=reason, sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False, deps=value.deps
            )
            run.assign(asked.value, mask)
