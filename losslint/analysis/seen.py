"""What a run has seen on the way, for what only the whole evaluation can tell."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import UNKNOWN, Act, Tensor, Union, Unknown, Value
from losslint.analysis.events import OperationKind
from losslint.analysis.objective.learned_weights import Weights
from losslint.analysis.objective.metrics import Metrics

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.heap import Slots
    from losslint.analysis.domain.sizes import Sizes
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.domain.values import Class, Function, Instance, ZeroReason
    from losslint.analysis.events import Backpropagation, Family, LossTerm, Operation
    from losslint.analysis.objective.objectives import Returned
    from losslint.analysis.objective.watched import Parts


@dataclass(slots=True)
class LossSites:
    """The loss calls of a run by their place, and whether any evaluation understood them."""

    understood: dict[Place, bool] = field(default_factory=dict)
    lost: dict[Place, tuple[Place | None, str]] = field(default_factory=dict)
    met_so_far: int = 0

    def met(self, place: Place, understood: bool, given: Value = UNKNOWN) -> None:
        """Counts one evaluation of a loss call; ``given`` is what was not understood about it."""
        self.met_so_far += 1
        self.understood[place] = self.understood.get(place, False) or understood
        if not understood and isinstance(given, Unknown) and given.why:
            self.lost[place] = (given.lost, given.why)


@dataclass(slots=True)
class Seen:
    """Notes of one run."""

    sites: LossSites = field(default_factory=LossSites)
    partners: dict[Place, set[Family]] = field(default_factory=dict)
    """The families of the losses that were added to the one at a place."""
    of_several: set[Place] = field(default_factory=set)
    """Calls of one of several functions or classes, which may take other arguments."""
    untrained: set[Hashable] = field(default_factory=set)
    """Those of several networks through which no gradient goes where others are trained."""
    shared_out: set[Place] = field(default_factory=set)
    """Losses that were divided by the number of samples."""
    by_rows: set[Place] = field(default_factory=set)
    """Losses that were multiplied by the number of their elements for each sample."""
    guarded: set[ZeroReason] = field(default_factory=set)
    """Reasons to be zero that the program tests for."""
    weights: Weights = field(default_factory=Weights)
    metrics: Metrics = field(default_factory=Metrics)
    read_out: set[Hashable] = field(default_factory=set)
    """Layers whose outputs are read as numbers, or made decisions of."""
    watched: dict[Parts, Place | None] = field(default_factory=dict)
    """The losses that were looked at, and where they were first seen."""
    only_numbers: set[Place] = field(default_factory=set)
    """Losses kept in variables of which only the number is read."""
    reached: set[Place] = field(default_factory=set)
    """Losses that were seen to be part of what is backpropagated, or of what a loss returns."""
    returned: list[Returned] = field(default_factory=list)
    """What loss functions return that nothing in the project has called."""
    loss_modules: dict[Function, Class] = field(default_factory=dict)
    """The forwards of loss modules that were evaluated, with the class of each."""
    backpropagations: dict[Place, Backpropagation] = field(default_factory=dict)
    """Every call of backward, with all that it was seen to be called on."""
    backpropagated: set[Place] = field(default_factory=set)
    """Where losses were kept that were seen to reach a backward later."""
    differentiated: set[Hashable] = field(default_factory=set)
    """Losses whose gradients were asked for without a backward."""
    differentiated_by: set[Hashable] = field(default_factory=set)
    """What gradients were asked for with respect to, as losses are told: so it is none itself."""
    rows: dict[Hashable, Sizes] = field(default_factory=dict)
    """The sizes of data that was laid out as rows, by its symbol."""
    cut_before: dict[Hashable, frozenset[Operation]] = field(default_factory=dict)
    """The cuts in all that something unknown was given, by the symbol of what it made of that."""
    made_by: dict[Hashable, Function] = field(default_factory=dict)
    """The functions in which something unknown was called, by the symbol of its result."""
    counters: set[str] = field(default_factory=set)
    """Names of variables and attributes that loops count with."""
    counted_in: dict[cst.CSTNode, set[tuple[Slots | None, Hashable]]] = field(default_factory=dict)
    """What each loop counts with: attributes of objects, and variables of the function itself."""
    sources: dict[cst.For, tuple[cst.BaseExpression, ...]] = field(default_factory=dict)
    """What the variables that loops run over were assigned."""
    arms: dict[cst.If, set[bool]] = field(default_factory=dict)
    """The outcomes of tests that were decided whenever they were evaluated."""
    used: set[cst.CSTNode] = field(default_factory=set)
    """Functions that something else than a demonstration calls."""
    shown: set[cst.CSTNode] = field(default_factory=set)
    """Functions that the main guard at hand calls."""
    tried: set[cst.CSTNode] = field(default_factory=set)
    """Functions that were called on new tensors alone, as for a try."""
    served: set[cst.CSTNode] = field(default_factory=set)
    """Functions that were called on anything else."""
    taught: set[cst.CSTNode] = field(default_factory=set)
    """Functions that were called where gradients are computed."""
    eligible: set[Class] = field(default_factory=set)
    """Classes of which the settings of a program pick one by its name."""
    measures: set[cst.CSTNode] = field(default_factory=set)
    """Functions that measure: by the names of parameters that they are defaults of, or as only the
    number of what they give is read."""
    callers: dict[cst.CSTNode, set[Function | None]] = field(default_factory=dict)
    """What these are called by; None for the top level of a file."""
    within: dict[Place, Function | None] = field(default_factory=dict)
    """The functions in which the operations stand that a value carries along."""
    compared: set[tuple[Function | None, str]] = field(default_factory=set)
    """Variables that a function compares with zeros, as a whole, or of which it tests the sum."""
    totals: dict[Hashable, tuple[Function | None, str]] = field(default_factory=dict)
    """The variables that were summed, by the symbol of the sum."""
    logarithms: dict[Place, set[Act]] = field(default_factory=dict)
    """The activations that gave the probabilities which each logarithm was taken of."""
    positive: dict[Place, set[Hashable]] = field(default_factory=dict)
    """What the positive operands of each logarithm were computed by."""
    looked_up: set[tuple[Function | None, str]] = field(default_factory=set)
    """Variables by which a function looks up rows of an embedding: tokens, items, classes."""
    repaired: set[Place] = field(default_factory=set)
    """Operations of which something that comes later mends the result."""
    descended: set[Place] = field(default_factory=set)
    """Operations whose results were seen to be backpropagated."""
    emptied: set[tuple[Place, str]] = field(default_factory=set)
    """Loops, and what a call in their rounds sets back to zero, or to an empty list."""
    handed_on: set[Place] = field(default_factory=set)
    """Where losses were kept that were returned to somebody who may backpropagate them."""
    numbers: set[Place] = field(default_factory=set)
    """Where losses were kept that were seen to be read as a number later."""
    tensors: set[Place] = field(default_factory=set)
    """Where losses were kept of which something is read later that no number has."""
    divided_by_index: dict[Hashable, Place] = field(default_factory=dict)
    """The first division by each index that a loop left; one finding is enough."""
    carried_on: dict[tuple[Slots, Hashable], tuple[Value, frozenset[cst.CSTNode]]] = field(
        default_factory=dict
    )
    """What totals became that were added to, and the loops of which they have earlier rounds."""
    passing: dict[Hashable, Place] = field(default_factory=dict)
    """The parameters that loss functions make anew in each round of a loop, by their symbol."""
    handling: dict[Hashable, set[str]] = field(default_factory=dict)
    """What was done to modules besides calling them, by their identity."""
    returning: set[cst.CSTNode] = field(default_factory=set)
    """The statements of functions that return a loss with its graph."""
    fed: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    """What the inputs of modules with parameters of their own depend on, by their identity."""
    recurrent: dict[int, Instance] = field(default_factory=dict)
    """The recurrent layers of torch that were built, by their identity."""
    returned_by_hooks: dict[tuple[int, str], Value | dict[Hashable, Value]] = field(
        default_factory=dict
    )
    """What Lightning was given by the steps of a module; of a dict its fields."""

    def add_partners(self, one: tuple[LossTerm, ...], other: tuple[LossTerm, ...]) -> None:
        """Notes that loss terms were added to each other."""
        for mine, theirs in ((one, other), (other, one)):
            families = {term.family for term in theirs if not term.of_outputs}
            for term in mine:
                self.partners.setdefault(term.place, set()).update(families)

    def guard(self, value: Value) -> None:
        """Notes that the program tests a value before it goes on."""
        if isinstance(value, Tensor):
            for reason in (value.zero, value.mask):
                if reason is not None:
                    self.guarded.update(reason.chain())
        elif isinstance(value, Union):
            for one in value.alternatives:
                self.guard(one.value)
        elif isinstance(value, Unknown) and isinstance(value.key, tuple):
            summed = (self.totals.get(one) for one in (value.key, *value.key))
            self.compared.update(one for one in summed if one is not None)

    def guard_means(self, value: Tensor) -> None:
        """Notes that the program looks whether a value is a number, as a mean of nothing is not."""
        for operation in value.operations:
            if operation.kind is OperationKind.MEAN and operation.zero is not None:
                self.guarded.update(operation.zero.chain())
