"""Distances in the features of a network."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from losslint.losses.perceptual import PerceptualLoss
from tests.losses.cases import rand

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def pictures() -> tuple[Tensor, Tensor]:
    return rand(2, 3, 8, 8).float(), rand(2, 3, 8, 8, seed=1).float()


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU()
    )


def vgg16(weights: None) -> nn.Module:
    """torchvision's layout with few channels."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    channels = 3
    for width in (2, 2, 0, 3, 3, 0, 4, 4, 4, 0, 5, 5, 5, 0, 5, 5, 5, 0):
        if width:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        else:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
    return nn.ModuleDict({"features": nn.Sequential(*layers), "classifier": nn.Linear(5, 2)})


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for torchvision that has VGG16 only."""
    package, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    models.vgg16 = lambda weights: Named(vgg16(weights))  # type: ignore[attr-defined]
    package.models = models  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)


class Named(nn.Module):
    """Its children as attributes."""

    def __init__(self, children: Any) -> None:
        super().__init__()
        self.features = children["features"]
        self.classifier = children["classifier"]


def test_any_callable_can_extract_the_features() -> None:
    x, y = pictures()
    expected = (x.mean(1) - y.mean(1)).square().mean()
    torch.testing.assert_close(PerceptualLoss(lambda images: images.mean(1))(x, y), expected)
    both = {"mean": x.mean(1), "first": x[:, 0]}

    def features(images: Tensor) -> dict[str, Tensor]:
        return {"mean": images.mean(1), "first": images[:, 0]}

    loss = PerceptualLoss(features, weights=[2.0, 0.5], distance="l1", reduction="none")
    parts = [(both[name] - features(y)[name]).abs().mean((1, 2)) for name in both]
    torch.testing.assert_close(loss(x, y), 2 * parts[0] + parts[1] / 2)


def test_layers_are_found_by_their_names() -> None:
    x, y = pictures()
    extractor = network()
    loss = PerceptualLoss(extractor, layers=["1", "4"])
    extractor.eval()

    def at(images: Tensor) -> list[Tensor]:
        first = extractor[1](extractor[0](images))
        return [first, extractor[4](extractor[3](extractor[2](first)))]

    expected = sum((a - b).square().mean() for a, b in zip(at(x), at(y), strict=True))
    torch.testing.assert_close(loss(x, y), expected)
    assert not extractor[1]._forward_hooks


def test_only_the_prediction_has_a_gradient() -> None:
    x, y = (picture.requires_grad_() for picture in pictures())
    loss = PerceptualLoss(network(), layers=["1"])
    torch.autograd.backward(loss(x, y))
    assert x.grad is not None
    assert x.grad.any()
    assert y.grad is None
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_a_frozen_extractor_stays_as_it_is() -> None:
    x, y = pictures()
    loss = PerceptualLoss(network())
    before = copy.deepcopy(loss.state_dict())
    loss.train()
    loss(x, y)
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    assert all(torch.equal(value, before[name]) for name, value in loss.state_dict().items())


def test_an_extractor_that_is_not_frozen_belongs_to_somebody_else() -> None:
    x, y = pictures()
    discriminator = network()
    loss = PerceptualLoss(discriminator, layers=["1"], freeze=False)
    assert not list(loss.parameters())
    assert discriminator.training
    torch.autograd.backward(loss(x, y))
    first = next(discriminator.parameters())
    assert first.grad is not None
    assert first.grad.any()


def test_images_are_normalised_by_channel() -> None:
    x, y = pictures()
    loss = PerceptualLoss(lambda images: images, mean=MEAN, std=STD)
    scaled = (x - y) / torch.tensor(STD)[:, None, None]
    torch.testing.assert_close(loss(x, y), scaled.square().mean())


def test_half_precision_is_compared_in_float32() -> None:
    x, y = (picture.bfloat16() for picture in pictures())
    value = PerceptualLoss(lambda images: images * 1e3)(x, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, (x * 1e3).float().sub((y * 1e3).float()).square().mean())


@pytest.mark.parametrize("layers", [None, ["1", "4"]])
def test_compiled_it_is_the_same(layers: list[str] | None) -> None:
    torch._dynamo.reset()
    loss = PerceptualLoss(network(), layers=layers)
    # What named layers give is seen by hooks, at which the graph breaks.
    compiled = torch.compile(loss, fullgraph=layers is None, backend="aot_eager")
    x, y = pictures()
    x.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of its own compiler
        values = compiled(x, y), loss(x, y)
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*(torch.autograd.grad(value, x)[0] for value in values))


def test_gradients_are_those_of_finite_differences() -> None:
    loss = PerceptualLoss(network(), layers=["1", "4"]).double()
    x, y = (picture[:1].double() for picture in pictures())
    assert torch.autograd.gradcheck(lambda images: loss(images, y), x.requires_grad_())


@pytest.mark.usefixtures("torchvision")
def test_vgg16_by_name() -> None:
    x, y = pictures()
    full = Named(vgg16(None))
    loss = PerceptualLoss("vgg16", state_dict=full.state_dict())
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))

    def at(images: Tensor) -> list[Tensor]:
        images, found = (images - mean) / std, []
        for number, layer in enumerate(full.features):
            images = layer(images.clone())
            if number in (3, 8, 15, 22):
                found.append(images)
        return found

    expected = sum((a - b).square().mean() for a, b in zip(at(x), at(y), strict=True))
    torch.testing.assert_close(loss(x, y), expected)


@pytest.mark.usefixtures("torchvision")
def test_vgg16_downloads_nothing() -> None:
    with pytest.raises(ValueError, match="`state_dict` must be the weights of VGG16, as nothing"):
        PerceptualLoss("vgg16")
    with pytest.raises(
        ValueError, match=r"`state_dict` must be that .*without 'features\.0\.bias'"
    ):
        PerceptualLoss("vgg16", state_dict={})
    with pytest.raises(ValueError, match=r"`layers` must be one of 'relu1_2'.*'conv1'"):
        PerceptualLoss("vgg16", state_dict={}, layers=["conv1"])


def test_vgg16_needs_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(ImportError, match="`extractor` 'vgg16' needs torchvision"):
        PerceptualLoss("vgg16", state_dict={})


def test_an_output_that_is_overwritten_is_noticed() -> None:
    x, y = pictures()
    extractor = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
    with pytest.raises(ValueError, match="`layers` has '0', whose output is overwritten"):
        PerceptualLoss(extractor, layers=["0"])(x, y)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: PerceptualLoss("vgg19"), ValueError, "`extractor` must be one of 'vgg16'"),  # type: ignore[arg-type]
        (lambda: PerceptualLoss(3), TypeError, "`extractor` must be callable or 'vgg16'.*int 3"),  # type: ignore[arg-type]
        (lambda: PerceptualLoss(abs, layers=["1"]), ValueError, "`layers` must be left out"),
        (lambda: PerceptualLoss(network(), layers=[]), ValueError, "`layers` must be one or more"),
        (lambda: PerceptualLoss(network(), layers="1"), ValueError, "`layers` must be one or more"),
        (
            lambda: PerceptualLoss(network(), layers=["9"]),
            ValueError,
            r"`layers` must be of submodules of the extractor \(0, 1, 2, 3, 4\), but is with '9'",
        ),
        (lambda: PerceptualLoss(abs, weights=[-1]), ValueError, r"`weights\[0\]`.*at least 0"),
        (lambda: PerceptualLoss(abs, distance="l3"), ValueError, "`distance` must be one of 'l1'"),  # type: ignore[arg-type]
        (lambda: PerceptualLoss(abs, state_dict={}), ValueError, "`state_dict` must be left out"),
    ],
)
def test_what_cannot_be_made(make: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_what_is_refused() -> None:
    x, y = pictures()
    identity = PerceptualLoss(lambda images: images)
    with pytest.raises(ValueError, match="`target` must be of the shape of `input`"):
        identity(x, y[:1])
    with pytest.raises(ValueError, match=r"`input` must be images of shape \(N, C, H, W\)"):
        identity(x[0], y[0])
    with pytest.raises(ValueError, match="`weights` must be one for each of the 1 features"):
        PerceptualLoss(lambda images: images, weights=[1, 2])(x, y)
    with pytest.raises(TypeError, match=r"`extractor` must give a tensor.*list of \['int'\]"):
        PerceptualLoss(lambda images: [1])(x, y)  # type: ignore[list-item]
    unused = nn.Module()
    unused.inner = nn.ReLU()
    unused.forward = lambda images: images
    with pytest.raises(ValueError, match="`layers` must be of submodules that are called"):
        PerceptualLoss(unused, layers=["inner"])(x, y)
