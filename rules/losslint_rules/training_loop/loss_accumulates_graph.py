"""LOS405: a running total of losses that keeps the graph of every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import Accumulation
from losslint.finding import Severity
from losslint.rewriting import detached
from losslint.rule import Diagnosis, Rule


class LossAccumulatesGraph(Rule):
    """Losses are summed or collected for a report with the graphs that made them.

    ## What it does

    Looks for a loss that is added to a total, or appended to a list, that outlives the round of
    the loop, while the loss is still a tensor with a graph: no `.item()`, no `.detach()`, no
    `torch.no_grad()` around it. A total that is backpropagated itself is what the graph is for,
    and is not reported. A loss is what goes backward, here or in another loop, or a part of it.

    ## Why it matters

    A tensor keeps everything that made it. `total += loss` makes the total depend on this round's
    graph and, through the old total, on the graphs of all rounds before. None of them can be freed
    while the total lives, so memory grows with every batch until the epoch ends or the run is
    killed, and what is lost is lost for a number that is printed once. In a
    validation loop, where no backward frees what it needed, a small perceptron (784-256-10,
    batches of 64) keeps its batch, its activations and its labels, 263 KiB a round; behind a
    backward it keeps the nodes of the graph, and with `.item()` nothing. For a convolutional
    network the activations are gigabytes.

    ## Example

    ```python
    total = 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss
    print(total / len(loader))
    ```

    ## Instead

    ```python
        total += loss.item()
    ```

    `.item()` waits for the GPU. Where that matters, `total += loss.detach()` does not, and the
    total is read once at the end.

    ## When it is fine

    When the total is backpropagated: the losses of several time steps, layers or tasks that are
    summed within one step. The rule is silent where it sees that, where the total starts anew for
    every batch, and where it cannot tell what is added.

    ## Fix

    Safe: `.detach()` behind a loss that is kept and on which, in the same block, backward is
    called as well, without `retain_graph`. The total and all gradients stay the same.

    ## References

    - PyTorch documentation: Frequently asked questions, "My model reports cuda runtime error(2):
      out of memory", https://docs.pytorch.org/docs/stable/notes/faq.html
    """

    code: ClassVar[str] = "LOS405"
    name: ClassVar[str] = "loss-accumulates-graph"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "training-loop"

    def check_accumulation(self, found: Accumulation) -> Iterator[Diagnosis]:
        """A loss kept with its graph."""
        done = "appended to" if found.listed else "added to"
        steps: tuple[Step, ...] = ()
        if found.backward is not None:
            steps = (Step(found.backward, "the loss itself is backpropagated here"),)
        if found.passed is not None:
            steps = (Step(found.passed, "the loss is handed over here, with its graph"), *steps)
        yield Diagnosis(
            found.place,
            f"a loss is {done} `{found.total}` with its graph: memory grows in every round",
            f"use `{found.kept}.detach()`: `{found.total}` is read as a tensor later"
            if found.read_as_tensor
            else f"use `{found.kept}.item()`, or `.detach()` where waiting for the GPU matters",
            steps,
            fix=detached(found),
        )
