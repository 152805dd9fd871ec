"""The combiners: their formulas, and two tasks of very different scale that both have to fall."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from losslint.losses.multitask import (
    Combiner,
    DynamicWeightAverage,
    FixedWeights,
    GradNorm,
    RunningNormalization,
    UncertaintyWeighting,
)

TASKS = ("small", "large")
MakeCombiner = Callable[[nn.Linear], Combiner]

COMBINERS: dict[str, MakeCombiner] = {
    "fixed": lambda shared: FixedWeights({"small": 1.0, "large": 1e-3}),
    "uncertainty": lambda shared: UncertaintyWeighting(
        {"small": "regression", "large": "regression"}, initial_log_variance=8.0
    ),
    "gradnorm": lambda shared: GradNorm(TASKS, shared.parameters(), lr=0.1),
    "dynamic": lambda shared: DynamicWeightAverage(TASKS, normalize=True),
    "running": lambda shared: RunningNormalization(TASKS),
}


def scalars(**values: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


class TwoTasks:
    """Two linear regressions on a shared layer, the loss of the one 1,000 times the other's."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator)

        self.inputs = normal(64, 8)
        self.targets = {task: self.inputs @ normal(8, 1) + 0.3 * normal(64, 1) for task in TASKS}
        self.shared = nn.Linear(8, 6, bias=False)
        self.heads = nn.ModuleDict({task: nn.Linear(6, 1) for task in TASKS})
        for parameter in (*self.shared.parameters(), *self.heads.parameters()):
            nn.init.normal_(parameter, std=0.3, generator=generator)

    def losses(self) -> dict[str, Tensor]:
        hidden = self.shared(self.inputs)
        errors = {
            task: (self.heads[task](hidden) - self.targets[task]).square().mean() for task in TASKS
        }
        return {"small": errors["small"], "large": 1000 * errors["large"]}

    def left_after_training(
        self, combine: Callable[[Mapping[str, Tensor]], Tensor], lr: float
    ) -> dict[str, float]:
        """The fraction of each task's first loss that is left, after 600 steps."""
        parameters = [*self.shared.parameters(), *self.heads.parameters()]
        optimizers: list[torch.optim.Optimizer] = [torch.optim.SGD(parameters, lr=lr)]
        if isinstance(combine, nn.Module) and list(combine.parameters()):
            optimizers.append(torch.optim.Adam(combine.parameters(), lr=0.05))
        first = {task: loss.item() for task, loss in self.losses().items()}
        for step in range(600):
            # The usual warm-up of the learning rate.
            optimizers[0].param_groups[0]["lr"] = min(lr, 1e-4 * 1.05**step)
            for optimizer in optimizers:
                optimizer.zero_grad()
            torch.autograd.backward(combine(self.losses()))
            for optimizer in optimizers:
                optimizer.step()
            if isinstance(combine, DynamicWeightAverage) and step % 5 == 4:
                combine.end_epoch()
        return {task: loss.item() / first[task] for task, loss in self.losses().items()}


@pytest.mark.parametrize("name", COMBINERS)
def test_both_tasks_fall_though_one_loss_is_a_thousand_times_larger(name: str) -> None:
    problem = TwoTasks()
    left = problem.left_after_training(COMBINERS[name](problem.shared), lr=0.03)
    assert left["small"] < 0.1
    assert left["large"] < 0.1


@pytest.mark.parametrize("lr", [3e-5, 1e-4, 3e-4, 1e-3, 3e-2])
def test_the_plain_sum_lets_the_small_task_lie_or_diverges(lr: float) -> None:
    left = TwoTasks().left_after_training(sum_of, lr=lr)
    assert math.isnan(left["small"]) or left["small"] > 0.5


def sum_of(losses: Mapping[str, Tensor]) -> Tensor:
    return losses["small"] + losses["large"]


def test_fixed_weights_weigh() -> None:
    combine = FixedWeights({"a": 2.0, "b": 0.5})
    assert combine(scalars(b=4.0, a=3.0)).item() == 8.0
    assert combine.weights() == {"a": 2.0, "b": 0.5}


def test_uncertainty_follows_the_paper_for_both_kinds() -> None:
    combine = UncertaintyWeighting({"depth": "regression", "labels": "classification"})
    with torch.no_grad():
        combine.log_variance.copy_(torch.tensor([0.7, -0.4]))
    losses = {
        name: torch.tensor(v, requires_grad=True) for name, v in (("depth", 3.0), ("labels", 2.0))
    }
    total = combine(losses)
    total.backward()
    # L / (2 sigma^2) + log(sigma), and L / sigma^2 + log(sigma).
    deviation = [math.exp(0.35), math.exp(-0.2)]
    expected = 3.0 / (2 * deviation[0] ** 2) + math.log(deviation[0])
    expected += 2.0 / deviation[1] ** 2 + math.log(deviation[1])
    assert total.item() == pytest.approx(expected, rel=1e-6)
    assert combine.weights() == pytest.approx(
        {"depth": 1 / (2 * deviation[0] ** 2), "labels": 1 / deviation[1] ** 2}, rel=1e-6
    )
    assert combine.log_variance.grad is not None
    slopes = [-3.0 / (2 * deviation[0] ** 2) + 0.5, -2.0 / deviation[1] ** 2 + 0.5]
    assert combine.log_variance.grad.tolist() == pytest.approx(slopes, rel=1e-5)
    assert {name: gradient(loss) for name, loss in losses.items()} == pytest.approx(
        combine.weights()
    )


def gradient(tensor: Tensor) -> float:
    assert tensor.grad is not None
    return tensor.grad.item()


def test_uncertainty_comes_to_rest_where_its_documentation_says() -> None:
    combine = UncertaintyWeighting({"depth": "regression", "labels": "classification"})
    optimizer = torch.optim.Adam(combine.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        combine(scalars(depth=5.0, labels=0.7)).backward()
        optimizer.step()
    at_rest = combine.log_variance.exp().tolist()
    assert at_rest == pytest.approx([5.0, 1.4], rel=1e-2)


def test_running_normalisation_divides_by_the_deviation_of_the_past() -> None:
    past = {"a": [1.0, 3.0, 2.0, 6.0], "b": [1000.0, 1010.0, 990.0, 1000.0]}
    combine = RunningNormalization(["a", "b"], momentum=0.99, floor=1e-4)
    for a, b in zip(past["a"], past["b"], strict=True):
        total = combine(scalars(a=a, b=b))
    expected = 0.0
    for values in past.values():
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
        expected += (values[-1] - mean) / deviation
    assert total.item() == pytest.approx(expected, rel=1e-4)


def test_running_normalisation_forgets_the_distant_past() -> None:
    combine = RunningNormalization(["a"], momentum=0.5, floor=1e-6)
    for step in range(60):
        combine(scalars(a=1e6 if step < 10 else 2.0 + (-1) ** step))
    # The weights 1/2, 1/4, ... of values that alternate give a mean near 2 and a deviation near 1.
    assert combine.weights()["a"] == pytest.approx(1.0, rel=0.1)


def test_running_normalisation_believes_no_deviation_below_the_floor() -> None:
    combine = RunningNormalization(["a"], floor=0.25)
    for _ in range(5):
        combine(scalars(a=8.0))
    assert combine.weights()["a"] == pytest.approx(1 / (0.25 * 8.0))


def test_dynamic_weight_average_follows_the_paper() -> None:
    combine = DynamicWeightAverage(["a", "b"], temperature=2.0)
    epochs = [
        [(4.0, 10.0), (2.0, 10.0)],  # means 3 and 10
        [(2.0, 9.0), (1.0, 9.0)],  # 1.5 and 9
        [(1.0, 9.0)],
    ]
    seen = []
    for epoch in epochs:
        seen.append(combine.weights())
        for a, b in epoch:
            combine(scalars(a=a, b=b))
        combine.end_epoch()
    seen.append(combine.weights())
    assert seen[0] == seen[1] == {"a": 1.0, "b": 1.0}
    for weights, ratios in ((seen[2], (1.5 / 3, 9 / 10)), (seen[3], (1 / 1.5, 9 / 9))):
        powers = [math.exp(ratio / 2) for ratio in ratios]
        expected = [2 * power / sum(powers) for power in powers]
        assert [weights["a"], weights["b"]] == pytest.approx(expected, rel=1e-6)


def test_dynamic_weight_average_without_a_scale() -> None:
    combine = DynamicWeightAverage(["a", "b"], normalize=True)
    assert combine(scalars(a=5.0, b=5000.0)).item() == pytest.approx(2.0)
    assert combine(scalars(a=2.5, b=5000.0)).item() == pytest.approx(1.5)
    assert combine.weights() == pytest.approx({"a": 1 / 5, "b": 1 / 5000})


def test_an_epoch_without_calls_changes_no_weight() -> None:
    combine = DynamicWeightAverage(["a", "b"])
    for a in (4.0, 1.0):
        combine(scalars(a=a, b=1.0))
        combine.end_epoch()
    before = combine.weights()
    combine.end_epoch()
    assert combine.weights() == before
    assert before["a"] < before["b"]


def test_gradnorm_steps_down_the_objective_of_the_paper() -> None:
    torch.manual_seed(0)
    shared = nn.Linear(3, 4)
    inputs = torch.randn(5, 3)
    combine = GradNorm(["a", "b", "c"], shared.parameters(), alpha=1.5, lr=0.05)
    weights = torch.ones(3, dtype=torch.float64)
    first: list[float] = []
    for step in range(4):
        hidden = shared(inputs)
        losses = {
            "a": hidden.square().mean() / (step + 1),
            "b": 10 * hidden.exp().mean(),
            "c": (hidden - 1).abs().sum() / (step + 1) ** 2,
        }
        first = first or [loss.item() for loss in losses.values()]
        # Backward through the norms, as the paper's algorithm says.
        logs = weights.log().requires_grad_()
        norms = []
        for log, loss in zip(logs, losses.values(), strict=True):
            parts = torch.autograd.grad(loss, list(shared.parameters()), retain_graph=True)
            flat = torch.cat([part.double().ravel() for part in parts])
            norms.append(torch.linalg.vector_norm(log.exp() * flat))
        rates = torch.tensor(
            [loss.item() / start for loss, start in zip(losses.values(), first, strict=True)],
            dtype=torch.float64,
        )
        mean = torch.stack(norms).mean().detach()
        target = mean * (rates / rates.mean()) ** 1.5
        objective = (torch.stack(norms) - target).abs().sum() / mean
        torch.autograd.backward(objective)
        assert logs.grad is not None
        total = combine(losses)
        plain = sum(
            w * loss.item() for w, loss in zip(weights.tolist(), losses.values(), strict=True)
        )
        assert total.item() == pytest.approx(plain, rel=1e-5)
        weights = (logs.detach() - 0.05 * logs.grad).exp()
        weights = weights * 3 / weights.sum()
        assert list(combine.weights().values()) == pytest.approx(weights.tolist(), rel=1e-5)


def test_gradnorm_wants_no_retained_graph_and_leaves_the_gradients_alone() -> None:
    problem = TwoTasks()
    combine = GradNorm(TASKS, problem.shared.parameters())
    losses = problem.losses()
    total = combine(losses)
    assert problem.shared.weight.grad is None
    total.backward()
    expected = torch.autograd.grad(sum_of(problem.losses()), problem.shared.weight)[0]
    torch.testing.assert_close(problem.shared.weight.grad, expected)


def test_gradnorm_with_a_scaler_measures_the_same() -> None:
    class Scaler:
        def get_scale(self) -> float:
            return 65536.0

    problem = TwoTasks()
    plain = GradNorm(TASKS, problem.shared.parameters())
    scaled = GradNorm(TASKS, problem.shared.parameters(), scaler=Scaler())
    for combine in (plain, scaled):
        combine(problem.losses())
    assert plain.weights() == pytest.approx(scaled.weights())
    assert plain.weights()["small"] > plain.weights()["large"]


def test_gradnorm_takes_given_initial_losses() -> None:
    problem = TwoTasks()
    losses = {task: loss.item() for task, loss in problem.losses().items()}
    # The small task is said to have risen a thousandfold, so that it is to be pulled more.
    behind = GradNorm(
        TASKS,
        problem.shared.parameters(),
        initial_losses={"small": losses["small"] / 1000, "large": losses["large"] * 1000},
    )
    ahead = GradNorm(
        TASKS,
        problem.shared.parameters(),
        initial_losses={"small": losses["small"] * 1e6, "large": losses["large"] / 1000},
    )
    for combine in (behind, ahead):
        combine(problem.losses())
    assert behind.weights()["small"] > 1 > ahead.weights()["small"]


def test_gradnorm_without_a_shared_parameter_says_so() -> None:
    shared, other = nn.Linear(2, 2), nn.Linear(2, 2)
    inputs = torch.ones(1, 2)
    combine = GradNorm(["a", "b"], shared.parameters())
    losses = {"a": shared(inputs).sum(), "b": other(inputs).sum()}
    with pytest.raises(ValueError, match=r"losses\['b'\].* gradient with regard to .* `shared`"):
        combine(losses)


@pytest.mark.parametrize("name", COMBINERS)
def test_evaluation_leaves_the_weights_as_they_are(name: str) -> None:
    problem = TwoTasks()
    combine = COMBINERS[name](problem.shared)
    combine(problem.losses())
    before = combine.weights()
    combine.eval()
    combine({"small": torch.tensor(50.0), "large": torch.tensor(0.5)})
    combine.train()
    with torch.no_grad():
        combine({"small": torch.tensor(50.0), "large": torch.tensor(0.5)})
    if isinstance(combine, DynamicWeightAverage):
        combine.end_epoch()
    assert combine.weights() == before


@pytest.mark.parametrize("name", COMBINERS)
def test_a_saved_combiner_goes_on_where_it_stopped(name: str) -> None:
    problem = TwoTasks()
    combine = COMBINERS[name](problem.shared)
    for _ in range(3):
        combine(problem.losses())
        if isinstance(combine, DynamicWeightAverage):
            combine.end_epoch()
    resumed = COMBINERS[name](problem.shared)
    resumed.load_state_dict(copy.deepcopy(combine.state_dict()))
    assert resumed.weights() == combine.weights()
    assert resumed(problem.losses()).item() == combine(problem.losses()).item()
    assert resumed.weights() == combine.weights()


@pytest.mark.parametrize("name", sorted(set(COMBINERS) - {"uncertainty"}))
def test_a_loss_that_is_not_finite_changes_no_weight(name: str) -> None:
    problem = TwoTasks()
    combine = COMBINERS[name](problem.shared)
    combine(problem.losses())
    before = combine.weights()
    losses = problem.losses()
    losses["small"] = losses["small"] * torch.inf
    combine(losses)
    assert combine.weights() == before


@pytest.mark.parametrize("name", COMBINERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_half_precision_is_summed_in_float32(name: str, dtype: torch.dtype) -> None:
    problem = TwoTasks()
    combine = COMBINERS[name](problem.shared)
    losses = {task: loss.to(dtype) for task, loss in problem.losses().items()}
    total = combine(losses)
    assert total.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    total.backward()
    assert problem.shared.weight.grad is not None
    assert torch.isfinite(problem.shared.weight.grad).all()


def test_sums_that_float16_cannot_hold() -> None:
    combine = FixedWeights({"a": 2.0, "b": 2.0})
    losses = {name: torch.tensor(6e4, dtype=torch.float16) for name in "ab"}
    assert combine(losses).item() == pytest.approx(2.4e5, rel=1e-3)


def test_the_noise_may_begin_at_a_whole_number() -> None:
    combine = UncertaintyWeighting({"depth": "regression"}, initial_log_variance=0)
    assert combine.weights() == {"depth": 0.5}


def test_what_a_combiner_refuses() -> None:
    combine = FixedWeights({"a": 1.0, "b": 1.0})
    one = torch.tensor(1.0)
    wrong: list[tuple[object, type[Exception], str]] = [
        ([one, one], TypeError, "`losses` must map the name of each task to its loss.*list"),
        ({"a": one}, ValueError, "`losses` must be of the tasks 'a', 'b', but is without 'b'"),
        ({"a": one, "b": one, "c": one}, ValueError, "FixedWeights was made for.*with 'c'"),
        ({"a": one, "b": 1.0}, TypeError, r"`losses\['b'\]` must be a tensor, but is float 1.0"),
        ({"a": one, "b": torch.tensor(1)}, TypeError, r"`losses\['b'\]`.*floating-point.*int64"),
        ({"a": torch.ones(3), "b": one}, ValueError, r"`losses\['a'\]`.*a scalar.*\(3,\)"),
        ({"a": one, "b": one.to("meta")}, ValueError, r"`losses\['b'\]`.*device.*cpu.*meta"),
    ]
    for losses, kind, message in wrong:
        with pytest.raises(kind, match=message):
            combine(losses)


def test_what_cannot_be_made() -> None:
    shared = nn.Linear(2, 2)
    wrong: list[tuple[Callable[[], Combiner], type[Exception], str]] = [
        (lambda: FixedWeights({}), ValueError, "`tasks` must be at least one name"),
        (lambda: FixedWeights({"a": -1.0}), ValueError, r"weights\['a'\].*at least 0.*-1"),
        (lambda: FixedWeights({"a": math.nan}), ValueError, r"weights\['a'\].*at least 0.*nan"),
        (lambda: RunningNormalization("ab"), TypeError, r"`tasks` must be several names.*\['ab'\]"),
        (lambda: RunningNormalization(["a", "a"]), ValueError, "none twice"),
        (lambda: RunningNormalization(["a", 1]), TypeError, "`tasks` must be strings.*int 1"),  # type: ignore[list-item]
        (lambda: RunningNormalization(["a"], momentum=1.0), ValueError, "`momentum`.*below 1"),
        (lambda: RunningNormalization(["a"], floor=0), ValueError, "`floor`.*above 0"),
        (lambda: DynamicWeightAverage(["a"], temperature=0), ValueError, "`temperature`.*above 0"),
        (lambda: UncertaintyWeighting({"a": "mse"}), ValueError, "'regression', 'classification'"),  # type: ignore[dict-item]
        (
            lambda: UncertaintyWeighting({"a": "regression"}, initial_log_variance="0"),  # type: ignore[arg-type]
            TypeError,
            "`initial_log_variance` must be a number",
        ),
        (lambda: GradNorm(["a"], []), ValueError, "`shared` must have a parameter"),
        (lambda: GradNorm(["a"], shared.parameters(), alpha=-1), ValueError, "`alpha`"),
        (lambda: GradNorm(["a"], shared.parameters(), lr=0), ValueError, "`lr`.*above 0"),
        (
            lambda: GradNorm(["a"], shared.parameters(), initial_losses={"b": 1.0}),
            ValueError,
            r"`initial_losses` must be of the tasks \['a'\], but is of \['b'\]",
        ),
        (
            lambda: GradNorm(["a"], shared.parameters(), initial_losses={"a": 0.0}),
            ValueError,
            r"initial_losses\['a'\].*above 0",
        ),
    ]
    for make, kind, message in wrong:
        with pytest.raises(kind, match=message):
            make()
