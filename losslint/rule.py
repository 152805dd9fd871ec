"""What a rule is, and where rules come from.

A rule is a class with a code, a name, a severity, a page (its docstring) and one ``check_<event>``
method for each kind of event that it wants to see. Rules are found through the entry-point group
``losslint.rules``: each entry point names a module whose ``RULES`` attribute is a sequence of rule
classes. The rules that ship with losslint come through the same door.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Tensor
from losslint.errors import UserError
from losslint.finding import Confidence, Severity

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place, Step
    from losslint.analysis.events import (
        Accumulation,
        AccuracyAlone,
        Backpropagation,
        CriterionBuilt,
        CustomLoss,
        ForcedGradient,
        GradientClip,
        IdleStep,
        ImplicitDim,
        LossCall,
        LossSum,
        LostGradients,
        MissingCall,
        MissingStep,
        Objective,
        OperationInLoss,
        ScalerFault,
        StrayParameter,
        TotalAlone,
        TrainingLoop,
        UnclippedRecurrence,
        UnheldModel,
        UnscaledAccumulation,
        UntrainedParameters,
        UnusedLoss,
        VanishingWeight,
        WrongAverage,
    )
    from losslint.fix import Fix

ENTRY_POINTS = "losslint.rules"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a rule has to say about one event."""

    at: Place
    message: str
    help: str
    trail: tuple[Step, ...] = ()
    confidence: Confidence = Confidence.HIGH
    severity: Severity | None = None
    fix: Fix | None = None
    """Offered only where the confidence is high, and the rule offers the same in every context."""

    @classmethod
    def of_input(
        cls,
        call: LossCall,
        message: str,
        help: str,
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Diagnosis:
        """A diagnosis at a loss call, about what its input is and how it came to be that."""
        given = call.input
        sure, trail = Confidence.HIGH, None
        if isinstance(given, Tensor):
            sure, trail = given.confidence, given.trail
        return cls(call.place, message, help, (*steps_of(trail), *call.built), sure, severity, fix)


class Rule:
    """Base class of all rules; the docstring of a rule is its page.

    The first line of the docstring is the summary; then follow the sections *What it does*,
    *Why it matters*, *Example*, *Instead*, *When it is fine*, *Objections* where there are usual
    ones, *Fix* if it offers one, and *References*, each under a markdown heading of level two.
    """

    code: ClassVar[str]
    """Stable identifier: letters and digits, such as ``LOS104``."""
    name: ClassVar[str]
    """The bad pattern in kebab case, such as ``softmax-before-cross-entropy``."""
    severity: ClassVar[Severity]
    category: ClassVar[str]
    """The folder of the rule: activation, targets, numerics, training-loop, objective, run."""
    default: ClassVar[bool] = True
    """On without configuration."""
    url: ClassVar[str | None] = None
    """Where the page is on the web, if it is."""
    every_path: ClassVar[bool] = False
    """Report only what holds on every path that reaches the place."""

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A criterion called with one combination of criterion and arguments."""
        return iter(())

    def check_criterion_built(self, built: CriterionBuilt) -> Iterator[Diagnosis]:
        """A criterion whose constructor is given tensors by position."""
        return iter(())

    def check_custom_loss(self, found: CustomLoss) -> Iterator[Diagnosis]:
        """A loss module in which any two shapes meet, and whose reduction is nobody's choice."""
        return iter(())

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A division, logarithm or root whose result reaches a loss."""
        return iter(())

    def check_implicit_dim(self, call: ImplicitDim) -> Iterator[Diagnosis]:
        """A softmax or log_softmax that was given no dim."""
        return iter(())

    def check_loss_sum(self, total: LossSum) -> Iterator[Diagnosis]:
        """A sum of several loss terms that is backpropagated."""
        return iter(())

    def check_training_loop(self, loop: TrainingLoop) -> Iterator[Diagnosis]:
        """What happens to one optimizer in the loop that backpropagates and steps it."""
        return iter(())

    def check_accumulation(self, found: Accumulation) -> Iterator[Diagnosis]:
        """A loss kept with its graph from round to round, only to be looked at."""
        return iter(())

    def check_backpropagation(self, found: Backpropagation) -> Iterator[Diagnosis]:
        """A call of backward, with what is known of the loss."""
        return iter(())

    def check_forced_gradient(self, found: ForcedGradient) -> Iterator[Diagnosis]:
        """A loss that is told to require a gradient."""
        return iter(())

    def check_missing_call(self, found: MissingCall) -> Iterator[Diagnosis]:
        """A statement that names a method of the training loop and does not call it."""
        return iter(())

    def check_idle_step(self, found: IdleStep) -> Iterator[Diagnosis]:
        """An optimizer that steps without a gradient."""
        return iter(())

    def check_unheld_model(self, found: UnheldModel) -> Iterator[Diagnosis]:
        """A model that no optimizer holds, beside two optimizers of another one."""
        return iter(())

    def check_missing_step(self, found: MissingStep) -> Iterator[Diagnosis]:
        """A backward whose gradients no optimizer uses."""
        return iter(())

    def check_untrained_parameters(self, found: UntrainedParameters) -> Iterator[Diagnosis]:
        """A loss with parameters that no optimizer was given."""
        return iter(())

    def check_stray_parameter(self, found: StrayParameter) -> Iterator[Diagnosis]:
        """A parameter of a module that is none any more, once it was moved to a device."""
        return iter(())

    def check_unclipped_recurrence(self, found: UnclippedRecurrence) -> Iterator[Diagnosis]:
        """A recurrent layer that is trained with gradients that nothing clips."""
        return iter(())

    def check_unscaled_accumulation(self, found: UnscaledAccumulation) -> Iterator[Diagnosis]:
        """A loss that is not divided by the number of rounds whose gradients are added up."""
        return iter(())

    def check_lost_gradients(self, found: LostGradients) -> Iterator[Diagnosis]:
        """Gradients that are zeroed in every round, where a step is made in some rounds only."""
        return iter(())

    def check_unused_loss(self, found: UnusedLoss) -> Iterator[Diagnosis]:
        """A loss that is computed next to the one that is trained with, and goes nowhere."""
        return iter(())

    def check_scaler_fault(self, found: ScalerFault) -> Iterator[Diagnosis]:
        """A step that does not keep to the protocol of a gradient scaler."""
        return iter(())

    def check_accuracy_alone(self, found: AccuracyAlone) -> Iterator[Diagnosis]:
        """An accuracy as the only measure where classes are not of one size."""
        return iter(())

    def check_total_alone(self, found: TotalAlone) -> Iterator[Diagnosis]:
        """A sum of losses of several tasks, which is all of them that is looked at."""
        return iter(())

    def check_objective(self, found: Objective) -> Iterator[Diagnosis]:
        """What is minimised batch by batch."""
        return iter(())

    def check_vanishing_weight(self, found: VanishingWeight) -> Iterator[Diagnosis]:
        """A learned weight of a loss that nothing keeps from vanishing."""
        return iter(())

    def check_wrong_average(self, found: WrongAverage) -> Iterator[Diagnosis]:
        """A sum of batch means that is divided by a number of samples."""
        return iter(())

    def check_gradient_clip(self, clip: GradientClip) -> Iterator[Diagnosis]:
        """Gradients clipped at a wrong place, or something that is clipped in their stead."""
        return iter(())

    @classmethod
    def page(cls) -> str:
        """The rule's page as markdown, without its title."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def offers_fix(cls) -> bool:
        """Whether the page says how findings are fixed."""
        return "\n## Fix\n" in cls.page()

    @classmethod
    def summary(cls) -> str:
        """The first line of the page."""
        return cls.page().partition("\n")[0]


class RuleError(UserError):
    """A set of rules that cannot be used; the message says which and why."""


def installed_rules() -> list[type[Rule]]:
    """All rules that installed packages offer, ordered by code.

    Raises:
        RuleError: if a package's rules cannot be loaded, or two rules claim one code or name.
    """
    found: list[type[Rule]] = []
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            module = entry.load()
            rules = module.RULES
        except Exception as problem:
            raise RuleError(
                f"the rules of entry point {entry.name!r} ({entry.value}) cannot be loaded: "
                f"{problem}"
            ) from problem
        found.extend(rules)
    return in_order(found)


def in_order(rules: Iterable[type[Rule]]) -> list[type[Rule]]:
    """The rules sorted by code.

    Raises:
        RuleError: if two different rules claim one code or name.
    """
    claimed: dict[str, type[Rule]] = {}
    for rule in rules:
        for claim in (rule.code, rule.name):
            other = claimed.setdefault(claim, rule)
            if other is not rule:
                raise RuleError(
                    f"{claim} is claimed by two rules: {other.__module__}.{other.__qualname__} "
                    f"and {rule.__module__}.{rule.__qualname__}"
                )
    return sorted(set(claimed.values()), key=lambda rule: rule.code)


def find_rule(rules: Sequence[type[Rule]], word: str) -> type[Rule] | None:
    """The rule that is called ``word``, by code or name, in any case."""
    wanted = word.casefold()
    for rule in rules:
        if wanted in (rule.code.casefold(), rule.name.casefold()):
            return rule
    return None
