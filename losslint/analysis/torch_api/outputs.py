"""Models and results of libraries around torch: what they return, by field and position."""

from __future__ import annotations

import re
from collections.abc import Hashable

from losslint.analysis.arguments import Args
from losslint.analysis.blending import deps_of, union_deps
from losslint.analysis.containers import is_key
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.torch_api import activations
from losslint.analysis.torch_api.registry import Op, group_of, method
from losslint.analysis.trail import extend
from losslint.analysis.values import (
    NONE,
    UNKNOWN,
    Act,
    Const,
    Extern,
    Instance,
    Sign,
    Tensor,
    Unknown,
    Value,
)

_TORCHVISION = re.compile(
    r"^torchvision\.models\.(?!detection|segmentation|video|optical)(\w+\.)?[a-z]\w*$"
)
_SEGMENTATION = re.compile(r"^torchvision\.models\.segmentation\.[a-z]\w*$")
_TIMM = re.compile(r"^timm\.(models\.)?create_model$")
_SMP = re.compile(
    r"^segmentation_models_pytorch\.(Unet|UnetPlusPlus|FPN|PSPNet|DeepLabV3|DeepLabV3Plus|Linknet|MAnet|PAN|create_model)$"
)
_HEADED = re.compile(
    r"^transformers\.(\w+\.)*\w+For(SequenceClassification|TokenClassification|MaskedLM|CausalLM|QuestionAnswering|MultipleChoice|ImageClassification|Seq2SeqLM|ConditionalGeneration|AudioClassification|SemanticSegmentation)(\.from_pretrained|\.from_config)?$"
)
_HEADS = ("fc", "classifier", "head", "heads", "last_linear", "_fc", "output_layer")
_OUTPUT = "<output>"
_HEAD = "<head>"


def build_outside(run: Interpreter, callee: Extern, args: Args) -> Value | None:
    """A model built by a library that the analysis knows."""
    name = callee.name
    for kind, pattern in _MODELS.items():
        if pattern.match(name):
            trail = extend(None, run.place(args.node), f"{name.rpartition('.')[2]} built here")
            made = run.new_instance(Extern(kind), trail)
            for key, value in args.keywords.items():
                run.heap.set(made.slots, ("opt", key), value)
            return made
    return None


_MODELS = {
    "torchvision.models.Model": _TORCHVISION,
    "torchvision.models.segmentation.Model": _SEGMENTATION,
    "timm.Model": _TIMM,
    "segmentation_models_pytorch.Model": _SMP,
    "transformers.HeadedModel": _HEADED,
}


def _logits(run: Interpreter, model: Instance, args: Args) -> Tensor:
    deps: frozenset[Hashable] = frozenset({model.oid})
    for value in args.all():
        deps = union_deps(deps, deps_of(value))
    return Tensor(act=Act.RAW, deps=deps, grad=not run.no_grad)


def call_outside(run: Interpreter, model: Instance, args: Args) -> Value | None:
    """A call of a model that :func:`build_outside` built."""
    kind = model.cls.name if isinstance(model.cls, Extern) else ""
    if kind in ("torchvision.models.Model", "timm.Model"):
        return _with_head(run, model, args)
    if kind == "torchvision.models.segmentation.Model":
        return run.new_dict({"out": _logits(run, model, args), "aux": _logits(run, model, args)})
    if kind == "segmentation_models_pytorch.Model":
        return _with_activation(run, model, args)
    if kind == "transformers.HeadedModel":
        made = run.new_instance(Extern(_OUTPUT))
        run.heap.set(made.slots, "logits", _logits(run, model, args))
        run.heap.set(made.slots, "loss", Unknown(None, frozenset({model.oid})))
        if "labels" in args.keywords:
            run.heap.set(made.slots, "labelled", Const(True))
        return made
    return None


def _with_head(run: Interpreter, model: Instance, args: Args) -> Value:
    """A backbone whose last layer the program may have replaced."""

    logits = _logits(run, model, args)
    for name in _HEADS:
        head = run.heap.get(model.slots, name)
        if head is None:
            continue
        if isinstance(head, Instance) and isinstance(head.cls, Extern) and head.cls.name == _HEAD:
            last = [value for key, value in head.slots.items() if is_key(key)]
            if not last:
                continue
            head = last[-1]
        features = Unknown(None, logits.deps)
        return run.call(head, Args(args.node, [features]))
    return logits


def _with_activation(run: Interpreter, model: Instance, args: Args) -> Value:
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


def output_field(run: Interpreter, value: Instance, name: str) -> Value | None:
    """A field of a model's output, or a layer of an outside model, that was never assigned."""
    if not isinstance(value.cls, Extern):
        return None
    if value.cls.name in ("torchvision.models.Model", "timm.Model") and name in _HEADS:
        head = run.new_instance(Extern(_HEAD))
        run.heap.set(value.slots, name, head)
        return head
    if group_of(value) == "distribution" and name in ("probs", "logits"):
        deps = _distribution_deps(run, value)
        if "Categorical" in value.cls.name:
            # both are normalised, whichever of them was given
            act = Act.LOG_SOFTMAX if name == "logits" else Act.SOFTMAX
            return Tensor(
                act=act, sign=Sign.POSITIVE if name == "probs" else Sign.UNKNOWN, deps=deps
            )
        return Tensor(deps=deps)
    return None


def output_item(run: Interpreter, value: Instance, index: Value | slice | None) -> Value:
    """``outputs[0]`` of a model's output."""
    logits = run.heap.get(value.slots, "logits")
    if logits is not None and isinstance(index, Const):
        labelled = run.heap.get(value.slots, "labelled") is not None
        if isinstance(index.value, str):
            found = run.heap.get(value.slots, index.value)
            return found if found is not None else UNKNOWN
        if index.value == (1 if labelled else 0):
            return logits
    if isinstance(index, Const):
        found = run.heap.get(value.slots, ("key", index.value))
        if found is not None:
            return found
    return Unknown(None, frozenset({value.oid}))


def _distribution_deps(run: Interpreter, value: Instance) -> frozenset[object]:
    deps: frozenset[object] = frozenset()
    for slot in list(value.slots.values()):
        deps = union_deps(deps, deps_of(slot))
    return deps


@method("distribution", "log_prob")
def _log_prob(op: Op, target: Instance) -> Value:
    return Tensor(
        act=Act.LOG_PROB,
        picked=True,
        deps=_distribution_deps(op.run, target),
        grad=not op.run.no_grad,
        sign=Sign.UNKNOWN,
    )


@method("distribution", "entropy", "rsample", "expand")
def _of_distribution(op: Op, target: Instance) -> Value:
    return Tensor(deps=_distribution_deps(op.run, target), grad=not op.run.no_grad)


@method("distribution", "sample")
def _sample(op: Op, target: Instance) -> Value:
    return Tensor(grad=False)
