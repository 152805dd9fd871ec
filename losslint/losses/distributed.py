"""What a loss needs from the other processes of a ``torch.distributed`` run."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed

from losslint.losses._contract import describe, fail

__all__ = ["gather_with_gradient", "mean_over_ranks"]


def gather_with_gradient(values: Tensor, group: Any = None) -> Tensor:
    r"""Concatenates what all ranks pass along the first dimension, in the order of the ranks.

    ``torch.distributed.all_gather`` gives no gradient to the other ranks' rows, so a contrastive
    loss over its result trains each encoder on its own rows only. Here each rank gets back the sum
    over the ranks of the gradients with regard to its rows. With a loss over the gathered rows that
    is a mean, the average of the parameters' gradients over the ranks (what
    ``DistributedDataParallel`` makes) is the gradient of that loss over the whole batch:

    >>> from losslint.losses.functional import nt_xent_loss
    >>> first, second = torch.eye(4), torch.eye(4)  # what the encoder gives on this rank
    >>> loss = nt_xent_loss(gather_with_gradient(first), gather_with_gradient(second))

    Without an initialised process group, or with one rank, the values come back as they are.

    Args:
        values: :math:`(N, *)`. :math:`N` may differ between the ranks, the other sizes and the
            dtype may not. Integers (labels) may be gathered, too.
        group: the process group, by default the whole world.

    Shape:
        :math:`(\sum_r N_r, *)`.

    Raises:
        ValueError: if ``values`` has no dimension to gather along.
    """
    if values.dim() == 0:
        fail(
            "values",
            "of at least one dimension, to gather along (values.unsqueeze(0) has one)",
            describe(values),
        )
    if _world_size(group) == 1:
        return values
    gathered: Tensor = _Gather.apply(values, group)  # type: ignore[no-untyped-call]
    return gathered


def mean_over_ranks(values: Tensor, group: Any = None) -> Tensor:
    """The mean over the ranks, without a gradient, or ``values`` where there is but one process.

    Every rank has to call it, with a tensor of the same shape and dtype.
    """
    size = _world_size(group)
    if size == 1:
        return values.detach()
    total = values.detach().clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total, group=group)
    return total / size


def _world_size(group: Any) -> int:
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size(group)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, group: Any) -> Tensor:
        size, rank = distributed.get_world_size(group), distributed.get_rank(group)
        count = torch.tensor([values.shape[0]], device=values.device)
        counts = [torch.empty_like(count) for _ in range(size)]
        distributed.all_gather(counts, count, group=group)
        lengths = [int(length) for length in counts]
        # The last batch of an epoch may be shorter on some ranks, and all_gather wants equal sizes.
        padded = values.new_zeros((max(lengths), *values.shape[1:]))
        padded[: values.shape[0]] = values
        parts = [torch.empty_like(padded) for _ in range(size)]
        distributed.all_gather(parts, padded, group=group)
        ctx.group = group
        ctx.start, ctx.length = sum(lengths[:rank]), lengths[rank]
        return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total, group=ctx.group)
        return total[ctx.start : ctx.start + ctx.length], None
