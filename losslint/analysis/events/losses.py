"""Events about losses: what a criterion is given, of what a sum is made, what can break."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from losslint.analysis.domain.marks import ADDED_UP
from losslint.analysis.domain.sizes import ANY, Sizes, rank
from losslint.analysis.domain.values import Act, Tensor, Value, alternatives_of
from losslint.finding import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.trail import Place, Step
    from losslint.analysis.domain.values import ZeroReason
    from losslint.analysis.objective.criteria import Criterion


RESCALED = "rescaled"
"""The first part of the symbol of a function that defines its own gradient, and its factor."""


class Family(Enum):
    """What kind of objective a loss term is."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    ADVERSARIAL = "adversarial"
    EMBEDDING = "embedding"
    DIVERGENCE = "divergence"
    LIKELIHOOD = "likelihood"
    SEQUENCE = "sequence"
    POLICY = "policy gradient"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class LearnedWeight:
    """A weight of a loss that is made of parameters alone, and so is trained with the model."""

    place: Place
    """Where the loss is multiplied with it, or divided by it."""
    text: str
    """As the code has it."""
    owner: frozenset[Hashable]
    """The modules that may hold the parameters."""


@dataclass(frozen=True, slots=True)
class LossTerm:
    """One term of what is backpropagated."""

    family: Family
    label: str
    place: Place
    deps: frozenset[Hashable] = field(default=frozenset(), compare=False)
    weighted: bool = False
    averaged: bool = field(default=False, compare=False)
    """It is one of several of its kind whose mean was taken, by a number."""
    stage: str = field(default="mean", compare=False)
    """How far it is reduced: elements, sum or mean. Up to the mean, a factor is no weight."""
    learned: LearnedWeight | None = field(default=None, compare=False)
    """The weight that training itself chooses, if there is one."""
    target: str = field(default="", compare=False)
    """The variable that it is measured against, as the code has it."""
    counted: str = field(default="", compare=False)
    """The count that its sum was divided by, as the code has it."""

    @property
    def rescaled(self) -> frozenset[Hashable]:
        """Functions with a gradient of their own that this term's gradient goes back through."""
        return frozenset(one for one in self.deps if isinstance(one, tuple) and one[0] == RESCALED)

    def shares_weights_with(self, other: LossTerm) -> bool:
        """Whether both depend on one layer or object; that both are of one class says nothing."""
        return not all(map(_is_class, self.deps & other.deps))

    @property
    def of_outputs(self) -> bool:
        """A divergence of two outputs, as distillation has it, not of one from its prior."""
        return self.label == "KLDivLoss"


def _is_class(symbol: Hashable) -> bool:
    """Whether a symbol stands for a class, by its name."""
    name = symbol[-1] if isinstance(symbol, tuple) and symbol else None
    return isinstance(name, str) and name.rpartition(".")[2][:1].isupper()


_FIXED = frozenset({"constant", "blank"})
"""Forms of tensors with the same number everywhere."""


@dataclass(frozen=True, slots=True)
class LossCall:
    """A criterion called with one combination of criterion, input and target."""

    place: Place
    criterion: Criterion
    input: Value
    target: Value
    spelled: str
    """The callee as the code has it."""
    given: str
    """The input as the code has it."""
    options: Mapping[str, Value]
    built: tuple[Step, ...]
    """Where the criterion was built and how it came here."""
    reduction: str | None = "mean"
    """How the loss is reduced, where that is known; also by the options of old."""
    autocast: bool = False
    evaluating: bool = False
    """It runs without gradients: the loss is only looked at."""
    partners: frozenset[Family] = frozenset()
    """Families of the terms that this loss was added to, but for divergences of two outputs."""
    sampled: bool = False
    """The loader of the batch was given a sampler of its own."""
    number_alone: bool = False
    """Its number is read, and nothing is backpropagated through it."""
    reached: bool = False
    """What it gives was seen to be part of what trains."""
    shared_out: bool = False
    """Its value is divided by the number of samples."""
    by_rows: bool = False
    """Its value is multiplied by the number of elements for each sample, of which it is a mean."""
    evened: Place | None = None
    """Where a sampler was built that evens out the classes of the batch, as the loss does again."""

    @property
    def trains(self) -> bool:
        """Whether a gradient may go through its input: else the loss is only looked at."""
        cut_off = isinstance(self.input, Tensor) and self.input.is_cut_off
        return not self.evaluating and not self.number_alone and not cut_off

    @property
    def has_fixed_target(self) -> bool:
        """Whether all samples have the same target, as those that a discriminator judges."""
        given = [one.value for one in alternatives_of(self.target)]
        return all(isinstance(one, Tensor) and one.shape in _FIXED for one in given)

    @property
    def activation(self) -> Act | None:
        """The activation that the input came through, where it is known."""
        if not isinstance(self.input, Tensor):
            return None
        return Act.UNKNOWN if ADDED_UP in self.input.marks else self.input.act

    @property
    def title(self) -> str:
        """The criterion in words: its name in the code, and what it is."""
        name = self.criterion.name
        return f"`{self.spelled}`" if name in self.spelled else f"`{self.spelled}` ({name})"


@dataclass(frozen=True, slots=True)
class LossCalls:
    """All combinations that can meet in one evaluation of one loss call."""

    place: Place
    cases: tuple[LossCase, ...]


@dataclass(frozen=True, slots=True)
class LossCase:
    """One combination, and the configurations of the program that it belongs to."""

    call: LossCall
    configurations: frozenset[Hashable]
    """The criterion and the input, where each is one of several configurations."""
    understood: bool
    picked: bool = False
    """The input is one of several by a condition, as an option that picks a network is one."""


class OperationKind(Enum):
    """Operations with values at which they are not finite, or sizes that hardly anybody wants."""

    DIVISION = "division"
    LOG = "log"
    ROOT = "square root"
    EXP = "exponential"
    SOFTMAX = "softmax written out"
    SIGMOID = "sigmoid written out"
    CROSS_ENTROPY = "binary cross entropy written out"
    """The sum that is one, of a sigmoid, the operand."""
    SELECTION = "selection by a mask"
    MEAN = "mean of a selection"
    DOMAIN = "function with a bounded domain"
    OUTSIDE = "operation with an eps behind it"
    """A division, logarithm or root to whose result a guard was added."""
    UNSELECTED = "division in a branch of where"
    """A division that torch.where replaces where its divisor is zero."""
    PAIRING = "pairing"
    """Each element of a column, the operand, meets each of a vector, the other one."""
    ACCUMULATION = "accumulation"
    """A loss kept from round to round: of use where it is backpropagated later."""
    PART = "part"
    """A loss that is summed within one round of a loop, and goes into another one."""
    BATCH_MEANS = "batch means"
    """A sum over the rounds of a loop of losses that are means over a batch each."""
    BATCH_SUMS = "batch sums"
    """The same of such means times the sizes of their batches."""
    IMPLICIT_DIM = "softmax without a dim"
    LOGITS = "logits of a distribution"
    """A distribution takes for logits what are probabilities already: the operand."""
    ACROSS = "rows across"
    """A distribution over the last dimension is given what a softmax over the first one gave."""
    CUT = "cut"
    """No gradient goes through, which is as it should be on the way to targets and weights."""
    COPY = "copy"
    """Something that was not followed is copied into a new tensor, which has no gradient."""
    DETOUR = "detour"
    """A cut in one of two losses that are added, which still reaches the other model's layers."""
    DEAD_END = "dead end"
    """A cut that leaves a loss without any gradient for its input."""

    __hash__ = object.__hash__


FLOW = frozenset(
    {
        OperationKind.ACCUMULATION,
        OperationKind.PART,
        OperationKind.BATCH_MEANS,
        OperationKind.BATCH_SUMS,
        OperationKind.COPY,
        OperationKind.CUT,
        OperationKind.DETOUR,
        OperationKind.DEAD_END,
    }
)
"""Operations that are told by other events than that their result reaches a loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One such operation, with the operand whose values or sizes matter."""

    kind: OperationKind
    place: Place
    function: str
    """As it is called in the code: ``log``, ``log2``, ``log10``, ``sqrt``, ``/``."""
    operand: Tensor
    other: Tensor | None = None
    trail: tuple[Step, ...] = ()
    repeated: bool = True
    """It runs in a loop; what runs once on plain data prepares the data."""
    product: cst.BinaryOperation | None = None
    """Where a logarithm was multiplied with something that is not made of its argument."""
    part: cst.BaseExpression | None = None
    """The operand in the code, of an operation between two."""
    loop: cst.For | None = None
    """Of a sum over rounds, the loop that they are rounds of."""
    order: int = 0
    """Operations that are told apart by when they ran: the number of steps before."""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Operation)
            and self.place == other.place
            and self.kind is other.kind
            and self.operand == other.operand
        )

    def __hash__(self) -> int:
        return hash((self.place, self.operand.act))

    @property
    def zero(self) -> ZeroReason | None:
        """Why the operand can be zero, where there is a reason."""
        return self.operand.zero


@dataclass(frozen=True, slots=True)
class OperationInLoss:
    """An operation whose result was seen to reach a loss."""

    operation: Operation
    guarded: bool
    """The operand, or what it was made of, is tested somewhere."""
    mixed: bool = False
    """The operand is something else in other contexts."""


@dataclass(frozen=True, slots=True)
class ImplicitDim:
    """A softmax or log_softmax without a dim."""

    place: Place
    function: str
    confidence: Confidence
    sizes: Sizes = ANY
    """Of what it is given."""

    @property
    def picked(self) -> int | None:
        """The dimension that torch picks, where it can be told."""
        known = rank(self.sizes)
        return None if known is None else 0 if known in (0, 1, 3) else 1


@dataclass(frozen=True, slots=True)
class CriterionBuilt:
    """A criterion whose constructor is given tensors by position."""

    place: Place
    criterion: Criterion
    spelled: str
    """The class as the code has it."""
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class LossSum:
    """A sum of loss terms that is backpropagated or returned as the loss."""

    place: Place
    terms: tuple[LossTerm, ...]


@dataclass(frozen=True, slots=True)
class CustomLoss:
    """A loss module that takes any two shapes that broadcast, and reduces what comes of them."""

    place: Place
    """Where two of its arguments meet element by element."""
    name: str
    """The class."""
    arguments: tuple[str, str]
    reduction: Place
    """Where all elements become one number."""
