"""The rules that ship with losslint, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint_rules.activation.bce_on_logits import BceOnLogits
from losslint_rules.activation.bce_without_logits import BceWithoutLogits
from losslint_rules.activation.ctc_without_log_softmax import CtcWithoutLogSoftmax
from losslint_rules.activation.double_sigmoid import DoubleSigmoid
from losslint_rules.activation.implicit_softmax_dim import ImplicitSoftmaxDim
from losslint_rules.activation.kl_div_input_not_log import KlDivInputNotLog
from losslint_rules.activation.kl_div_mean_reduction import KlDivMeanReduction
from losslint_rules.activation.log_softmax_before_cross_entropy import LogSoftmaxBeforeCrossEntropy
from losslint_rules.activation.nll_without_log_softmax import NllWithoutLogSoftmax
from losslint_rules.activation.relu_on_logits import ReluOnLogits
from losslint_rules.activation.sigmoid_before_cross_entropy import SigmoidBeforeCrossEntropy
from losslint_rules.activation.softmax_before_cross_entropy import SoftmaxBeforeCrossEntropy
from losslint_rules.activation.softmax_over_batch import SoftmaxOverBatch
from losslint_rules.activation.softmax_over_one_class import SoftmaxOverOneClass
from losslint_rules.activation.softmax_with_bce import SoftmaxWithBce
from losslint_rules.numerics.epsilon_outside import EpsilonOutside
from losslint_rules.numerics.epsilon_too_small import EpsilonTooSmall
from losslint_rules.numerics.exp_overflow import ExpOverflow
from losslint_rules.numerics.log_of_softmax import LogOfSoftmax
from losslint_rules.numerics.manual_bce import ManualBce
from losslint_rules.numerics.manual_softmax import ManualSoftmax
from losslint_rules.numerics.mean_of_empty_selection import MeanOfEmptySelection
from losslint_rules.numerics.unguarded_division import UnguardedDivision
from losslint_rules.numerics.unguarded_domain import UnguardedDomain
from losslint_rules.numerics.unguarded_log import UnguardedLog
from losslint_rules.numerics.unguarded_sqrt import UnguardedSqrt
from losslint_rules.numerics.where_guarded_division import WhereGuardedDivision
from losslint_rules.objective.accuracy_on_imbalance import AccuracyOnImbalance
from losslint_rules.objective.averaged_by_wrong_count import AveragedByWrongCount
from losslint_rules.objective.custom_loss_template import CustomLossTemplate
from losslint_rules.objective.double_imbalance_correction import DoubleImbalanceCorrection
from losslint_rules.objective.imbalance_ignored import ImbalanceIgnored
from losslint_rules.objective.non_scalar_backward import NonScalarBackward
from losslint_rules.objective.sum_reduction import SumReduction
from losslint_rules.objective.task_losses_not_monitored import TaskLossesNotMonitored
from losslint_rules.objective.unregularized_loss_weight import UnregularizedLossWeight
from losslint_rules.objective.unused_loss import UnusedLoss
from losslint_rules.objective.unweighted_multitask_sum import UnweightedMultitaskSum
from losslint_rules.run.invalid_suppression import InvalidSuppression
from losslint_rules.run.not_analysed import NotAnalysed
from losslint_rules.run.syntax_error import InvalidSyntax
from losslint_rules.run.unused_suppression import UnusedSuppression
from losslint_rules.targets.bounded_output_for_unbounded_target import (
    BoundedOutputForUnboundedTarget,
)
from losslint_rules.targets.broadcast_in_regression_loss import BroadcastInRegressionLoss
from losslint_rules.targets.class_dimension_not_second import ClassDimensionNotSecond
from losslint_rules.targets.float_cross_entropy_target import FloatCrossEntropyTarget
from losslint_rules.targets.integer_bce_target import IntegerBceTarget
from losslint_rules.targets.labels_out_of_range import LabelsOutOfRange
from losslint_rules.targets.loss_class_called_as_function import LossClassCalledAsFunction
from losslint_rules.targets.one_hot_cross_entropy import OneHotCrossEntropy
from losslint_rules.targets.swapped_loss_arguments import SwappedLossArguments
from losslint_rules.targets.unnormalized_regression_target import UnnormalizedRegressionTarget
from losslint_rules.training_loop.accumulation_without_scaling import (
    AccumulationWithoutScaling,
)
from losslint_rules.training_loop.clip_before_unscale import ClipBeforeUnscale
from losslint_rules.training_loop.clip_on_loss import ClipOnLoss
from losslint_rules.training_loop.clip_out_of_order import ClipOutOfOrder
from losslint_rules.training_loop.forced_requires_grad import ForcedRequiresGrad
from losslint_rules.training_loop.grad_scaler_protocol import GradScalerProtocol
from losslint_rules.training_loop.loss_accumulates_graph import LossAccumulatesGraph
from losslint_rules.training_loop.missing_backward import MissingBackward
from losslint_rules.training_loop.missing_step import MissingStep
from losslint_rules.training_loop.missing_zero_grad import MissingZeroGrad
from losslint_rules.training_loop.no_gradient_to_loss import NoGradientToLoss
from losslint_rules.training_loop.optimizer_of_other_model import OptimizerOfOtherModel
from losslint_rules.training_loop.recurrent_without_clipping import RecurrentWithoutClipping
from losslint_rules.training_loop.step_not_called import StepNotCalled
from losslint_rules.training_loop.weights_not_optimized import WeightsNotOptimized
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
    ReluOnLogits,
    SoftmaxOverOneClass,
    SoftmaxWithBce,
    SoftmaxOverBatch,
    CtcWithoutLogSoftmax,
    KlDivInputNotLog,
    KlDivMeanReduction,
    ImplicitSoftmaxDim,
    InvalidSuppression,
    NotAnalysed,
    InvalidSyntax,
    UnusedSuppression,
    IntegerBceTarget,
    FloatCrossEntropyTarget,
    BroadcastInRegressionLoss,
    SwappedLossArguments,
    BoundedOutputForUnboundedTarget,
    UnnormalizedRegressionTarget,
    LabelsOutOfRange,
    ClassDimensionNotSecond,
    LossClassCalledAsFunction,
    OneHotCrossEntropy,
    EpsilonOutside,
    EpsilonTooSmall,
    ExpOverflow,
    LogOfSoftmax,
    ManualBce,
    ManualSoftmax,
    MeanOfEmptySelection,
    UnguardedDivision,
    UnguardedDomain,
    UnguardedLog,
    UnguardedSqrt,
    WhereGuardedDivision,
    UnweightedMultitaskSum,
    AccumulationWithoutScaling,
    UnregularizedLossWeight,
    DoubleImbalanceCorrection,
    SumReduction,
    ImbalanceIgnored,
    AccuracyOnImbalance,
    TaskLossesNotMonitored,
    CustomLossTemplate,
    ClipBeforeUnscale,
    ClipOnLoss,
    ClipOutOfOrder,
    LossAccumulatesGraph,
    MissingZeroGrad,
    ZeroGradBeforeStep,
    ZeroGradOutsideLoop,
    NoGradientToLoss,
    RecurrentWithoutClipping,
    StepNotCalled,
    ForcedRequiresGrad,
    NonScalarBackward,
    AveragedByWrongCount,
    UnusedLoss,
    MissingBackward,
    MissingStep,
    OptimizerOfOtherModel,
    WeightsNotOptimized,
    GradScalerProtocol,
)
