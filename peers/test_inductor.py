"""Every loss compiled by inductor. Needs a C++ compiler."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.losses import test_every_batch_loss as batch
from tests.losses import test_every_loss as by_position
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import Case, module

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler")


def compiled(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    torch._dynamo.reset()
    return torch.compile(loss, fullgraph=True)


@batch.every_loss
def test_of_a_batch(case: BatchCase) -> None:
    tensors = batch.cast(case.tensors(), torch.float32)
    loss = case.build(reduction="mean")
    expected = batch.value_and_gradients(loss, tensors)
    torch.testing.assert_close(batch.value_and_gradients(compiled(loss), tensors), expected)


@by_position.every_loss
def test_by_position(case: Case) -> None:
    tensors = by_position.cast(case.tensors(), torch.float32)
    loss = module(case, dtype=torch.float32)
    expected = by_position.value_and_gradient(loss, tensors)
    torch.testing.assert_close(by_position.value_and_gradient(compiled(loss), tensors), expected)
