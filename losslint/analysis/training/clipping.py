"""Where gradients are clipped: between backward and step, or at a wrong place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeGuard

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import ALWAYS, Conditions
from losslint.analysis.events import ClipFault, GradientClip
from losslint.analysis.training.periods import periods
from losslint.analysis.training.trace import (
    Backward,
    Branch,
    Clip,
    Loop,
    OptimizerStep,
    Scale,
    Trace,
    Unscale,
    ZeroGrad,
    actions,
    own_actions,
)
from losslint.analysis.training.training_loop import fills, loops_in, stepped, surely_zeroes, zeroes

if TYPE_CHECKING:
    from losslint.analysis.training.trace import Action

MAX_STATES = 64
_ORDER = {"used": ClipFault.AFTER_STEP, "none": ClipFault.BEFORE_BACKWARD}


def gradient_clips(roots: Sequence[Trace]) -> list[GradientClip]:
    """Every clipping of gradients that does not do what it is there for."""
    found: dict[Place, GradientClip] = {}
    judged: dict[Place, list[GradientClip]] = {}
    trained = {
        loss
        for trace in roots
        for one in actions(trace)
        if isinstance(one, Backward)
        for loss in one.losses
    }
    for trace in roots:
        for one in actions(trace):
            if isinstance(one, Clip) and one.losses & trained:
                found[one.place] = GradientClip(one.place, ClipFault.NOT_PARAMETERS)
        for loop, _ in loops_in(trace):
            clips = [one for one in actions(loop.body) if isinstance(one, Clip)]
            for step, backward in stepped(loop) if clips else ():
                for clip in _judged(loop, step, backward):
                    judged.setdefault(clip.place, []).append(clip)
            for clip in _behind_rounds(loop):
                judged.setdefault(clip.place, []).append(clip)
    for place, several in judged.items():
        unscaled = [one for one in several if one.fault is ClipFault.BEFORE_UNSCALE]
        if unscaled:  # the last is of the innermost loop
            found.setdefault(place, unscaled[-1])
        elif len({one.fault for one in several}) == 1:
            found.setdefault(place, several[0])
    return [clip for clip in found.values() if clip.fault is not None]


def _behind_rounds(loop: Loop) -> Iterator[GradientClip]:
    """Every clipping beside a loop of rounds, each of which has its own backward and step."""
    beside = {one.place for one in own_actions(loop.body) if isinstance(one, Clip)}
    for inner, _ in loops_in(loop.body) if beside else ():
        for step, backward in stepped(inner):
            for clip in _judged(loop, step, backward):
                if clip.place in beside and clip.fault is not ClipFault.BEFORE_UNSCALE:
                    yield clip


def _judged(loop: Loop, step: OptimizerStep, backward: Backward) -> Iterator[GradientClip]:
    """Every clipping in a loop that may be of gradients that the step uses."""
    rounds = rounds_of(loop, step)
    unscales = any(isinstance(one, Unscale) and _unscales(one, step) for one in actions(loop.body))
    known = {one.place for one in actions(loop.body) if isinstance(one, Clip) and one.owners}
    for clip, gradients in rounds.seen.items():
        fault, other = None, None
        if gradients <= set(_ORDER) and clip in known and clip not in rounds.stepped_again:
            fault = _ORDER["used" if "used" in gradients else "none"]
            other = step.place if fault is ClipFault.AFTER_STEP else backward.place
        elif (
            step.scaled
            and clip in rounds.stepped_scaled
            and (not unscales or gradients == {"scaled"})
        ):
            fault, other = ClipFault.BEFORE_UNSCALE, step.place
        rarely = fault is ClipFault.BEFORE_UNSCALE and _steps_without(loop, step, clip)
        yield GradientClip(clip, fault, other, step.label, step.confidence, rarely)


def _steps_without(loop: Loop, step: OptimizerStep, clip: Place) -> bool:
    """Whether a step is made in every so many rounds only, and the clipping in the others too."""
    for period in periods(loop.body, loop.place.node):
        taken = list(actions(period.branch.arms[0]))
        if any(one is step for one in taken):
            return not any(isinstance(one, Clip) and one.place == clip for one in taken)
    return False


def rounds_of(loop: Loop, step: OptimizerStep) -> Rounds:
    """The gradients that a step uses, through the rounds of a loop behind its first."""
    rounds = Rounds(step)
    chosen = _chosen_under(loop.body, step)
    states = rounds.run(loop.body, frozenset({State(when=chosen)}))
    rounds.seen.clear()
    rounds.stepped.clear()
    rounds.run(loop.body, frozenset(replace(state, when=chosen) for state in states))
    return rounds


def _chosen_under(trace: Trace, step: OptimizerStep) -> Conditions:
    """Under which conditions it is this optimizer, of several, that is stepped at a place."""
    for action in trace:
        if isinstance(action, Loop):
            found = _chosen_under(action.body, step)
            if found:
                return found
        elif isinstance(action, Branch):
            here = [
                {one.optimizer for one in actions(arm) if _is_step_at(one, step.place)}
                for arm in action.arms
            ]
            several = sum(1 for optimizers in here if optimizers) > 1 and action.when
            for arm, optimizers, when in zip(action.arms, here, action.when, strict=False):
                if step.optimizer in optimizers:
                    return when if several else _chosen_under(arm, step)
    return ALWAYS


def _is_step_at(action: Action, place: Place) -> TypeGuard[OptimizerStep]:
    return isinstance(action, OptimizerStep) and action.place == place


@dataclass(frozen=True, slots=True)
class State:
    """What may have happened to the gradients of one optimizer since its last step."""

    gradient: str = "none"
    """none, plain, scaled, unscaled, used, or unknown"""
    scaling: bool = False
    """The loss that is backpropagated next is scaled."""
    clip: Place | None = None
    """Where scaled gradients were clipped."""
    when: Conditions = ALWAYS


@dataclass(slots=True)
class Rounds:
    """One optimizer through the rounds of a loop, on every path."""

    of: OptimizerStep
    seen: dict[Place, set[str]] = field(default_factory=dict)
    """The states in which each clipping finds the gradients."""
    stepped: dict[Place, set[str]] = field(default_factory=dict)
    """The states in which each step finds the gradients."""
    stepped_scaled: set[Place] = field(default_factory=set)
    """Clippings of scaled gradients that a scaler then steps with."""
    stepped_again: set[Place] = field(default_factory=set)
    """Clippings behind a step that another step comes after."""

    def run(self, trace: Trace, states: frozenset[State]) -> frozenset[State]:
        """The states after a trace."""
        for action in trace:
            if isinstance(action, Branch):
                states = self._branch(action, states)
            elif isinstance(action, Loop):
                after = self.run(action.body, states)
                sure = not action.repeats or all(isinstance(a, Clip) for a in action.body)
                states = after if sure else states | after
            else:
                if isinstance(action, Clip) and _concerns(action, self.of):
                    self.seen.setdefault(action.place, set()).update(s.gradient for s in states)
                states = frozenset(self._after(action, state) for state in states)
        return states

    def _branch(self, branch: Branch, states: frozenset[State]) -> frozenset[State]:
        found: set[State] = set()
        for number, arm in enumerate(branch.arms):
            when = branch.when[number] if branch.when else ALWAYS
            found |= self.run(
                arm,
                frozenset(
                    replace(state, when=state.when | when)
                    for state in states
                    if not contradict(state.when, when)
                ),
            )
        if len(found) > MAX_STATES:
            found = {replace(state, when=ALWAYS) for state in found}
        return frozenset(found)

    def _after(self, action: object, state: State) -> State:
        if isinstance(action, Scale):
            return replace(state, scaling=True)
        if isinstance(action, Backward):
            gradient = "scaled" if state.scaling else "plain"
            if not fills(action, self.of):
                # a clip right behind it is where it should be, whatever the loss depends on
                gradient = "unknown" if state.gradient in _ORDER else state.gradient
            clip = state.clip if state.gradient == "scaled" else None
            return replace(state, gradient=gradient, scaling=False, clip=clip)
        if isinstance(action, ZeroGrad) and zeroes(action, self.of):
            left = "none" if surely_zeroes(action, self.of) else "unknown"
            return replace(state, gradient=left, clip=None)
        if isinstance(action, Unscale) and _unscales(action, self.of):
            gradient = "unscaled" if state.gradient == "scaled" else state.gradient
            return replace(state, gradient=gradient, clip=None)
        if isinstance(action, Clip) and _concerns(action, self.of):
            kept = state.gradient in ("scaled", "used")
            return replace(state, clip=action.place) if kept else state
        if isinstance(action, OptimizerStep) and action.optimizer == self.of.optimizer:
            self.stepped.setdefault(action.place, set()).add(state.gradient)
            if state.clip is not None and state.gradient == "used":
                self.stepped_again.add(state.clip)
            elif action.scaled and state.clip is not None:
                self.stepped_scaled.add(state.clip)
            return replace(state, gradient="used", clip=None)
        return state


def _unscales(action: Unscale, step: OptimizerStep) -> bool:
    """Whether an unscaling may be of the gradients that the step uses."""
    return (
        action.optimizer is None
        or action.optimizer == step.optimizer
        or not isinstance(action.optimizer, int)
        or not isinstance(step.optimizer, int)
    )


def _concerns(clip: Clip, step: OptimizerStep) -> bool:
    """Whether a clipping may be of the gradients that the step uses."""
    if clip.owners is None or step.owners is None or clip.owners & step.owners:
        return True
    return any(not isinstance(one, int) for one in clip.owners | step.owners)
