"""What each process of ``test_distributed.py`` runs: ``python -m ... FOLDER RANK``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from losslint.losses.distributed import gather_with_gradient
from losslint.losses.functional.metric_learning import (
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)
from losslint.losses.multitask import (
    Combiner,
    DynamicWeightAverage,
    GradNorm,
    RunningNormalization,
    UncertaintyWeighting,
)
from tests.losses.cases import randint, randn

SIZES = {"even": (4, 4), "uneven": (5, 2)}
"""How many samples each rank has."""


@dataclass(frozen=True)
class Batch:
    first: Tensor
    second: Tensor
    labels: Tensor


Gather = Callable[[Tensor], Tensor]


def nt_xent(encode: nn.Module, batch: Batch, gather: Gather) -> Tensor:
    return nt_xent_loss(gather(encode(batch.first)), gather(encode(batch.second)))


def info_nce(encode: nn.Module, batch: Batch, gather: Gather) -> Tensor:
    return info_nce_loss(gather(encode(batch.first)), gather(encode(batch.second)), symmetric=True)


def supervised(encode: nn.Module, batch: Batch, gather: Gather) -> Tensor:
    return supervised_contrastive_loss(gather(encode(batch.first)), gather(batch.labels))


LOSSES: dict[str, Callable[[nn.Module, Batch, Gather], Tensor]] = {
    "nt-xent": nt_xent,
    "info-nce": info_nce,
    "supervised": supervised,
}
COMBINERS: dict[str, Callable[[nn.Linear], Combiner]] = {
    "uncertainty": lambda shared: UncertaintyWeighting({"a": "regression", "b": "classification"}),
    "gradnorm": lambda shared: GradNorm(["a", "b"], shared.parameters()),
    "dynamic": lambda shared: DynamicWeightAverage(["a", "b"]),
    "running": lambda shared: RunningNormalization(["a", "b"]),
}


def whole_batch(sizes: str) -> Batch:
    count = sum(SIZES[sizes])
    return Batch(randn(count, 6), randn(count, 6, seed=1), randint(3, count))


def encoder() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(6, 3, bias=False, dtype=torch.float64)


def weights_after_training(name: str, mine: slice) -> dict[str, float]:
    """The weights of a combiner after some calls with these rows of eight."""
    shared = encoder()
    combine = COMBINERS[name](shared)
    learned = list(combine.parameters())
    for step in range(3):
        hidden = shared(randn(8, 6, seed=step)[mine])
        losses = {"a": hidden.square().mean(), "b": (50 * hidden).exp().log1p().mean()}
        total = combine(losses)
        if learned:
            torch.autograd.backward(total)
            torch.optim.SGD(learned, lr=0.1).step()
            combine.zero_grad()
        if isinstance(combine, DynamicWeightAverage):
            combine.end_epoch()
    return combine.weights()


def measured(rank: int) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for sizes, counts in SIZES.items():
        start = sum(counts[:rank])
        mine = slice(start, start + counts[rank])
        batch = whole_batch(sizes)
        batch = Batch(batch.first[mine], batch.second[mine], batch.labels[mine])
        for name, loss_of in LOSSES.items():
            model = encoder()
            loss = loss_of(model, batch, gather_with_gradient)
            (gradient,) = torch.autograd.grad(loss, [model.weight])
            # As DistributedDataParallel does.
            dist.all_reduce(gradient)
            results[f"{name}-{sizes}"] = {
                "loss": loss.item(),
                "gradient": (gradient / dist.get_world_size()).tolist(),
            }
        results["labels"] = gather_with_gradient(batch.labels).tolist()
    for name in COMBINERS:
        results[name] = weights_after_training(name, slice(4 * rank, 4 * rank + 4))
    return results


def main(folder: Path, rank: int) -> None:
    torch.set_num_threads(1)
    meeting = (folder / "meeting").as_uri()
    dist.init_process_group(
        "gloo", init_method=meeting, rank=rank, world_size=2, timeout=timedelta(seconds=200)
    )
    (folder / f"{rank}.json").write_text(json.dumps(measured(rank)), "utf-8")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    # A thread of torch's that still runs when Python shuts down can end the process with SIGABRT.
    os._exit(0)
