"""The rules that ship with losslint, one file each."""

from __future__ import annotations

from losslint.rule import Rule
from losslint_rules.numerics.log_of_softmax import LogOfSoftmax
from losslint_rules.numerics.unguarded_division import UnguardedDivision
from losslint_rules.numerics.unguarded_log import UnguardedLog
from losslint_rules.objective.unweighted_multitask_sum import UnweightedMultitaskSum
from losslint_rules.training_loop.missing_zero_grad import MissingZeroGrad
from losslint_rules.training_loop.zero_grad_before_step import ZeroGradBeforeStep
from losslint_rules.training_loop.zero_grad_outside_loop import ZeroGradOutsideLoop

RULES: tuple[type[Rule], ...] = (
    LogOfSoftmax,
    UnguardedDivision,
    UnguardedLog,
    UnweightedMultitaskSum,
    MissingZeroGrad,
    ZeroGradBeforeStep,
    ZeroGradOutsideLoop,
)
