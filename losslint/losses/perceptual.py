"""How alike two images are to a network that has learned to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Literal

import torch
from torch import Tensor, nn

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_floating,
    check_number,
    check_reduction,
    check_same_device,
    check_same_shape,
    describe,
    fail,
    promote,
    reduce,
)

Features = Tensor | Sequence[Tensor] | Mapping[str, Tensor]
Extractor = Callable[[Tensor], Features]
Distance = Literal["l1", "l2"]

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
_VGG16_LAYERS = {"relu1_2": 3, "relu2_2": 8, "relu3_3": 15, "relu4_3": 22, "relu5_3": 29}


class PerceptualLoss(nn.Module):
    r"""The distance of two images in the features of a network.

    .. math:: \ell = \sum_l w_l\, d(\phi_l(x), \phi_l(y))

    with :math:`\phi_l` the output of layer :math:`l`, and :math:`d` the mean squared or absolute
    difference over all of a sample's numbers.

    With any feature extractor::

        loss = PerceptualLoss(encoder, layers=["stage1", "stage2"])

    With VGG16, as in the paper, from torchvision, whose weights you load yourself, so that nothing
    is downloaded behind your back (images in [0, 1]; they are normalised here)::

        weights = torchvision.models.vgg16(weights="IMAGENET1K_V1").state_dict()
        loss = PerceptualLoss("vgg16", state_dict=weights)

    The extractor sees the images in the precision of the run, so autocast works as usual; the
    differences are taken in float32. No gradient goes into the target.

    Args:
        extractor: ``"vgg16"``, or a callable that takes images (N, C, H, W) and gives features: a
            tensor (N, *), a sequence of them or a mapping to them.
        layers: the names of submodules of the extractor whose outputs are the features, in place
            of what it returns; for ``"vgg16"`` some of relu1_2, relu2_2, relu3_3, relu4_3 and
            relu5_3, by default the first four.
        weights: :math:`w_l`, one number a feature, at least 0; by default 1 each.
        distance: ``"l2"`` for squared differences, ``"l1"`` for absolute ones.
        mean: of each channel, subtracted from the images; by default nothing, for ``"vgg16"``
            ImageNet's.
        std: of each channel, which the difference is divided by.
        state_dict: the weights of torchvision's vgg16; for ``"vgg16"`` only.
        freeze: makes the extractor part of this module, which puts it into evaluation mode, and
            keeps it there, with parameters that want no gradient. ``False`` leaves it as it is
            and where it belongs, for matching the features of a discriminator in training.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shapes: input and target (N, C, H, W); at least 0; a number, or for ``"none"`` shape (N,).

    Raises:
        ImportError: for ``"vgg16"`` without torchvision.
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Johnson et al., Perceptual Losses for Real-Time Style Transfer and
    Super-Resolution, 2016, equation 2.
    """

    mean: Tensor | None
    std: Tensor | None

    def __init__(
        self,
        extractor: Extractor | Literal["vgg16"],
        *,
        layers: Sequence[str] | None = None,
        weights: Sequence[float] | None = None,
        distance: Distance = "l2",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        state_dict: Mapping[str, Tensor] | None = None,
        freeze: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_choice("distance", distance, ("l1", "l2"))
        check_reduction(reduction)
        for place, weight in enumerate(weights or ()):
            check_number(f"weights[{place}]", weight, at_least=0)
        if isinstance(extractor, str):
            check_choice("extractor", extractor, ("vgg16",))
            extractor, layers = _vgg16(state_dict, layers)
            mean, std = mean or _IMAGENET_MEAN, std or _IMAGENET_STD
        elif state_dict is not None:
            fail("state_dict", "left out, as the extractor is not 'vgg16'", "given")
        _check_layers(extractor, layers)
        self.layers = None if layers is None else tuple(layers)
        self.weights = None if weights is None else tuple(weights)
        self.distance: Distance = distance
        self.reduction = reduction
        self.frozen = extractor if freeze and isinstance(extractor, nn.Module) else None
        if self.frozen is not None:
            self.frozen.requires_grad_(False).eval()
        # In a tuple a module is no part of this one.
        self._extractor = (extractor,)
        self.register_buffer("mean", _of_channels("mean", mean))
        self.register_buffer("std", _of_channels("std", std))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of images and those they should be like."""
        check_floating("input", input)
        check_floating("target", target)
        check_same_shape("target", target, "input", input)
        check_same_device("target", target, "input", input)
        if input.dim() != 4:
            fail("input", "images of shape (N, C, H, W)", describe(input))
        with torch.no_grad():
            wanted = self._features(target)
        features = self._features(input)
        weights = self.weights or (1.0,) * len(features)
        if len(weights) != len(features):
            fail("weights", f"one for each of the {len(features)} features", f"{len(weights)}")
        terms = [
            weight * self._distance(ours, theirs)
            for weight, ours, theirs in zip(weights, features, wanted, strict=True)
        ]
        return reduce(torch.stack(terms).sum(0), self.reduction)

    def train(self, mode: bool = True) -> PerceptualLoss:
        """Sets the mode of this module, and leaves a frozen extractor in evaluation mode."""
        super().train(mode)
        if self.frozen is not None:
            self.frozen.eval()
        return self

    def _distance(self, features: Tensor, wanted: Tensor) -> Tensor:
        difference = (promote(features) - promote(wanted)).flatten(1)
        return (difference.square() if self.distance == "l2" else difference.abs()).mean(1)

    def _features(self, images: Tensor) -> list[Tensor]:
        if self.mean is not None:
            images = images - self.mean.to(images.dtype)
        if self.std is not None:
            images = images / self.std.to(images.dtype)
        (extractor,) = self._extractor
        if self.layers is None:
            return _listed(extractor(images))
        assert isinstance(extractor, nn.Module)
        with _outputs(extractor, self.layers) as outputs:
            extractor(images)
        for layer in self.layers:
            if layer not in outputs:
                fail("layers", "of submodules that are called", f"with {layer!r}, which is not")
            output, version = outputs[layer]
            if output._version != version:
                raise ValueError(
                    f"`layers` has {layer!r}, whose output is overwritten by an operation in "
                    "place, such as ReLU(inplace=True): name the layer that overwrites it"
                )
        return [outputs[layer][0] for layer in self.layers]


@contextmanager
def _outputs(module: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, tuple[Tensor, int]]]:
    """What submodules give while they are called, with the version of it that they gave."""
    outputs: dict[str, tuple[Tensor, int]] = {}

    def keep(name: str, _module: nn.Module, _arguments: Any, output: Any) -> None:
        if not isinstance(output, Tensor):
            fail("layers", "of submodules that give a tensor", f"with {name!r}, which does not")
        outputs[name] = (output, output._version)

    hooks = [
        module.get_submodule(name).register_forward_hook(partial(keep, name)) for name in layers
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def _vgg16(
    state_dict: Mapping[str, Tensor] | None, layers: Sequence[str] | None
) -> tuple[nn.Module, tuple[str, ...]]:
    """The layers of VGG16 as far as they are wanted, and the names of the wanted ones in it."""
    try:
        models = import_module("torchvision.models")
    except ImportError as problem:
        raise ImportError(
            "`extractor` 'vgg16' needs torchvision, which cannot be imported: install it, or pass "
            "a feature extractor of your own"
        ) from problem
    if state_dict is None:
        fail(
            "state_dict",
            "the weights of VGG16, as nothing is downloaded here (torchvision.models.vgg16("
            "weights='IMAGENET1K_V1').state_dict() downloads 528 MB)",
            "None",
        )
    layers = layers or tuple(_VGG16_LAYERS)[:4]
    for layer in layers:
        check_choice("layers", layer, _VGG16_LAYERS)
    last = max(_VGG16_LAYERS[layer] for layer in layers)
    network = models.vgg16(weights=None).features[: last + 1]
    wanted = {f"features.{name}": name for name in network.state_dict()}
    missing = sorted(set(wanted) - set(state_dict))
    if missing:
        fail("state_dict", "that of torchvision's vgg16", f"without {missing[0]!r}")
    network.load_state_dict({name: state_dict[key] for key, name in wanted.items()})
    return network, tuple(str(_VGG16_LAYERS[layer]) for layer in layers)


def _check_layers(extractor: Extractor, layers: Sequence[str] | None) -> None:
    if not callable(extractor):
        raise TypeError(f"`extractor` must be callable or 'vgg16', but is {describe(extractor)}")
    if layers is None:
        return
    if not isinstance(extractor, nn.Module):
        fail("layers", "left out, as the extractor is no nn.Module", repr(layers))
    if not layers or isinstance(layers, str):
        fail("layers", "one or more names of submodules, in a list", repr(layers))
    names = dict(extractor.named_modules())
    for layer in layers:
        if layer not in names:
            known = ", ".join(name for name in names if name)
            fail("layers", f"of submodules of the extractor ({known})", f"with {layer!r}")


def _of_channels(name: str, values: Sequence[float] | None) -> Tensor | None:
    if values is None:
        return None
    for place, value in enumerate(values):
        check_number(f"{name}[{place}]", value)
    return torch.tensor(values, dtype=torch.float32)[:, None, None]


def _listed(features: Features) -> list[Tensor]:
    if isinstance(features, Tensor):
        return [features]
    found = list(features.values() if isinstance(features, Mapping) else features)
    if not found or not all(isinstance(feature, Tensor) for feature in found):
        raise TypeError(
            "`extractor` must give a tensor, or a sequence of or a mapping to some, but gives "
            f"a {type(features).__name__} of {[type(feature).__name__ for feature in found]}"
        )
    return found
