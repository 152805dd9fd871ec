"""Two processes with half a batch each do what one process does with the whole batch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from losslint.losses.distributed import gather_with_gradient, mean_over_ranks
from tests.losses import two_ranks

pytestmark = pytest.mark.skipif(not dist.is_available(), reason="torch without torch.distributed")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """What each of two processes measured; they meet in a file, so that no port can be taken."""
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", two_ranks.__name__, str(folder)]
    processes = [
        subprocess.Popen([*command, str(rank)], stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, error in zip(processes, errors, strict=True):
        assert process.returncode == 0, error
    return {rank: json.loads(Path(folder, f"{rank}.json").read_text("utf-8")) for rank in range(2)}


@pytest.mark.parametrize("name", two_ranks.LOSSES)
@pytest.mark.parametrize("sizes", two_ranks.SIZES)
def test_the_loss_and_the_gradient_are_those_of_the_whole_batch(
    results: dict[int, dict[str, Any]], name: str, sizes: str
) -> None:
    batch = two_ranks.whole_batch(sizes)
    encoder = two_ranks.encoder()
    loss = two_ranks.LOSSES[name](encoder, batch, lambda values: values)
    (gradient,) = torch.autograd.grad(loss, [encoder.weight])
    for rank in range(2):
        measured = results[rank][f"{name}-{sizes}"]
        assert measured["loss"] == pytest.approx(loss.item(), rel=1e-9)
        torch.testing.assert_close(
            torch.tensor(measured["gradient"], dtype=torch.float64), gradient
        )


@pytest.mark.parametrize("name", two_ranks.COMBINERS)
def test_combiners_measure_the_whole_batch(results: dict[int, dict[str, Any]], name: str) -> None:
    expected = two_ranks.weights_after_training(name, slice(None))
    for rank in range(2):
        assert results[rank][name] == pytest.approx(expected, rel=1e-4)


def test_labels_are_gathered_in_the_order_of_the_ranks(results: dict[int, dict[str, Any]]) -> None:
    labels = two_ranks.whole_batch("uneven").labels.tolist()
    assert results[0]["labels"] == results[1]["labels"] == labels


def test_alone_nothing_is_gathered() -> None:
    values = torch.ones(3, 2, requires_grad=True)
    assert gather_with_gradient(values) is values
    assert not mean_over_ranks(values).requires_grad


def test_a_scalar_has_no_rows() -> None:
    with pytest.raises(ValueError, match=r"`values` must be of at least one dim.*unsqueeze"):
        gather_with_gradient(torch.tensor(1.0))
