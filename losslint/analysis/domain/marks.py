"""Marks of values: means or sums, over a batch or of probabilities, and what was cut off."""

from __future__ import annotations

BATCH_MEAN = "batch-mean"
"""The mark of a loss that is the mean over a batch, also when it has become a number."""
WRITTEN_MEAN = "written-mean"
"""The mark of a mean over all elements of something that a model gave, as a loss written out is.

It is lost where anything is computed of it that is no such mean, unlike the mark of a criterion.
"""
BATCH_SUM = "batch-sum"
"""The mark of the mean over a batch times the number of samples in it."""
MEAN_SHARE = "mean-share"
"""The mark of the mean over a batch, divided by the number of samples in it once more."""
SUM_SHARE = "sum-share"
"""The mark of the sum over a batch, divided by the number of batches."""
SUM_OF_MANY = "sum-of-many"
"""The mark of a sum of what a loop or a comprehension put into a list."""
ADDED_UP = "added up"
"""The mark of a sum of sigmoids, each of which is a probability of its own: it goes beyond one."""
NO_GRAD = "no_grad"
"""Cuts off what is computed inside; what comes of something unknown there depends on it."""
RESIDUAL = "residual"
"""The mark of what data is away from what a network gives for it, and of its symbol."""
STRAY = "stray"
"""The mark of a parameter that was moved to a device: a tensor there, which is no parameter."""
FORWARD = "forward under no_grad"
"""The operation that cuts off a loss of what a network gave under no_grad, where it is over."""
SUBTRACTED_TOO = "the constant was added to what is subtracted, which can get beyond one"
"""Why a guard is worse than none, as the reason why a value can be zero says it."""
OF_LAST_ROUND = "last index"
"""The kind of reason for which the index of the last round is zero."""
