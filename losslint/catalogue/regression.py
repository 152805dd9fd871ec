"""Losses of quantities."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "regression"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_INPUT = Argument("input", "any", "predictions, floating, in the unit of the target")
_TARGET = Argument("target", "as input", "quantities, no broadcasting")
_MASK = Argument("mask", "as input", "optional, torch.bool: True where an element counts")
_WEIGHT = Argument("weight", "as input", "optional, at least 0")
_OURS = (_INPUT, _TARGET, _MASK, _WEIGHT)


def _example(module: str, options: str = "", target: str = "torch.rand(8, 1) + 0.1") -> str:
    source = "losslint.losses" if module in _NAMES else "torch.nn"
    return f"""import torch
from {source} import {module}

criterion = {module}({options})
prediction = torch.rand(8, 1, requires_grad=True)
loss = criterion(prediction, {target})
loss.backward()
"""


_NAMES = frozenset(
    "LogCoshLoss CharbonnierLoss MAPELoss SMAPELoss MaskedMSELoss RMSELoss MSLELoss "
    "TweedieLoss".split()
)


ENTRIES = (
    Entry(
        "mse",
        _GROUP,
        "the squared error; torch's own",
        "torch.nn.functional.mse_loss",
        "torch.nn.MSELoss",
        "(x - y)^2",
        (_INPUT, _TARGET),
        "The mean is what should be predicted, and errors are about normal. Scale the target "
        "first: losslint.losses.TargetScaler.",
        "Some targets are far out: huber or l1. Elements are missing: masked-mse.",
        _example("MSELoss"),
        ("torch.nn.MSELoss",),
    ),
    Entry(
        "l1",
        _GROUP,
        "the absolute error; torch's own",
        "torch.nn.functional.l1_loss",
        "torch.nn.L1Loss",
        "|x - y|",
        (_INPUT, _TARGET),
        "The median is what should be predicted: outliers hardly matter.",
        "Precision near the target matters: its gradient does not fall; huber, log-cosh.",
        _example("L1Loss"),
        ("torch.nn.L1Loss",),
    ),
    Entry(
        "huber",
        _GROUP,
        "square near 0, absolute beyond; torch's own",
        "torch.nn.functional.huber_loss",
        "torch.nn.HuberLoss",
        "e^2 / 2 where |e| < delta, delta (|e| - delta / 2) else,  e = x - y",
        (_INPUT, _TARGET),
        "The first choice where some targets are far out. Delta is the error from which on they "
        "are, in the unit of the target.",
        "Outliers are what matters: mse.",
        _example("HuberLoss", "delta=1.0"),
        ("Huber, Robust Estimation of a Location Parameter, 1964",),
    ),
    Entry(
        "log-cosh",
        _GROUP,
        "Huber without a corner in its slope",
        _FUNCTIONS + "log_cosh_loss",
        _LOSSES + "LogCoshLoss",
        "log cosh(x - y)",
        _OURS,
        "As huber with delta 1, and second derivatives are needed, as by boosting or L-BFGS.",
        "The target is not scaled: huber, whose delta can be set.",
        _example("LogCoshLoss"),
        ("keras.losses.LogCosh",),
    ),
    Entry(
        "charbonnier",
        _GROUP,
        "the absolute error, rounded at 0",
        _FUNCTIONS + "charbonnier_loss",
        _LOSSES + "CharbonnierLoss",
        "sqrt((x - y)^2 + eps^2)",
        _OURS,
        "Super-resolution, denoising and optical flow: sharp as l1, smooth at 0.",
        "The loss of a perfect prediction should be 0: huber.",
        _example("CharbonnierLoss", "eps=1e-3"),
        ("Lai et al., LapSRN, 2017, arXiv:1704.03915",),
    ),
    Entry(
        "masked-mse",
        _GROUP,
        "the squared error of what counts, weighed",
        _FUNCTIONS + "masked_mse_loss",
        _LOSSES + "MaskedMSELoss",
        "sum w m (x - y)^2 / sum w m",
        _OURS,
        "Targets are missing (NaN under the mask is fine), or elements have weights.",
        "All count the same: mse.",
        """import torch
from losslint.losses import MaskedMSELoss

criterion = MaskedMSELoss()
prediction = torch.rand(4, requires_grad=True)
target = torch.tensor([1.0, torch.nan, 0.5, 2.0])
loss = criterion(prediction, target, mask=~target.isnan())
loss.backward()
""",
        ("torch.nn.MSELoss",),
    ),
    Entry(
        "rmse",
        _GROUP,
        "the root of the mean squared error",
        _FUNCTIONS + "rmse_loss",
        _LOSSES + "RMSELoss",
        "sqrt(mean (x - y)^2)",
        (_INPUT, _TARGET, _MASK),
        "A term in the unit of the target is needed, or the root of each sample (dim=...).",
        "It is only to be reported: train on mse, take the root in the report. Gradients no longer "
        "fall as the error does.",
        _example("RMSELoss"),
        ("torch.nn.MSELoss",),
    ),
    Entry(
        "mape",
        _GROUP,
        "the absolute error as a fraction of the target",
        _FUNCTIONS + "mape_loss",
        _LOSSES + "MAPELoss",
        "|x - y| / max(|y|, floor)",
        _OURS,
        "Errors count in percent, and targets are well away from 0.",
        "Targets come near 0: they decide everything; smape or msle. It favours predictions that "
        "are too low.",
        _example("MAPELoss", "floor=0.1"),
        ("Makridakis, Accuracy Measures, 1993",),
    ),
    Entry(
        "smape",
        _GROUP,
        "the absolute error as a fraction of prediction and target",
        _FUNCTIONS + "smape_loss",
        _LOSSES + "SMAPELoss",
        "2 |x - y| / max(|x| + |y|, floor)",
        _OURS,
        "As mape, with targets near 0; the score of several forecasting competitions.",
        "Signs may differ: it is 2 there, without gradient.",
        _example("SMAPELoss", "floor=0.1"),
        ("Makridakis, Accuracy Measures, 1993",),
    ),
    Entry(
        "msle",
        _GROUP,
        "the squared error of logarithms",
        _FUNCTIONS + "msle_loss",
        _LOSSES + "MSLELoss",
        "(log(1 + x) - log(1 + y))^2",
        _OURS,
        "Targets grow over orders of magnitude, such as prices and counts of views.",
        "The model may predict -1 or less: let it predict the logarithm (log_input=True).",
        _example("MSLELoss"),
        ("sklearn.metrics.mean_squared_log_error",),
    ),
    Entry(
        "quantile",
        _GROUP,
        "the pinball loss, whose best prediction is a quantile",
        _FUNCTIONS + "quantile_loss",
        _LOSSES + "QuantileLoss",
        "max(q (y - x), (q - 1) (y - x))",
        (
            Argument("input", "any; (N, Q, *) for several quantiles", "predictions, floating"),
            Argument("target", "as input; (N, *)", "quantities"),
            Argument("mask", "as target", "optional, torch.bool: True where an element counts"),
            Argument("weight", "as target", "optional, at least 0"),
        ),
        "A range is needed, not a number; or too little costs more than too much.",
        "Quantiles must not cross: nothing here forbids it; sort them, or predict differences.",
        """import torch
from losslint.losses import QuantileLoss

criterion = QuantileLoss([0.1, 0.5, 0.9])
prediction = torch.rand(8, 3, requires_grad=True)
loss = criterion(prediction, torch.rand(8))
loss.backward()
""",
        ("Koenker and Bassett, Regression Quantiles, 1978",),
    ),
    Entry(
        "poisson-nll",
        _GROUP,
        "counts; torch's own",
        "torch.nn.functional.poisson_nll_loss",
        "torch.nn.PoissonNLLLoss",
        "exp(x) - y x",
        (
            Argument("input", "any", "the logarithm of the rate, floating (log_input)"),
            Argument("target", "as input", "counts, 0 or more"),
        ),
        "Counts of events, such as calls an hour.",
        "The counts vary far more than their mean: tweedie, or a negative binomial.",
        _example("PoissonNLLLoss", "", "torch.randint(5, (8, 1)).float()"),
        ("torch.nn.PoissonNLLLoss",),
    ),
    Entry(
        "tweedie",
        _GROUP,
        "amounts that are often 0 and else skewed",
        _FUNCTIONS + "tweedie_loss",
        _LOSSES + "TweedieLoss",
        "2 (y^(2-p) / ((1-p)(2-p)) - y m^(1-p) / (1-p) + m^(2-p) / (2-p)),  m = exp(x)",
        (
            Argument("input", "any", "the logarithm of the mean, floating (log_input)"),
            Argument("target", "as input", "amounts, 0 or more"),
            _MASK,
            _WEIGHT,
        ),
        "Insurance claims, rain, sales of slow products.",
        "Amounts are never 0: mse of their logarithm.",
        _example("TweedieLoss", "power=1.5"),
        ("Jorgensen, Exponential Dispersion Models, 1987",),
    ),
    Entry(
        "gaussian-nll",
        _GROUP,
        "a mean and how sure it is; torch's own",
        "torch.nn.functional.gaussian_nll_loss",
        "torch.nn.GaussianNLLLoss",
        "(log v + (x - y)^2 / v) / 2",
        (
            _INPUT,
            _TARGET,
            Argument("var", "as input", "variances, above 0: a softplus or exp of an output"),
        ),
        "The noise differs from example to example and is to be predicted as well.",
        "Training stalls at large variances: begin with mse.",
        """import torch
from torch import nn

criterion = nn.GaussianNLLLoss()
mean, log_variance = torch.randn(8, 2, requires_grad=True).unbind(1)
loss = criterion(mean, torch.randn(8), log_variance.exp())
loss.backward()
""",
        ("Nix and Weigend, Estimating the Mean and Variance, 1994",),
    ),
)
