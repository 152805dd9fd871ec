"""One loss out of several."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "multi-task"
_PACKAGE = "losslint.losses.multitask."
_ARGUMENTS = (Argument("losses", "a mapping of names to scalars", "floating, of each task"),)


def _example(setup: str, name: str, after: str = "") -> str:
    return f"""import torch
from losslint.losses.multitask import {name}
from torch import nn

shared, depth, labels = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 3)
{setup}
hidden = shared(torch.randn(6, 4))
losses = {{
    "depth": nn.functional.mse_loss(depth(hidden), torch.randn(6, 1)),
    "labels": nn.functional.cross_entropy(labels(hidden), torch.randint(3, (6,))),
}}
loss = combine(losses)
loss.backward()
{after}"""


ENTRIES = (
    Entry(
        "fixed-weights",
        _GROUP,
        "a weighted sum with weights that you choose",
        None,
        _PACKAGE + "FixedWeights",
        "sum w_i L_i",
        _ARGUMENTS,
        "To begin with, and hard to beat once tuned. The inverse of each loss in the first epoch "
        "is a good first guess.",
        "The losses change by orders of magnitude in the training: uncertainty-weighting, "
        "running-normalization.",
        _example('combine = FixedWeights({"depth": 1.0, "labels": 0.5})', "FixedWeights"),
        ("Xin et al., Do Current Multi-Task Optimization Methods Even Help?, 2022",),
    ),
    Entry(
        "uncertainty-weighting",
        _GROUP,
        "weights learned with the network, from the noise of each task",
        None,
        _PACKAGE + "UncertaintyWeighting",
        "sum c_i exp(-s_i) L_i + s_i / 2,  c = 1/2 regression, 1 classification",
        _ARGUMENTS,
        "Tasks of different units and noise, at no cost. Give its parameters to the optimizer, "
        "without weight decay.",
        "A loss can reach 0, as by memorising: its weight then grows without bound.",
        _example(
            'combine = UncertaintyWeighting({"depth": "regression", "labels": "classification"})\n'
            "optimizer = torch.optim.Adam(combine.parameters())  # and the network's",
            "UncertaintyWeighting",
            "optimizer.step()\n",
        ),
        ("Kendall et al., Multi-Task Learning Using Uncertainty, 2018, arXiv:1705.07115",),
    ),
    Entry(
        "gradnorm",
        _GROUP,
        "keeps the tasks' gradients on a shared layer in balance",
        None,
        _PACKAGE + "GradNorm",
        "w descends on sum |G_i - mean(G) r_i^alpha|,  G_i = |grad w_i L_i|",
        _ARGUMENTS,
        "One task drowns out the others, which losslint.losses.training.GradientNormMonitor shows. "
        "It steps its weights itself; no retain_graph is needed.",
        "A backward pass for each task is too much: running-normalization. The gradients point in "
        "opposite directions: torchjd.",
        _example('combine = GradNorm(["depth", "labels"], shared.parameters())', "GradNorm"),
        ("Chen et al., GradNorm, 2018, arXiv:1711.02257",),
    ),
    Entry(
        "dynamic-weight-average",
        _GROUP,
        "more weight to the tasks that have lately fallen least",
        None,
        _PACKAGE + "DynamicWeightAverage",
        "w = T softmax(r / temperature),  r = mean loss of the last epoch / the one before",
        _ARGUMENTS,
        "Losses of like size that fall at different rates. Call end_epoch().",
        "They differ in size: pass normalize=True, or take uncertainty-weighting.",
        _example(
            'combine = DynamicWeightAverage(["depth", "labels"])',
            "DynamicWeightAverage",
            "combine.end_epoch()\n",
        ),
        ("Liu et al., End-to-End Multi-Task Learning with Attention, 2019, arXiv:1803.10704",),
    ),
    Entry(
        "running-normalization",
        _GROUP,
        "losses in units of their own running deviation",
        None,
        _PACKAGE + "RunningNormalization",
        "sum (L_i - mean_i) / max(deviation_i, floor |mean_i|)",
        _ARGUMENTS,
        "Losses of unknown or changing scale, at no cost and with nothing to tune.",
        "The total is to be read as progress: it moves around 0; log the losses.",
        _example('combine = RunningNormalization(["depth", "labels"])', "RunningNormalization"),
        ("Finch, Incremental Calculation of Weighted Mean and Variance, 2009",),
    ),
)
