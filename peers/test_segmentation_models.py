"""Losses of segmentation against segmentation-models-pytorch.

Their package imports torchvision, which has to fit the build of torch to the letter; their losses
do not need it, and are imported without the rest.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from losslint.losses import functional as ours
from tests.losses.cases import randint, randn

SEEDS = range(3)
CLASSES = 5


@pytest.fixture(scope="module")
def smp() -> Any:
    name = "segmentation_models_pytorch"
    found = find_spec(name)
    if found is None or found.submodule_search_locations is None:
        pytest.skip(f"{name} is not installed")
    package = ModuleType(name)
    package.__path__ = list(found.submodule_search_locations)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, name, package)
        yield importlib.import_module(f"{name}.losses")


def one_image(seed: int) -> tuple[Tensor, Tensor]:
    """A batch of one, over which theirs sums: with the last class in no target."""
    return 2 * randn(1, CLASSES, 8, 9, seed=seed), randint(CLASSES - 1, 1, 8, 9, seed=seed)


@pytest.mark.parametrize("name", ["dice", "jaccard", "tversky"])
@pytest.mark.parametrize("seed", SEEDS)
def test_regions(seed: int, name: str, smp: Any) -> None:
    """Theirs counts a class that is not in the target as 0, whatever is predicted."""
    logits, target = one_image(seed)
    theirs = {
        "dice": smp.DiceLoss("multiclass"),
        "jaccard": smp.JaccardLoss("multiclass"),
        "tversky": smp.TverskyLoss("multiclass", alpha=0.2, beta=0.9),
    }[name](logits, target)
    options: dict[str, float] = {"alpha": 0.2, "beta": 0.9} if name == "tversky" else {}
    loss = getattr(ours, f"{name}_loss")
    got = loss(logits, target, mode="multiclass", smooth=0, average="present", **options)
    torch.testing.assert_close(got * (CLASSES - 1) / CLASSES, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_dice_of_a_mask(seed: int, smp: Any) -> None:
    """Theirs is Tversky's of 0.5 and 0.5, in which the same smoothing is twice as much."""
    logits, target = 2 * randn(1, 1, 8, 9, seed=seed), randint(2, 1, 1, 8, 9, seed=seed)
    theirs = smp.DiceLoss("binary", smooth=3.0)(logits, target)
    torch.testing.assert_close(ours.dice_loss(logits, target, mode="binary", smooth=6.0), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_focal_of_classes_is_one_of_sigmoids(seed: int, smp: Any) -> None:
    """So that it is not cross entropy at gamma 0, as ours is, but the sum of our binary one."""
    logits, target = one_image(seed)
    theirs = smp.FocalLoss("multiclass", gamma=2.0)(logits, target)
    labels = torch.nn.functional.one_hot(target, CLASSES).movedim(-1, 1)
    each = ours.binary_focal_loss(logits, labels, alpha=None)
    torch.testing.assert_close(CLASSES * each, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_lovasz_of_classes(seed: int, smp: Any) -> None:
    logits, target = one_image(seed)
    theirs = smp.LovaszLoss("multiclass")(logits.float(), target).double()
    torch.testing.assert_close(ours.lovasz_softmax_loss(logits, target), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_lovasz_of_a_mask(seed: int, smp: Any) -> None:
    logits, target = randn(1, 1, 8, 9, seed=seed), randint(2, 1, 1, 8, 9, seed=seed)
    theirs = smp.LovaszLoss("binary")(logits.float(), target).double()
    torch.testing.assert_close(ours.lovasz_hinge_loss(logits, target), theirs)
