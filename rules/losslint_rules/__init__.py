"""The rules that ship with losslint, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint_rules.activation.bce_on_logits import BceOnLogits
from losslint_rules.activation.bce_without_logits import BceWithoutLogits
from losslint_rules.activation.double_sigmoid import DoubleSigmoid
from losslint_rules.activation.implicit_softmax_dim import ImplicitSoftmaxDim
from losslint_rules.activation.log_softmax_before_cross_entropy import LogSoftmaxBeforeCrossEntropy
from losslint_rules.activation.nll_without_log_softmax import NllWithoutLogSoftmax
from losslint_rules.activation.sigmoid_before_cross_entropy import SigmoidBeforeCrossEntropy
from losslint_rules.activation.softmax_before_cross_entropy import SoftmaxBeforeCrossEntropy
from losslint_rules.numerics.exp_overflow import ExpOverflow
from losslint_rules.numerics.log_of_softmax import LogOfSoftmax
from losslint_rules.numerics.manual_softmax import ManualSoftmax
from losslint_rules.numerics.mean_of_empty_selection import MeanOfEmptySelection
from losslint_rules.numerics.unguarded_division import UnguardedDivision
from losslint_rules.numerics.unguarded_log import UnguardedLog
from losslint_rules.numerics.unguarded_sqrt import UnguardedSqrt
from losslint_rules.objective.unweighted_multitask_sum import UnweightedMultitaskSum
from losslint_rules.run.invalid_suppression import InvalidSuppression
from losslint_rules.run.not_analysed import NotAnalysed
from losslint_rules.run.syntax_error import InvalidSyntax
from losslint_rules.run.unused_suppression import UnusedSuppression
from losslint_rules.targets.one_hot_cross_entropy import OneHotCrossEntropy
from losslint_rules.training_loop.missing_zero_grad import MissingZeroGrad
from losslint_rules.training_loop.zero_grad_before_step import ZeroGradBeforeStep
from losslint_rules.training_loop.zero_grad_outside_loop import ZeroGradOutsideLoop

if TYPE_CHECKING:
    from losslint.rule import Rule

RULES: tuple[type[Rule], ...] = (
    BceWithoutLogits,
    BceOnLogits,
    DoubleSigmoid,
    SoftmaxBeforeCrossEntropy,
    LogSoftmaxBeforeCrossEntropy,
    SigmoidBeforeCrossEntropy,
    NllWithoutLogSoftmax,
    ImplicitSoftmaxDim,
    InvalidSuppression,
    NotAnalysed,
    InvalidSyntax,
    UnusedSuppression,
    OneHotCrossEntropy,
    ExpOverflow,
    LogOfSoftmax,
    ManualSoftmax,
    MeanOfEmptySelection,
    UnguardedDivision,
    UnguardedLog,
    UnguardedSqrt,
    UnweightedMultitaskSum,
    MissingZeroGrad,
    ZeroGradBeforeStep,
    ZeroGradOutsideLoop,
)
