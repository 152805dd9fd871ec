"""Events about training: what happens to gradients, and what is minimised and watched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from losslint.analysis.domain.marks import FORWARD, NO_GRAD
from losslint.analysis.domain.values import Value
from losslint.analysis.events.losses import LossTerm
from losslint.finding import Confidence

if TYPE_CHECKING:
    from collections.abc import Hashable

    from losslint.analysis.domain.trail import Place, Step
    from losslint.analysis.events.losses import LossTerm


class Zeroing(Enum):
    """Where the gradients of a stepped optimizer are zeroed."""

    IN_LOOP = "in the loop"
    EARLIER = "in the loop, but before another step of the same optimizer"
    ELSEWHERE = "in the loop, but only on a way that leads past this step"
    IN_OUTER_LOOP = "in a loop around it"
    BEFORE = "only before all loops"
    NEVER = "never"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class TrainingLoop:
    """What happens to the gradients of one optimizer in the loop that steps it."""

    optimizer: str
    """Its name in the code."""
    step: Place
    backward: Place
    zeroing: Zeroing
    zeroed: Place | None
    """The zeroing nearest to the step, if there is one."""
    cleared: Place | None
    """A zeroing that wipes out the gradients between backward and step."""
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Accumulation:
    """A loss that is kept with its graph from round to round, and never backpropagated."""

    place: Place
    total: str
    """The sum or list that keeps it, as the code has it."""
    listed: bool
    """It is appended to a list."""
    backward: Place | None
    """Where the loss itself was backpropagated; None where nothing in the loop does that."""
    kept: str
    """What is kept, as the code has it."""
    passed: Place | None = None
    """The call that handed it to the function that keeps it."""
    read_as_tensor: bool = False
    """Something is read of the total that no number has."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An operation that no gradient goes through."""

    place: Place
    function: str

    @property
    def title(self) -> str:
        """The operation in words."""
        words = {"comparison": "a comparison"}
        words[NO_GRAD] = words[FORWARD] = "what is computed under `no_grad`"
        return words.get(self.function, f"`{self.function}`")


@dataclass(frozen=True, slots=True)
class Backpropagation:
    """A call of backward, or one that asks for gradients where none is kept."""

    place: Place
    losses: tuple[Value, ...]
    """What is backpropagated, depending on the path."""
    cuts: tuple[Cut, ...]
    """Where the only way from the model to a loss that is part of it is cut."""
    weighted: bool
    """A gradient is given too, or given alone: what goes backward need not be a single number."""
    asked: bool = False
    """The gradients are only asked for, by ``torch.autograd.grad``."""
    calls: tuple[Place, ...] = ()
    """The calls that lead there, where they tell that no graph is kept."""


@dataclass(frozen=True, slots=True)
class ScalerFault:
    """An optimizer that steps with scaled gradients, or through a scaler that is never updated."""

    place: Place
    optimizer: str
    """Its name in the code."""
    backward: Place
    scaled: bool
    """The step uses scaled gradients; else the scaler is not updated."""
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class IdleStep:
    """An optimizer that steps in a loop where no backward gives its parameters a gradient."""

    place: Place
    optimizer: str
    """Its name in the code."""
    loss: Place
    """A loss that is computed in the loop."""
    backward: Place | None
    """A backward of the loop, which reaches other parameters; None where there is none at all."""
    zeroed: Place | None = None
    """Where the optimizer zeroes the gradients that other backwards of the round gave it."""


@dataclass(frozen=True, slots=True)
class UnheldModel:
    """A model that no optimizer holds, where two of them hold one and the same other model."""

    place: Place
    """Where one of the two optimizers is built."""
    optimizer: str
    """Its name in the code; empty where a library steps it."""
    twin: str
    """The name of the other one."""
    model: str
    """The class of the model that is not held."""
    backward: Place
    """A loss that depends on it."""


@dataclass(frozen=True, slots=True)
class MissingStep:
    """A backward in a loop that zeroes the gradients of an optimizer and never steps it."""

    place: Place
    zeroed: Place
    instead: bool = False
    """It is zeroed again behind the backward, where the others in the loop step."""
    other: Place | None = None
    """The step behind the backward, which is the second one in the round of another optimizer."""
    others: str = ""
    """The name of that one in the code."""
    forgotten: bool = False
    """Others step in the loop, of which none has to do with what is backpropagated here."""


@dataclass(frozen=True, slots=True)
class UntrainedParameters:
    """A loss with parameters of its own that no optimizer was given."""

    place: Place
    """Where the loss is built, or the parameter."""
    parameter: str
    """Its name; empty for one that a loss function makes anew at each call."""
    backward: Place
    is_loss: bool = True
    """The module that has it gives a loss; else something that a loss is made of."""


@dataclass(frozen=True, slots=True)
class StrayParameter:
    """What a module keeps of a parameter that was moved to a device: a tensor, no parameter."""

    place: Place
    """Where the module keeps it."""
    name: str


@dataclass(frozen=True, slots=True)
class UnclippedRecurrence:
    """A loss that is backpropagated through a recurrent layer and stepped with, never clipped."""

    place: Place
    """The backward."""
    optimizer: str
    """Its name in the code."""
    layer: str
    built: tuple[Step, ...]
    """Where the layer is built."""


@dataclass(frozen=True, slots=True)
class UnscaledAccumulation:
    """A loss that is backpropagated whole, round by round, between two steps of an optimizer."""

    place: Place
    optimizer: str
    """Its name in the code."""
    step: Place
    count: str
    """The number of rounds between two steps, as the code has it."""
    parts: bool = False
    """The rounds go through the parts of one batch; the count is what the code loops over."""


@dataclass(frozen=True, slots=True)
class LostGradients:
    """Gradients that are zeroed in every round of a loop that has no step in each of them."""

    place: Place
    """The zeroing."""
    optimizer: str
    """Its name in the code."""
    backward: Place
    step: Place
    count: str
    """The number of rounds from step to step, as the code has it; empty for a step behind all."""
    confidence: Confidence
    again: Place | None = None
    """Where they are zeroed behind the step as well, which is enough."""


@dataclass(frozen=True, slots=True)
class UnusedLoss:
    """A loss that is computed where another one is trained with, and that nothing can use."""

    place: Place
    name: str
    """The variable that it is assigned to; empty where there is none."""
    overwritten: Place | None
    """The assignment that the variable gets before anything reads it, if there is one."""
    alone: str = ""
    """Of a sum, the only term that is backpropagated, as the code has it."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is minimised batch by batch: it is backpropagated before an optimizer steps.

    Or it is what a module gives to a library that does both.
    """

    place: Place
    losses: tuple[Value, ...]
    """What it is, depending on the path."""
    mixed: bool
    """Something that is not known as a loss is part of it."""


@dataclass(frozen=True, slots=True)
class AccuracyAlone:
    """An accuracy, which is all that a program measures although its classes are not even."""

    place: Place
    corrected: Place
    """Where weights or a sampler make up for the imbalance."""


@dataclass(frozen=True, slots=True)
class TotalAlone:
    """A sum of losses of several tasks that is looked at, while none of them is by itself."""

    place: Place
    """Where it is looked at."""
    terms: tuple[LossTerm, ...]


@dataclass(frozen=True, slots=True)
class VanishingWeight:
    """A learned weight of a loss that nothing in the objective keeps from vanishing."""

    place: Place
    weight: str
    """As the code has it."""
    loss: Place
    others: tuple[Place, ...]
    """Where other losses are weighted by parameters of the same module."""
    confidence: Confidence


class WrongCount(Enum):
    """What a sum over batches is a sum of, and what it is divided by instead."""

    MEANS_BY_SAMPLES = auto()
    """Means over batches, by the number of samples."""
    MEANS_BY_SIZE = auto()
    """Means over batches, by the size of one batch."""
    EACH_MEAN_BY_SIZE = auto()
    """Means over batches, each of them by the size of its batch before it is added."""
    SAMPLES_BY_BATCHES = auto()
    """All samples, by the number of batches."""


@dataclass(frozen=True, slots=True)
class WrongAverage:
    """A sum over batches that is divided by the number of something else than it is a sum of."""

    place: Place
    summed: Place
    count: WrongCount = WrongCount.MEANS_BY_SAMPLES


@dataclass(frozen=True, slots=True)
class ForcedGradient:
    """A loss that is told to require a gradient."""

    place: Place
    loss: str
    """As the code has it."""
    copied: str = ""
    """What makes a new leaf of it, which has no way to the model even where the loss had one."""
    losses: frozenset[Hashable] = frozenset()
    """What says which loss it is."""


@dataclass(frozen=True, slots=True)
class MissingCall:
    """A statement that names a method and does not call it."""

    place: Place
    title: str
    """The method as the code has it."""


class ClipFault(Enum):
    """Why clipping gradients does not do what it is there for."""

    BEFORE_BACKWARD = "before backward"
    AFTER_STEP = "after the step"
    BEFORE_UNSCALE = "before they are unscaled"
    NOT_PARAMETERS = "of a loss"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class GradientClip:
    """A call that clips gradients, at a wrong place or of the wrong thing."""

    place: Place
    fault: ClipFault | None
    other: Place | None = None
    """The backward or step that it should stand on the other side of."""
    optimizer: str = ""
    """The optimizer whose step it is about, as the code has it."""
    confidence: Confidence = Confidence.HIGH
    more_often: bool = False
    """It is made in more rounds of the loop than the step."""
