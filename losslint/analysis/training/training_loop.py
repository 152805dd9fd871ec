"""The training loop as a protocol: zero, backward, step, for each optimizer, round by round."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from losslint.analysis.domain.conditions import GIVEN
from losslint.analysis.domain.trail import Place
from losslint.analysis.events import TrainingLoop, Zeroing
from losslint.analysis.reading.spelling import is_of_one_parameter
from losslint.analysis.training.trace import (
    LONE_PARAMETER,
    Action,
    Backward,
    Branch,
    Loop,
    OptimizerStep,
    SetWeights,
    Trace,
    ZeroGrad,
    actions,
)

MAX_STEPS = 100
"""Optimizer steps in one loop that are looked at, each against all that the loop does."""


def training_loops(roots: Sequence[Trace]) -> list[TrainingLoop]:
    """What happens to each optimizer that is stepped in a loop.

    A step that is met in several contexts counts as at fault only if it is so in all of them.
    """
    by_step: dict[Place, list[TrainingLoop]] = {}
    for trace in roots:
        for loop, around in loops_in(trace, ()):
            for step, backward in stepped(loop):
                found = _judged(loop, around, trace, step, backward)
                by_step.setdefault(found.step, []).append(found)
    return [min(found, key=_fault) for found in by_step.values()]


def _fault(loop: TrainingLoop) -> int:
    return _BY_FAULT.index(loop.zeroing) + (10 if loop.cleared is not None else 0)


_BY_FAULT = (
    Zeroing.IN_LOOP, Zeroing.EARLIER, Zeroing.ELSEWHERE, Zeroing.IN_OUTER_LOOP, Zeroing.BEFORE,
    Zeroing.NEVER,
)  # fmt: skip


def loops_in(
    trace: Trace, around: tuple[Loop, ...] = ()
) -> Iterator[tuple[Loop, tuple[Loop, ...]]]:
    """Every loop that repeats, with the loops around it."""
    for action in trace:
        if isinstance(action, Loop):
            if action.repeats:
                yield action, around
                yield from loops_in(action.body, (*around, action))
            else:
                yield from loops_in(action.body, around)
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from loops_in(arm, around)


def stepped(loop: Loop) -> Iterator[tuple[OptimizerStep, Backward]]:
    """The optimizers that are stepped in a loop and in none inside it, each with a backward."""
    inner = [action for action in _nested(loop.body) if action is not loop]
    steps: dict[object, OptimizerStep] = {}
    for action in actions(loop.body):
        if isinstance(action, OptimizerStep):
            steps.setdefault((action.optimizer, action.place), action)
    for step in islice(steps.values(), MAX_STEPS):
        if any(_holds_round(one, step) for one in inner):
            continue
        backward = _first_before(loop, step)
        if backward is not None:
            yield step, backward


def _judged(
    loop: Loop, around: tuple[Loop, ...], whole: Trace, step: OptimizerStep, backward: Backward
) -> TrainingLoop:
    rounds = _Rounds(step)
    rounds.run(loop.body)
    rounds.recording = True
    rounds.cleared = None
    rounds.gradient = "none"
    rounds.stepped = False
    rounds.run(loop.body)
    zeroing, zeroed = Zeroing.IN_LOOP, None
    if rounds.unzeroed:
        zeroing, zeroed = _elsewhere(step, loop, around, whole)
        earlier = [
            one for one in actions(loop.body) if isinstance(one, ZeroGrad) and zeroes(one, step)
        ]
        if earlier and not rounds.again:
            zeroing = Zeroing.IN_LOOP
        elif earlier:
            sure = (one.place for one in earlier if surely_zeroes(one, step))
            zeroing = Zeroing.EARLIER if rounds.in_round else Zeroing.ELSEWHERE
            zeroed = next(sure, None)
            backward = _last_before(loop, step) or backward
    return TrainingLoop(
        step.label,
        step.place,
        backward.place,
        zeroing,
        zeroed,
        rounds.cleared_before_step,
        step.confidence,
    )


def _nested(trace: Trace) -> Iterator[Loop]:
    for action in trace:
        if isinstance(action, Loop):
            if action.repeats:
                yield action
            yield from _nested(action.body)
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _nested(arm)


def _holds_round(loop: Loop, step: OptimizerStep) -> bool:
    """Whether a loop inside holds the step and a backward of its own."""
    inside = list(actions(loop.body))
    return any(
        isinstance(a, OptimizerStep) and a.place == step.place and a.optimizer == step.optimizer
        for a in inside
    ) and any(isinstance(a, Backward) and fills(a, step) for a in inside)


def _elsewhere(
    step: OptimizerStep, loop: Loop, around: tuple[Loop, ...], whole: Trace
) -> tuple[Zeroing, Place | None]:
    inside = set(map(id, actions(loop.body)))
    wider = [(Zeroing.IN_OUTER_LOOP, outer.body) for outer in reversed(around)]
    for zeroing, trace in (*wider, (Zeroing.BEFORE, whole)):
        found = [
            action
            for action in actions(trace)
            if isinstance(action, ZeroGrad) and _zeroes_outside(action, inside, step)
        ]
        if found:
            own = (one for one in found if one.optimizer == step.optimizer)
            return zeroing, next(own, found[0]).place
    return Zeroing.NEVER, None


def _first_before(loop: Loop, step: OptimizerStep) -> Backward | None:
    """The first backward that fills the gradients of a step since other optimizers stepped.

    One that comes behind the step fills them in the round before.
    """
    found: Backward | None = None
    others_stepped = False
    everything = list(actions(loop.body))
    for action in everything:
        if isinstance(action, Backward) and fills(action, step):
            if _is_for_others(action, step, everything):
                continue
            if found is None or others_stepped:
                found, others_stepped = action, False
        elif isinstance(action, OptimizerStep):
            if action is step and found is not None:
                break
            others_stepped = action.optimizer != step.optimizer
    return found


def _is_for_others(backward: Backward, step: OptimizerStep, inside: Sequence[Action]) -> bool:
    """Whether of what is trained here a loss is known to reach only what others hold and zero."""
    if step.owners is None or not all(isinstance(one, int) for one in step.owners):
        return False
    zeroed, trained = set[Hashable](), set[Hashable]()
    for one in inside:
        if isinstance(one, ZeroGrad | OptimizerStep):
            trained.update(one.owners or ())
        if isinstance(one, ZeroGrad) and one.certain and one.optimizer != step.optimizer:
            zeroed.update(one.owners or ())
    reached = backward.deps & trained
    return bool(reached) and reached <= zeroed - step.owners


def _last_before(loop: Loop, step: OptimizerStep) -> Backward | None:
    """The backward that fills the gradients of a step last."""
    found = None
    for action in actions(loop.body):
        if isinstance(action, Backward) and fills(action, step):
            found = action
        elif action is step:
            break
    return found


def _zeroes_outside(zero: ZeroGrad, inside: set[int], step: OptimizerStep) -> bool:
    return zero.certain and id(zero) not in inside and zeroes(zero, step)


def fills(backward: Backward, step: OptimizerStep) -> bool:
    """Whether a backward adds to gradients that the step uses, as far as can be told."""
    if step.owners is not None and not step.owners:
        return False  # it holds constants, which collect no gradient
    if step.owners is not None and backward.leaves and all(isinstance(o, int) for o in step.owners):
        return False  # its gradients go to no module
    if not backward.deps or step.owners is None:
        return True
    if backward.deps & step.owners:
        return True
    symbols = any(not isinstance(one, int) for one in backward.deps)
    return symbols or any(not isinstance(one, int) for one in step.owners)


def zeroes(zero: ZeroGrad, step: OptimizerStep) -> bool:
    """Whether gradients that the step uses may be zeroed."""
    if zero.optimizer is not None and zero.optimizer in (step.optimizer, _holder(step.optimizer)):
        return True
    if zero.owners is None:
        return zero.optimizer is None or _unrelated_symbols(zero, step)
    if step.owners is None:
        return zero.optimizer is None
    if zero.owners & step.owners:
        return True
    # a parameter made outside of all modules may become one of a module, and is never all of it
    known = all(isinstance(one, int) or _is_lone_parameter(one) for one in zero.owners)
    return not known or any(not isinstance(one, int) for one in step.owners)


def _holder(optimizer: Hashable) -> Hashable:
    """What an optimizer is an attribute of, which may zero its gradients as well."""
    attribute = isinstance(optimizer, tuple) and len(optimizer) == 3 and optimizer[1] == "."
    return optimizer[0] if attribute and isinstance(optimizer, tuple) else None


def _is_lone_parameter(owner: Hashable) -> bool:
    return isinstance(owner, tuple) and owner[0] == LONE_PARAMETER


def _are_stepped(weights: SetWeights, step: OptimizerStep) -> bool:
    """Whether weights may be those that an optimizer steps."""
    if weights.owners is None or step.owners is None or weights.owners & step.owners:
        return True
    return any(not isinstance(one, int) for one in weights.owners | step.owners)


def _unrelated_symbols(zero: ZeroGrad, step: OptimizerStep) -> bool:
    """An optimizer object against a symbol, or one of which only its spelling is known.

    They may be one and the same.
    """
    one, other = zero.optimizer, step.optimizer
    return isinstance(one, int) != isinstance(other, int) or _is_spelling(one)


def _is_spelling(optimizer: Hashable) -> bool:
    """Whether a symbol is how the code calls what an attribute that was None holds by then."""
    return isinstance(optimizer, str) or (isinstance(optimizer, tuple) and optimizer[0] == GIVEN)


def surely_zeroes(zero: ZeroGrad, step: OptimizerStep) -> bool:
    """Whether all gradients that the step uses are zeroed."""
    if not zero.certain or is_of_one_parameter(zero.place.node):
        return False
    if zero.optimizer is not None and zero.optimizer == step.optimizer:
        return True
    return (
        zero.owners is not None and step.owners is not None and zero.owners >= step.owners
        and bool(step.owners)
    )  # fmt: skip


@dataclass(slots=True)
class _Rounds:
    """One optimizer through one iteration after another."""

    of: OptimizerStep
    zeroed: bool = False
    """Its gradients may have been zeroed since its last step."""
    gradient: str = "none"
    """none, has, cleared, or unknown"""
    cleared: Place | None = None
    restored: bool = False
    """Its weights may have been set since its last step."""
    recording: bool = False
    unzeroed: bool = False
    again: bool = False
    """It steps with gradients that were not zeroed, from where they led before."""
    filled: bool = False
    """Its gradients may have been added to since its last step."""
    stepped: bool = False
    """It may have been stepped in the present round."""
    in_round: bool = False
    """It steps a second time in one round with gradients that were not zeroed."""
    cleared_before_step: Place | None = None
    _used: list[Place] = field(default_factory=list)

    def run(self, trace: Trace) -> None:
        """Goes through a trace in order."""
        for action in trace:
            if isinstance(action, Backward):
                if fills(action, self.of):
                    self.gradient, self.filled = "has", True
                elif self.gradient == "cleared":
                    self.gradient = "unknown"  # it may fill more than could be told
            elif isinstance(action, ZeroGrad):
                self._zero(action)
            elif isinstance(action, SetWeights):
                self.restored |= _are_stepped(action, self.of)
            elif isinstance(action, OptimizerStep):
                if action.optimizer == self.of.optimizer:
                    self._step(action)
            elif isinstance(action, Branch):
                self._branch(action.arms)
            elif isinstance(action, Loop):
                # a loop over parameters that zeroes them runs; any other may have no round
                sure = not action.repeats or all(
                    isinstance(a, ZeroGrad | SetWeights) for a in action.body
                )
                self._branch((action.body,) if sure else (action.body, ()))

    def _zero(self, zero: ZeroGrad) -> None:
        if not zeroes(zero, self.of):
            return
        self.zeroed = True
        if not surely_zeroes(zero, self.of):
            self.gradient = "unknown"
        elif self.gradient == "has":
            self.gradient, self.cleared = "cleared", zero.place
        elif self.gradient == "used":
            self.gradient = "none"

    def _step(self, step: OptimizerStep) -> None:
        mine = step.place == self.of.place
        if self.recording and mine:
            if not self.zeroed and (self.filled or self.stepped):
                self.unzeroed = True
                self.again |= not self.restored
                self.in_round |= self.stepped
            if self.gradient == "cleared":
                self.cleared_before_step = self.cleared
        self.zeroed = self.restored = self.filled = False
        self.stepped = True
        self.gradient = "used"

    def _branch(self, arms: Sequence[Trace]) -> None:
        zeroed, gradient, cleared = self.zeroed, self.gradient, self.cleared
        restored, stepped, filled = self.restored, self.stepped, self.filled
        ends: list[tuple[bool, str, bool, bool, bool]] = []
        for arm in arms:
            self.zeroed, self.gradient, self.cleared = zeroed, gradient, cleared
            self.restored, self.stepped, self.filled = restored, stepped, filled
            self.run(arm)
            ends.append((self.zeroed, self.gradient, self.restored, self.stepped, self.filled))
        self.zeroed = any(end[0] for end in ends)
        self.restored = any(end[2] for end in ends)
        self.stepped = any(end[3] for end in ends)
        self.filled = any(end[4] for end in ends)
        states = {end[1] for end in ends}
        self.gradient = states.pop() if len(states) == 1 else "unknown"
