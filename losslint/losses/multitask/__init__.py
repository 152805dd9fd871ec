"""One loss out of several, with weights that are fixed, learned or measured.

Every combiner has one interface:

>>> import torch
>>> combine = FixedWeights({"depth": 1.0, "labels": 0.5})
>>> combine({"depth": torch.tensor(4.0), "labels": torch.tensor(2.0)})
tensor(5.)
>>> combine.weights()
{'depth': 1.0, 'labels': 0.5}

========================  ======================  ========================  =====================
combiner                  who moves the weights   sees losses of different  costs
                                                  scale
========================  ======================  ========================  =====================
FixedWeights              nobody                  as you weigh them         nothing
UncertaintyWeighting      your optimizer          yes, learns the scale     nothing
GradNorm                  each call, itself       yes                       a backward pass down
                                                                            to the shared layer
                                                                            for each task
DynamicWeightAverage      ``end_epoch()``         with ``normalize=True``   nothing
RunningNormalization      each call, itself       yes                       nothing
========================  ======================  ========================  =====================

What holds for all of them:

- **Automatic mixed precision.** Pass the losses unscaled and scale the total
  (``scaler.scale(combine(losses)).backward()``). The arithmetic is done in float32, also under
  autocast. The combiners that measure pass over a loss that is not finite.
- **Gradient accumulation.** Divide the total, not the losses: ``(combine(losses) / steps)``. A
  combiner that measures takes every micro-batch as one measurement.
- **DistributedDataParallel.** What is measured is averaged over the ranks, so that the weights are
  the same on all of them, inside or outside of the wrapped module. Hence every rank has to make
  every call in training mode.
- **Evaluation.** After ``combine.eval()``, and under ``torch.no_grad()``, the weights stay as they
  are and nothing is communicated.
- ``state_dict()`` holds all that a resumed run needs.

Where the tasks' gradients point in conflicting directions, no weights help: torchjd has the methods
that work on the gradients themselves (PCGrad, CAGrad, UPGrad and others).
:class:`losslint.losses.training.GradientNormMonitor` says whether that is so.
"""

from __future__ import annotations

from losslint.losses.multitask.combiner import Combiner
from losslint.losses.multitask.dynamic_average import DynamicWeightAverage
from losslint.losses.multitask.fixed import FixedWeights
from losslint.losses.multitask.gradnorm import GradNorm
from losslint.losses.multitask.running import RunningNormalization
from losslint.losses.multitask.uncertainty import UncertaintyWeighting

__all__ = [
    "Combiner",
    "DynamicWeightAverage",
    "FixedWeights",
    "GradNorm",
    "RunningNormalization",
    "UncertaintyWeighting",
]
