"""What happens in a program that a rule may want to know.

The interpreter emits these; rules subscribe to them. An event carries the values involved, so that
no rule has to walk a tree.
"""

from __future__ import annotations

from typing import TypeAlias

from losslint.analysis.events.losses import (
    FLOW,
    CriterionBuilt,
    CustomLoss,
    Family,
    ImplicitDim,
    LearnedWeight,
    LossCall,
    LossCalls,
    LossCase,
    LossSum,
    LossTerm,
    Operation,
    OperationInLoss,
    OperationKind,
)
from losslint.analysis.events.training import (
    Accumulation,
    AccuracyAlone,
    Backpropagation,
    ClipFault,
    Cut,
    ForcedGradient,
    GradientClip,
    IdleStep,
    LostGradients,
    MissingCall,
    MissingStep,
    Objective,
    ScalerFault,
    StrayParameter,
    TotalAlone,
    TrainingLoop,
    UnclippedRecurrence,
    UnheldModel,
    UnscaledAccumulation,
    UntrainedParameters,
    UnusedLoss,
    VanishingWeight,
    WrongAverage,
    WrongCount,
    Zeroing,
)

__all__ = [
    "FLOW",
    "Accumulation",
    "AccuracyAlone",
    "Backpropagation",
    "ClipFault",
    "CriterionBuilt",
    "CustomLoss",
    "Cut",
    "Event",
    "Family",
    "ForcedGradient",
    "GradientClip",
    "IdleStep",
    "ImplicitDim",
    "LearnedWeight",
    "LossCall",
    "LossCalls",
    "LossCase",
    "LossSum",
    "LossTerm",
    "LostGradients",
    "MissingCall",
    "MissingStep",
    "Objective",
    "Operation",
    "OperationInLoss",
    "OperationKind",
    "ScalerFault",
    "StrayParameter",
    "Told",
    "TotalAlone",
    "TrainingLoop",
    "UnclippedRecurrence",
    "UnheldModel",
    "UnscaledAccumulation",
    "UntrainedParameters",
    "UnusedLoss",
    "VanishingWeight",
    "WrongAverage",
    "WrongCount",
    "Zeroing",
]

Told: TypeAlias = (
    CriterionBuilt
    | CustomLoss
    | OperationInLoss
    | ImplicitDim
    | LossSum
    | TrainingLoop
    | Accumulation
    | Backpropagation
    | ForcedGradient
    | MissingCall
    | IdleStep
    | MissingStep
    | UntrainedParameters
    | StrayParameter
    | Objective
    | AccuracyAlone
    | TotalAlone
    | ScalerFault
    | VanishingWeight
    | WrongAverage
    | UnusedLoss
    | UnscaledAccumulation
    | LostGradients
    | UnclippedRecurrence
    | UnheldModel
    | GradientClip
)
"""What rules are told of as it was met."""
Event: TypeAlias = LossCalls | Told
