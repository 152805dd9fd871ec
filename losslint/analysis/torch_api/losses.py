"""What happens when a criterion of torch is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import has_no_graph, is_result
from losslint.analysis.domain.joins import each, join_alternatives, without_none
from losslint.analysis.domain.marks import BATCH_MEAN, NO_GRAD
from losslint.analysis.domain.sizes import ANY, SCALAR, VECTOR, Sizes, broadcast, rank, reduced
from losslint.analysis.domain.trail import Step, steps_of
from losslint.analysis.domain.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Act,
    Alternative,
    Conditions,
    Const,
    Extern,
    Instance,
    Sign,
    Tensor,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import (
    Family,
    LossCall,
    LossCalls,
    LossCase,
    LossTerm,
    Operation,
)
from losslint.analysis.objective import watched
from losslint.analysis.objective.criteria import Criterion, Expects
from losslint.analysis.objective.metrics import corrected
from losslint.analysis.objective.reaching import reaches_loss
from losslint.analysis.reading.spelling import dotted, written
from losslint.analysis.tensors.blending import blend, deps_of, union_deps
from losslint.analysis.tensors.forms import FOLDED
from losslint.analysis.tensors.operations import as_target, mean_of_selection, whole
from losslint.analysis.torch_api.known_criteria import criterion_of
from losslint.analysis.torch_api.sizing import sizes_of
from losslint.analysis.training.gradient_flow import computed_without, ended, has_cut
from losslint.analysis.training.sampling import evened_twice, is_sampled, weighs_classes
from losslint.analysis.training.trace import LossMade

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

MAX_CASES = 48


def loss_call(run: Interpreter, callee: Value, args: Args) -> Value:
    """A call of a criterion: emits the event with every combination that can meet here."""
    place = run.place(args.node)
    inputs = _trainable(
        run,
        alternatives_of(
            without_none(args.get(0, "input", "logits", "log_probs", "anchor", "input1") or UNKNOWN)
        ),
    )
    cases: list[LossCase] = []
    results: list[Alternative] = []
    understood = False
    dispatched = _is_dispatched(run)
    for chosen in alternatives_of(callee):
        criterion = criterion_of(chosen.value)
        if criterion is None:
            if chosen.value != NONE:
                results.append(
                    Alternative(run.call(chosen.value, args), chosen.when, chosen.configs)
                )
            continue
        if _raises(chosen.value, args):
            continue
        names = ("target",) if criterion.target_at > 1 else ("target", "targets", "positive")
        targets = alternatives_of(args.get(criterion.target_at, *names) or UNKNOWN)
        for given in inputs:
            if contradict(chosen.when, given.when) or given.value == NONE:
                continue
            when = chosen.when | given.when
            reachable = [t for t in targets if not contradict(when, t.when)] or list(targets[:1])
            for target in reachable[:4]:
                event = _event(run, criterion, chosen.value, given.value, target.value, args, when)
                if _refuses_weight(event):
                    continue  # what leads here is meant for another branch
                known = _understood(criterion, given.value)
                understood |= known
                configs = frozenset(("criterion", config) for config in chosen.configs)
                if not (dispatched and given.when):
                    configs |= {("input", config) for config in given.configs}
                cases.append(LossCase(event, configs, known, picked=bool(given.when)))
            if not cases:
                continue
            result = _result(
                run, criterion, given.value, targets[0].value, args, cases[-1].call.reduction
            )
            results.append(Alternative(result, when, chosen.configs | given.configs))
    run.seen.sites.met(place, understood, inputs[0].value)
    watched.computed(run, args.node)
    if cases and not run.no_grad:
        run.emit(LossCalls(place, tuple(cases[:MAX_CASES])))
        run.act(LossMade(place))
        for value in inputs:
            reaches_loss(run, value.value)
        for also in _beside_target(cases[0].call.criterion, args):
            reaches_loss(run, also)
    elif cases:
        run.emit(LossCalls(place, tuple(cases[:MAX_CASES])))
    return join_alternatives(results)


def _trainable(run: Interpreter, inputs: Sequence[Alternative]) -> Sequence[Alternative]:
    """Those of several inputs that a gradient goes through, if there are any where one is wanted.

    Of several networks the one whose outputs have none, as they are computed under no_grad, is not
    the one that is trained, nor is it in a validation beside that.
    """
    if len(inputs) < 2:
        return inputs
    if run.no_grad:
        return [one for one in inputs if one.configs.isdisjoint(run.seen.untrained)] or inputs
    trained = [
        one for one in inputs if not (isinstance(one.value, Tensor) and one.value.is_cut_off)
    ]
    if trained:
        run.seen.untrained.update(*(one.configs for one in inputs if one not in trained))
    return trained or inputs


def _beside_target(criterion: Criterion, args: Args) -> Sequence[Value]:
    """What a criterion is given behind its target with a gradient: the variance of a density."""
    given = (*args.positional[criterion.target_at + 1 :], args.keywords.get("var"))
    return [one for one in given if isinstance(one, Tensor) and one.grad]


_OF_MORE = frozenset(
    "CTCLoss CosineEmbeddingLoss GaussianNLLLoss MarginRankingLoss TripletMarginLoss "
    "TripletMarginWithDistanceLoss".split()
)
"""Criteria of torch that are called with more than an input and a target."""


def _raises(callee: Value, args: Args) -> bool:
    """Whether a criterion of torch is called with more than it takes, so that nothing is lost."""
    if not isinstance(callee, Instance) or not isinstance(callee.cls, Extern):
        return False
    return len(args.positional) > 2 and callee.cls.name.rpartition(".")[2] not in _OF_MORE


def _refuses_weight(call: LossCall) -> bool:
    """Whether a cross entropy raises, as its weights are not one for each class."""
    weight = call.options.get("weight")
    classes = call.criterion.expects in (Expects.LOGITS, Expects.LOG_PROBABILITIES)
    if not classes or not isinstance(weight, Tensor):
        return False
    return len([size for size in weight.sizes if size is not ...]) > 1


def _is_dispatched(run: Interpreter) -> bool:
    """Whether what picked the loss here may have picked the form of its input, too."""
    for frame in run.frames:
        if frame.widened:
            return True
        if frame.in_loss:
            for key, outcome in frame.assumed:
                if outcome and isinstance(key, tuple) and key[0] == "==":
                    return True
    return False


def _understood(criterion: Criterion, given: Value) -> bool:
    if criterion.expects is Expects.ANYTHING:
        return True
    return isinstance(given, Tensor) and given.act is not Act.UNKNOWN


def _event(
    run: Interpreter,
    criterion: Criterion,
    callee: Value,
    given: Value,
    target: Value,
    args: Args,
    when: Conditions,
) -> LossCall:
    options: dict[str, Value] = {
        name: value
        for name, value in args.keywords.items()
        if name not in ("input", "target", "logits")
    }
    for index, name in enumerate(criterion.options):
        if isinstance(callee, Extern) and index + 2 < len(args.positional):
            options.setdefault(name, args.positional[index + 2])
    built: tuple[Step, ...] = ()
    if isinstance(callee, Instance):
        built = steps_of(callee.built)
        for key, value in callee.slots.items():
            if isinstance(key, tuple) and key[0] == "opt":
                options.setdefault(key[1], value)
    weight = options.get("pos_weight" if criterion.expects is Expects.BINARY_LOGITS else "weight")
    binary = criterion.expects is Expects.PROBABILITIES  # its weights are those of samples
    # a sampler evens out samples, not the pixels or tokens that have labels of their own
    apart = binary or (isinstance(given, Tensor) and _has_many_labels(given))
    if not binary and not run.no_grad and weighs_classes(weight):
        corrected(run, run.place(args.node))
    return LossCall(
        run.place(args.node),
        criterion,
        given,
        target,
        written(args.node.func) if isinstance(args.node, cst.Call) else criterion.name,
        _first_argument(args.node),
        options,
        built,
        _reduction(run, criterion, callee, options, args),
        autocast=run.autocast > 0,
        evaluating=run.no_grad > 0,
        sampled=is_sampled(run),
        evened=None if apart or run.no_grad else evened_twice(run, when, weight),
    )


def _has_many_labels(given: Tensor) -> bool:
    """Whether the pixels or tokens of a sample have labels of their own."""
    return (rank(given.sizes) or 0) > 2 or FOLDED in given.marks


def _first_argument(node: cst.CSTNode) -> str:
    """The first argument of a call as text."""
    return dotted(node.args[0].value) if isinstance(node, cst.Call) and node.args else "input"


def _reduction(
    run: Interpreter,
    criterion: Criterion,
    callee: Value,
    options: Mapping[str, Value],
    args: Args,
) -> str | None:
    """How a call reduces: as it was told, or as ``size_average`` and ``reduce`` told it of old."""
    told = options.get("reduction")
    if isinstance(callee, Instance):
        told = run.heap.get(callee.slots, "reduction") or told
    elif told is None and args.open:
        return None
    legacy = [options.get(name) for name in ("size_average", "reduce")]
    if any(value is not None and value != NONE for value in legacy):
        average, reduce = (TRUE if value in (None, NONE) else value for value in legacy)
        if not isinstance(average, Const) or not isinstance(reduce, Const):
            return None
        if not reduce.value:
            return "none"
        return "mean" if average.value else "sum"
    if told is None:
        return criterion.reduction
    return told.value if isinstance(told, Const) and isinstance(told.value, str) else None


def _result(
    run: Interpreter,
    criterion: Criterion,
    given: Value,
    target: Value,
    args: Args,
    reduction: str | None,
) -> Tensor:
    """The loss that a criterion returns."""
    second = args.get(1, "input2") if criterion.target_at > 1 else None
    deps = deps_of(given)
    if second is None:
        target = each(target, lambda one: as_target(one) if isinstance(one, Tensor) else one)
    if _is_trained(target) and not _is_trained(given):  # a difference may be either way round
        deps = deps_of(target)
    made = blend(given, target) if second is None else blend(given, second, target)
    other_way = (made.grad and made.deps) or _can_have_graph(target)
    cut_off = isinstance(given, Tensor) and not given.grad and not other_way
    trained = isinstance(given, Tensor) and given.grad  # by a layer behind what no_grad cut off
    grad = not (run.no_grad or (NO_GRAD in deps and not trained) or cut_off)
    shape = "" if reduction in (None, "mean") else f"loss-{reduction}"
    stage = {"none": "elements", "sum": "sum"}.get(reduction or "", "mean")
    family = criterion.family
    classes = criterion.expects in (Expects.LOGITS, Expects.LOG_PROBABILITIES)
    if isinstance(target, Tensor) and target.shape in ("blank", "constant") and not classes:
        family = Family.ADVERSARIAL  # the same label for the whole batch: real, or fake
    if stage == "mean" and not run.no_grad:
        made = mean_of_selection(run, made, args.node, criterion.name)
    elif stage == "sum":
        made = whole(made)
    # more positions were the older ways to say how it reduces
    inputs = 5 if family is Family.SEQUENCE else 3  # with the lengths, and the blank
    averaged = reduction == "mean" and not args.open and len(args.positional) <= inputs
    against = _spelled_target(args, criterion)
    term = LossTerm(family, criterion.name, run.place(args.node), deps, stage=stage, target=against)
    result = Tensor(
        sign=Sign.NON_NEGATIVE,
        sizes=_result_sizes(criterion, given, target, reduction),
        grad=grad,
        terms=(term,) if grad else (),
        operations=made.operations | _cuts_before(run, given) if grad else made.operations,
        deps=made.deps if grad else union_deps(deps, deps_of(target)),
        shape=shape,
        marks=_BATCH_MEAN if averaged else frozenset(),
        confidence=made.confidence,
    )
    if run.no_grad:
        return computed_without(run, result, args.node)
    if not grad and isinstance(given, Tensor):
        known = bool(given.deps) and all(isinstance(one, int) for one in given.deps)
        # no cut is known of the output of a network: all of it was computed under no_grad
        if known and cut_off and not has_cut(given):
            return computed_without(run, result, args.node, before=True)
        return ended(result, given)
    return result


def _cuts_before(run: Interpreter, given: Value) -> frozenset[Operation]:
    """Where what something unknown made an input of was cut off from the model before."""
    key = given.key if isinstance(given, Unknown) else None
    return run.seen.cut_before.get(key, frozenset()) if key is not None else frozenset()


def _can_have_graph(target: Value) -> bool:
    """Whether a target is what something unknown gave, or made of that, as labels are not."""
    if isinstance(target, Unknown):
        return is_result(target) and not has_no_graph(target)
    return isinstance(target, Tensor) and target.grad and "difference" in target.marks


def _spelled_target(args: Args, criterion: Criterion) -> str:
    """The variable or attribute that is the target, as the code has it."""
    node = args.node
    if not isinstance(node, cst.Call) or len(node.args) <= criterion.target_at:
        return ""
    given = next(
        (one for one in node.args if one.keyword is not None and one.keyword.value == "target"),
        node.args[criterion.target_at],
    )
    return dotted(given.value) if isinstance(given.value, cst.Name | cst.Attribute) else ""


_BATCH_MEAN = frozenset({BATCH_MEAN})


def _is_trained(value: Value) -> bool:
    """Whether a value is computed by a known model, with its graph."""
    return (
        isinstance(value, Tensor)
        and value.grad
        and NO_GRAD not in value.deps
        and any(isinstance(one, int) for one in value.deps)
    )


def _result_sizes(
    criterion: Criterion, given: Value, target: Value, reduction: str | None
) -> Sizes:
    if reduction != "none":
        return ANY if reduction is None else SCALAR
    if criterion.family is Family.REGRESSION or criterion.expects in _ELEMENTWISE:
        return broadcast(sizes_of(given), sizes_of(target))
    if criterion.expects in (Expects.LOGITS, Expects.LOG_PROBABILITIES):
        found = sizes_of(given)
        if rank(found) is None:
            # what a layer gives last are the classes, which the criterion takes for dimension 1
            return VECTOR if len(found) > 1 else ANY
        return reduced(found, 1) if len(found) > 1 else ANY
    return ANY


_ELEMENTWISE = (Expects.PROBABILITIES, Expects.BINARY_LOGITS)
