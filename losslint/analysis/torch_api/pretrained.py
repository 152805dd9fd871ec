"""Networks that libraries build: what they return, with the layers that a program replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.containers import is_key
from losslint.analysis.domain.trail import extend
from losslint.analysis.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Act,
    Const,
    Extern,
    Instance,
    Sign,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.tensors.blending import deps_of, union_deps
from losslint.analysis.torch_api import activations
from losslint.analysis.torch_api.registry import Op, extern

_ZOOS = frozenset({"torchvision.models", "pretrainedmodels", "pretrainedmodels.models"})
"""Modules that make a network by each of their lower-case names."""
_HEADS = ("fc", "classifier", "head", "heads", "last_linear", "_fc", "output_layer")
"""Names of the last layer of a classifier, which is affine."""
_HEAD = "torchvision.models.Head"
OUTPUT = "transformers.Output"
"""What a model of transformers returns, with its fields."""

Call = Callable[[Interpreter, Instance, Args], Value]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of network: how the calls that build it are named, and what its own call gives."""

    built_by: re.Pattern[str]
    call: Call


def build_network(run: Interpreter, callee: Extern, args: Args) -> Value | None:
    """A network built by a library that the analysis knows."""
    name = callee.name
    for kind, known in _KINDS.items():
        if known.built_by.match(name):
            return _network(run, kind, name.rpartition(".")[2], args)
    return None


def _network(run: Interpreter, kind: str, title: str, args: Args) -> Instance:
    made = run.new_instance(Extern(kind), extend(None, run.place(args.node), f"{title} built here"))
    for key, value in args.keywords.items():
        run.heap.set(made.slots, ("opt", key), value)
    run.heap.set(made.slots, ("opt", "builder"), Const(title))
    return made


def call_network(run: Interpreter, network: Instance, args: Args) -> Value | None:
    """A call of a network that :func:`build_network` built, or of its last layer."""
    kind = network.cls.name if isinstance(network.cls, Extern) else ""
    if kind == _HEAD:
        return _through_head(run, network, args, _logits(run, network, args))
    known = _KINDS.get(kind)
    return known.call(run, network, args) if known is not None else None


def any_network(value: Extern) -> Extern | None:
    """What a collection of networks holds under a name that is not known."""
    name = value.name.removesuffix(".__dict__")
    return Extern(f"{name}.network") if name in _ZOOS else None


def new_head(run: Interpreter, network: Unknown) -> Instance | None:
    """The last layer that the program gave a network of which nothing else is known."""
    if network.key is None:
        return None
    found = (run.heap.get(run.symbols, (network.key, name)) for name in _HEADS)
    return next((one for one in found if isinstance(one, Instance)), None)


def layer_of(run: Interpreter, network: Instance, name: str) -> Value | None:
    """A layer of a network that the program has not replaced."""
    kind = network.cls.name if isinstance(network.cls, Extern) else ""
    if kind not in _HEADED_KINDS or name not in _HEADS:
        return None
    head = run.new_instance(Extern(_HEAD))
    run.heap.set(network.slots, name, head)
    return head


@extern("torch.hub.load")
def _load(op: Op) -> Value:
    source, name = op.arg(0, "repo_or_dir"), op.arg(1, "model")
    known = isinstance(source, Const) and str(source.value).startswith("pytorch/vision")
    if not known or not isinstance(name, Const):
        return op.run.unknown(op.node, "torch.hub.load(...) is not known")
    space = "segmentation." if re.search("deeplab|fcn|lraspp", str(name.value)) else ""
    callee = Extern(f"torchvision.models.{space}{name.value}")
    return build_network(op.run, callee, op.args) or op.run.unknown(op.node, "torch.hub.load(...)")


# -- what their calls give --------------------------------------------------------------------


def _logits(run: Interpreter, model: Instance, args: Args) -> Tensor:
    deps: frozenset[Hashable] = frozenset({model.oid})
    for value in args.all():
        deps = union_deps(deps, deps_of(value))
    return Tensor(act=Act.RAW, deps=deps, grad=not run.no_grad)


def _classifier(run: Interpreter, model: Instance, args: Args) -> Value:
    """A backbone whose last layer the program may have replaced."""
    logits = _logits(run, model, args)
    for name in _HEADS:
        head = run.heap.get(model.slots, name)
        if head is None:
            continue
        if isinstance(head, Instance) and isinstance(head.cls, Extern) and head.cls.name == _HEAD:
            return _through_head(run, head, args, logits)
        return run.call(head, Args(args.node, [Unknown(None, logits.deps)]))
    return logits


def _through_head(run: Interpreter, head: Instance, args: Args, logits: Tensor) -> Value:
    """What the last layer gives: all of it, or what the program put at its end."""
    logits = logits.but(deps=logits.deps | {head.oid})
    put = [value for key, value in head.slots.items() if is_key(key) or isinstance(key, str)]
    return run.call(put[-1], Args(args.node, [Unknown(None, logits.deps)])) if put else logits


def _torchvision(run: Interpreter, model: Instance, args: Args) -> Value:
    made = _classifier(run, model, args)
    builder = run.heap.get(model.slots, ("opt", "builder"))
    if builder == Const("inception_v3") and not _is_off(run, model, "aux_logits"):
        return Tuple((made, _logits(run, model, args)))
    if builder is not None and str(getattr(builder, "value", "")).startswith("squeezenet"):
        return made if "classifier" in model.slots else Tensor(deps=deps_of(made))
    return made


def _is_off(run: Interpreter, model: Instance, name: str) -> bool:
    option = run.heap.get(model.slots, name) or run.heap.get(model.slots, ("opt", name))
    return option == FALSE


def _segmenter(run: Interpreter, model: Instance, args: Args) -> Value:
    return run.new_dict({"out": _classifier(run, model, args), "aux": _logits(run, model, args)})


def _timm(run: Interpreter, model: Instance, args: Args) -> Value:
    classes = run.heap.get(model.slots, ("opt", "num_classes"))
    if classes == Const(0) or run.heap.get(model.slots, ("opt", "features_only")) == TRUE:
        return Unknown(None, _logits(run, model, args).deps)
    return _classifier(run, model, args)


def _smp(run: Interpreter, model: Instance, args: Args) -> Value:
    """A network of segmentation_models_pytorch, with the activation that it was built with."""
    wanted = run.heap.get(model.slots, ("opt", "activation"))
    logits = _logits(run, model, args)
    if wanted is None or wanted == NONE:
        return logits
    op = Op(run, "activation", args)
    if isinstance(wanted, Const) and wanted.value == "sigmoid":
        return activations.activated(op, Act.SIGMOID, logits, "sigmoid", sign=Sign.NON_NEGATIVE)
    if isinstance(wanted, Const) and str(wanted.value).startswith("softmax"):
        return activations.softmaxed(op, logits, 1)
    return logits.but(act=Act.UNKNOWN)


def _transformer(run: Interpreter, model: Instance, args: Args) -> Value:
    made = run.new_instance(Extern(OUTPUT))
    run.heap.set(made.slots, "logits", _logits(run, model, args))
    run.heap.set(made.slots, "loss", Unknown(None, frozenset({model.oid})))
    if "labels" in args.keywords:
        run.heap.set(made.slots, "labelled", Const(True))
    return made


_CLASSIFIERS = (
    r"^(torchvision\.models\.(quantization\.)?"
    r"(?!detection|segmentation|video|optical|feature_extraction|_?utils|_)(\w+\.)?"
    r"|pretrainedmodels\.(models\.)?(?!utils)(\w+\.)?)"
    r"(?!list_models|get_weight|get_model_|register_model|conv\dx\d)[a-z]\w*$"
)
_TASKS = (
    "SequenceClassification|TokenClassification|MaskedLM|CausalLM|QuestionAnswering|MultipleChoice"
    "|ImageClassification|Seq2SeqLM|ConditionalGeneration|AudioClassification|SemanticSegmentation"
)
_KINDS = {
    "torchvision.models.Model": _Kind(re.compile(_CLASSIFIERS), _torchvision),
    "torchvision.models.segmentation.Model": _Kind(
        re.compile(r"^torchvision\.models\.segmentation\.(\w+\.)?[a-z]\w*$"), _segmenter
    ),
    "torchvision.models.segmentation.Head": _Kind(
        re.compile(
            r"^torchvision\.models\.segmentation\.(\w+\.)?(DeepLabHead|FCNHead|LRASPPHead)$"
        ),
        _logits,
    ),
    "timm.Model": _Kind(re.compile(r"^timm\.(models\.)?create_model$"), _timm),
    "efficientnet_pytorch.Model": _Kind(
        re.compile(r"^efficientnet_pytorch\.EfficientNet\.from_(pretrained|name)$"), _classifier
    ),
    "segmentation_models_pytorch.Model": _Kind(
        re.compile(
            r"^segmentation_models_pytorch\.(Unet|UnetPlusPlus|FPN|PSPNet|DeepLabV3|DeepLabV3Plus"
            r"|Linknet|MAnet|PAN|Segformer|UPerNet|DPT|create_model)$"
        ),
        _smp,
    ),
    "transformers.HeadedModel": _Kind(
        re.compile(rf"^transformers\.(\w+\.)*\w+For({_TASKS})(\.from_pretrained|\.from_config)?$"),
        _transformer,
    ),
}
_HEADED_KINDS = frozenset(
    {
        "torchvision.models.Model",
        "torchvision.models.segmentation.Model",
        "timm.Model",
        "efficientnet_pytorch.Model",
    }
)
