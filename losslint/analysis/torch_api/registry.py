"""Finds what a call of something outside the project does.

Handlers register themselves under the name of what they stand for. A function of torch and the
tensor method of the same name share one handler: ``torch.softmax(x, 1)`` and ``x.softmax(1)``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import (
    as_tensor,
    has_no_graph,
    is_difference,
    is_residual,
)
from losslint.analysis.domain.containers import DICTS, LISTS, kind_of
from losslint.analysis.domain.joins import join_alternatives
from losslint.analysis.domain.lookup import find_method, lineage
from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.values import (
    NO_CONFIGURATION,
    UNKNOWN,
    Alternative,
    Class,
    Extern,
    Instance,
    Tensor,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.learned_weights import ALONE, alone
from losslint.analysis.tensors.blending import blend, deps_of
from losslint.analysis.tensors.operations import whole
from losslint.analysis.torch_api.sizing import resized

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

MAX_COMBINATIONS = 16


@dataclass(slots=True)
class Op:
    """One call of something that the table knows."""

    run: Interpreter
    name: str
    args: Args
    guessed: bool = False
    module: Instance | None = None
    """The module whose call this is, for the functions that modules stand for."""

    @property
    def node(self) -> cst.CSTNode:
        """The call."""
        return self.args.node

    def arg(self, index: int, *names: str) -> Value:
        """An argument by position or keyword, unknown where it is not passed."""
        value = self.args.get(index, *names)
        return UNKNOWN if value is None else value

    def given(self, index: int, *names: str) -> Value | None:
        """An argument by position or keyword, or None where it is not passed."""
        return self.args.get(index, *names)

    def tensor(self, index: int = 0, *names: str) -> Tensor:
        """An argument as a tensor."""
        value = self.args.get(index, *(names or ("input", "self")))
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Unknown) and value.key is not None:
            tensor = as_tensor(self.run, value, self.node)
            if tensor is not None:
                return tensor
        if value is None:
            return Tensor()
        return Tensor(
            deps=deps_of(value),
            marks=_marks_of(value),
            grad=not (isinstance(value, Unknown) and has_no_graph(value)),
        )


def _marks_of(value: Value) -> frozenset[str]:
    """The marks of a tensor that is a difference of two unknown values."""
    if not is_difference(value):
        return NOTHING
    return frozenset({"difference", RESIDUAL} if is_residual(value) else {"difference"})


NOTHING: frozenset[str] = frozenset()
Handler: TypeAlias = Callable[[Op], Value]

FUNCTIONS: dict[str, Handler] = {}
"""Functions of torch that are tensor methods too, by their short name."""
EXTERNS: dict[str, Handler] = {}
"""Anything else outside the project, by its qualified name."""
MODULES: dict[str, Callable[[Interpreter, Instance, Args], Value]] = {}
"""What a call of a torch module does, by its class name in torch.nn."""
METHODS: dict[str, dict[str, Callable[[Op, Instance], Value]]] = {}
"""Methods of known objects, by the group of the object and their name."""
GROUPS: dict[str, str] = {}
"""The group that objects of an outside class belong to, by qualified name."""

SPACES = frozenset(
    {
        "torch",
        "torch.nn.functional",
        "torch.special",
        "torch.linalg",
        "torch.functional",
        "torch.Tensor",
        "torch._C._nn",
    }
)
_DISTINCT = frozenset(
    "softmax log_softmax sigmoid sigmoid_ logsigmoid argmax detach backward zero_grad step scale "
    "clear_grad unscale_ requires_grad_ register_backward_hook register_full_backward_hook "
    "parameters named_parameters to cuda cpu train eval scatter_ norm std long tanh pow sqrt exp "
    "clamp matmul mm bmm mul div sub unsqueeze fill_ gather abs unique".split()
)


def function(*names: str) -> Callable[[Handler], Handler]:
    """Registers a function of torch, and the tensor method of that name."""

    def register(handler: Handler) -> Handler:
        for name in names:
            FUNCTIONS[name] = handler
        return handler

    return register


def extern(*names: str) -> Callable[[Handler], Handler]:
    """Registers something by its qualified name."""

    def register(handler: Handler) -> Handler:
        for name in names:
            EXTERNS[name] = handler
        return handler

    return register


def method(
    group: str, *names: str
) -> Callable[[Callable[[Op, Instance], Value]], Callable[[Op, Instance], Value]]:
    """Registers a method of the objects of a group."""

    def register(
        handler: Callable[[Op, Instance], Value],
    ) -> Callable[[Op, Instance], Value]:
        for name in names:
            METHODS.setdefault(group, {})[name] = handler
        return handler

    return register


def short_function(name: str) -> str | None:
    """The short name of a torch function that is known by its space."""
    space, _, last = name.rpartition(".")
    return last if space in SPACES and last not in _ANYWHERE else None


def module_class(name: str) -> str | None:
    """The class name of a torch module."""
    if name.startswith(("torch.nn.modules.", "torch.nn.")):
        last = name.rpartition(".")[2]
        if last[:1].isupper():
            return last
    return None


def group_of(value: Instance) -> str:
    """Which table of methods an object answers to."""
    kind = kind_of(value)
    group = group_of_kind(kind)
    if not group and isinstance(value.cls, Class):
        forward = value.cls.slots.get("forward")
        if forward is not None or any(not isinstance(b, Class) for b in _all_bases(value.cls)):
            return "module"
    return group


def is_network(value: Instance) -> bool:
    """Whether an object is surely a network; one of a class with a base not known may be one."""
    if not isinstance(value.cls, Class) or group_of(value) != "module":
        return group_of(value) == "module"
    bases = (base.name for base in lineage(value.cls) if isinstance(base, Extern))
    return find_method(value, "forward") is not None or any(
        group_of_kind(base) == "module" for base in bases
    )


def no_networks(run: Interpreter) -> frozenset[Hashable]:
    """The objects of the project's classes that are no networks, as sets of data are."""
    return frozenset(
        one.oid for made in run.instances.values() for one in made if not is_network(one)
    )


def _all_bases(cls: Class) -> list[Value]:
    found: list[Value] = []
    for base in cls.bases:
        found.append(base)
        if isinstance(base, Class):
            found.extend(_all_bases(base))
    return found


def group_of_kind(kind: str) -> str:
    """The group of an outside class."""
    known = GROUPS.get(kind)
    if known is not None:
        return known
    if kind in LISTS:
        return "modulelist" if kind.startswith("torch.") else "list"
    if kind in DICTS:
        return "moduledict" if kind.startswith("torch.") else "dict"
    if kind.startswith("torch") and (last := kind.rpartition(".")[2]) in _ANYWHERE:
        return _ANYWHERE[last]
    if kind.startswith("torch.optim.lr_scheduler"):
        return ""
    if kind.startswith("torch.optim.") or kind.rpartition(".")[2] in OPTIMIZERS:
        return "optimizer"
    if module_class(kind) or kind.rpartition(".")[2] in ("LightningModule", "Module"):
        return "module"
    if kind.startswith(_NETWORKS):
        return "module"
    if kind.startswith("torch.distributions."):
        return "distribution"
    return ""


_ANYWHERE = {
    "DataParallel": "wrapper", "DistributedDataParallel": "wrapper", "GradScaler": "scaler",
}  # fmt: skip
"""Classes that torch has in several places: `torch.GradScaler`, `torch.cuda.amp.GradScaler`."""
_NETWORKS = (
    "torchvision.models", "timm.", "transformers.", "segmentation_models", "efficientnet_pytorch",
    "pretrainedmodels",
)  # fmt: skip
"""Libraries whose classes are networks."""
OPTIMIZERS = frozenset(
    "Adam AdamW SGD RMSprop Adagrad Adadelta Adamax NAdam RAdam LBFGS Rprop SparseAdam ASGD Lion "
    "Lamb LAMB FusedAdam FusedSGD DeepSpeedCPUAdam AdaBelief Ranger RAdam AdaBound Adafactor "
    "BertAdam AdamP SGDP Lookahead SAM ZeroRedundancyOptimizer".split()
)


def any_optimizer(library: Extern) -> Extern | None:
    """What torch holds under a name that is not known, where it keeps its optimizers."""
    kept = library.name.removesuffix(".__dict__") == "torch.optim"
    return Extern("torch.optim.Optimizer") if kept else None


def has_method(value: Instance, name: str) -> bool:
    """Whether the table knows a method of an object."""
    group = group_of(value)
    if name in METHODS.get(group, ()):
        return True
    return group in ("modulelist", "moduledict", "wrapper", "optimizer") and name in METHODS.get(
        "module", ()
    )


def is_tensor_method(name: str) -> bool:
    """Whether a method of that name is surely one of a tensor or an optimizer."""
    return name in _DISTINCT


def call_function_by_name(run: Interpreter, name: str, args: Args, guessed: bool = False) -> Value:
    """A torch function, for every combination of alternatives among its arguments."""
    handler = FUNCTIONS.get(name)
    if handler is None and name.endswith("_"):
        handler = FUNCTIONS.get(name[:-1])
    if handler is None:
        made = whole(blend(*args.all()))
        return made.but(grad=made.grad and not run.no_grad)

    def apply(one: Args) -> Value:
        op = Op(run, name, one, guessed)
        made = resized(op, handler(op))
        if name in ALONE and type(made) is Tensor and len(one.positional) == 1:
            made = alone(made, op.tensor())
        return _without_grad(run, made)

    return over_alternatives(args, apply)


def _without_grad(run: Interpreter, value: Value) -> Value:
    if run.no_grad and isinstance(value, Tensor):
        return value.but(grad=False)
    return value


def over_alternatives(args: Args, apply: Callable[[Args], Value]) -> Value:
    """Applies a handler to every combination of the alternatives of the arguments."""
    choices: list[tuple[int | str, Union]] = [
        (i, value) for i, value in enumerate(args.positional) if isinstance(value, Union)
    ]
    choices += [(k, value) for k, value in args.keywords.items() if isinstance(value, Union)]
    if not choices:
        return apply(args)
    count = 1
    for _, choice in choices:
        count *= len(choice.alternatives)
    if count > MAX_COMBINATIONS:
        widened = Args(args.node, list(args.positional), dict(args.keywords), args.open, args.stars)
        for at, _ in choices[1:]:
            _put(widened, at, UNKNOWN)
        at, first = choices[0]
        if len(first.alternatives) > MAX_COMBINATIONS:
            _put(widened, at, UNKNOWN)
            return apply(widened)
        return over_alternatives(widened, apply)
    found: list[Alternative] = []
    for combination in product(*(choice.alternatives for _, choice in choices)):
        when: frozenset[tuple[object, bool]] = frozenset()
        possible = True
        for alternative in combination:
            possible &= not contradict(when, alternative.when)
            when |= alternative.when
        if not possible:
            continue
        one = Args(args.node, list(args.positional), dict(args.keywords), args.open, args.stars)
        for (at, _), alternative in zip(choices, combination, strict=True):
            _put(one, at, alternative.value)
        configs = NO_CONFIGURATION.union(*(alternative.configs for alternative in combination))
        found.append(Alternative(apply(one), when, configs))
    return join_alternatives(found)


def _put(args: Args, at: int | str, value: Value) -> None:
    if isinstance(at, int):
        args.positional[at] = value
    else:
        args.keywords[at] = value
