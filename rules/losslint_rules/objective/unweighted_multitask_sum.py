"""LOS501: losses of different kinds are added without weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import Family, LossSum, LossTerm
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class UnweightedMultitaskSum(Rule):
    """Losses of different kinds that share parameters are added with no weight at all.

    ## What it does

    Looks for a sum that is backpropagated and whose terms are losses of different families
    (classification, regression, reconstruction, adversarial, embedding) over shared parameters,
    where no term has a weight: `a + b`, `loss += b` within a step, `sum(losses.values())`,
    `(a + b).backward()`. A weight counts wherever it is given: in the sum, where the term is
    defined, in a config, a dictionary or a schedule, or as a learned parameter. One weighted
    term is enough, since the other is then the unit.

    ## Why it matters

    The optimizer follows the sum of the gradients, and the sizes of the losses are an accident
    of units. Cross entropy over 5 classes starts near 1.6 whatever the data are; a squared error
    grows with the square of the target's unit. In an experiment with a shared trunk, 5 classes
    and a target around 300 the losses started at 1.6 and 101,945, and the gradient in the
    trunk was 0.16 for the classes against 147 for the regression. After 500 steps of Adam 69% of
    the test samples were classified rightly. With a factor of 1e-4 on the squared error it was
    74%; with the target scaled to unit variance 77%, which is no less than the 76% without the
    second task, and the regression was off by 12 instead of 92. The total falls in all of
    these runs, so its curve does not show the fault.

    ## Example

    ```python
    features = trunk(images)
    loss_class = F.cross_entropy(class_head(features), labels)
    loss_age = F.mse_loss(age_head(features).squeeze(1), ages)
    loss = loss_class + loss_age
    ```

    ## Instead

    ```python
    features = trunk(images)
    loss_class = F.cross_entropy(class_head(features), labels)
    loss_age = F.mse_loss(age_head(features).squeeze(1), ages)
    loss = loss_class + args.age_weight * loss_age
    ```

    To find the weight, log each term for an epoch and bring them to the same size, or learn it
    (uncertainty weighting, GradNorm). Scaling the regression target to unit variance does most
    of the work by itself. Log the terms as well as the total.

    ## When it is fine

    Terms that belong together by derivation are not reported: reconstruction and KL of a VAE,
    the real and the fake half of a discriminator, twin critics, cross entropy and Dice, losses
    of networks that share nothing, losses that are measured against one variable, sums that are
    divided by one count of what was matched, as box and class loss of a detector, and a domain loss
    behind a layer that reverses the gradient, which has a factor of its own. If you measured that
    the terms are of one size, say so where they are added: `# losslint: ignore[LOS501] reason`, or
    a factor with a name.

    ## Objections

    *"The optimizer will figure out the scales."* Adam divides the step of each parameter by
    the size of its gradient, which is that of the sum: it evens out parameters, not losses. Of
    the gradient in the trunk above, 0.1% came from the classes, before and after the division.

    ## References

    - Kendall, Gal, Cipolla: Multi-task learning using uncertainty to weigh losses (2018),
      https://arxiv.org/abs/1705.07115
    - Chen et al.: GradNorm (2018), https://arxiv.org/abs/1711.02257
    """

    code: ClassVar[str] = "LOS501"
    name: ClassVar[str] = "unweighted-multitask-sum"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "objective"

    def check_loss_sum(self, total: LossSum) -> Iterator[Diagnosis]:
        """Terms of different families on shared parameters, added with no weight at all."""
        # a divergence beside a likelihood is one objective: the evidence lower bound
        terms = [term for term in total.terms if term.family is not Family.DIVERGENCE]
        if any(term.weighted for term in terms) or _is_actor_with_critics(terms):
            return
        terms = [term for term in terms if term.family is not Family.LIKELIHOOD]
        families = _families(terms)
        if len(set(families)) < 2 or _is_one_task(terms) or _is_per_object(terms):
            return
        if len({term.rescaled for term in terms}) > 1:
            return  # a reversal of the gradient has a factor of its own
        shared = any(
            one.shares_weights_with(other)
            for one, its in zip(terms, families, strict=True)
            for other, others in zip(terms, families, strict=True)
            if its is not others
        )
        if not shared:
            return
        names = " and ".join(sorted({term.label for term in terms}))
        yield Diagnosis(
            total.place,
            f"{names} are added without weights: the one with the larger scale decides what is "
            "learned",
            "weight the terms, by constants or by learned uncertainties",
            tuple(Step(term.place, f"{term.label} computed here") for term in terms),
        )


def _is_actor_with_critics(terms: Sequence[LossTerm]) -> bool:
    """Whether half of two squared errors is added to a policy loss: the half is their weight."""
    averaged = {term.family for term in terms if term.averaged}
    return Family.REGRESSION in averaged and any(term.family is Family.POLICY for term in terms)


def _is_one_task(terms: Sequence[LossTerm]) -> bool:
    """Whether all terms are measured against the same variable."""
    targets = {term.target for term in terms}
    return len(targets) == 1 and "" not in targets


def _is_per_object(terms: Sequence[LossTerm]) -> bool:
    """Whether all terms are of the same objects: sums that were divided by one count of them.

    A mean is divided by the number of its targets.
    """
    counted = {term.counted or term.target for term in terms}
    if not any(term.counted for term in terms):
        return False
    return len(counted) == 1 and "" not in counted


def _families(terms: Sequence[LossTerm]) -> list[Family]:
    """The family of each term: where labels are noisy or cut, one criterion is still one."""
    known = {term.label: term.family for term in terms if term.family is not Family.ADVERSARIAL}
    return [known.get(term.label, term.family) for term in terms]
