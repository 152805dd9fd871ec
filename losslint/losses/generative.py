"""Losses of generative models as modules."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.generative import (
    GanKind,
    Likelihood,
    elbo_loss,
    gan_discriminator_loss,
    gan_generator_loss,
)


class GANDiscriminatorLoss(Loss):
    """:func:`losslint.losses.functional.gan_discriminator_loss` with its options.

    Shapes: real_logits and fake_logits, any.
    """

    def __init__(self, *, kind: GanKind = "non-saturating", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.kind: GanKind = kind
        self.reduction = reduction

    def forward(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """The loss of the discriminator's output for real and for generated samples."""
        return gan_discriminator_loss(
            real_logits, fake_logits, kind=self.kind, reduction=self.reduction
        )


class GANGeneratorLoss(Loss):
    """:func:`losslint.losses.functional.gan_generator_loss` with its options.

    Shapes: fake_logits, any.
    """

    def __init__(self, *, kind: GanKind = "non-saturating", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.kind: GanKind = kind
        self.reduction = reduction

    def forward(self, fake_logits: Tensor) -> Tensor:
        """The loss of the discriminator's output for generated samples."""
        return gan_generator_loss(fake_logits, kind=self.kind, reduction=self.reduction)


class ELBOLoss(Loss):
    """:func:`losslint.losses.functional.elbo_loss` with its options.

    Shapes: input and target (N, *), mu and log_var (N, *). ``beta`` may be set anew at each step,
    to anneal it.
    """

    def __init__(
        self,
        *,
        likelihood: Likelihood = "bernoulli",
        scale: float = 1.0,
        beta: float = 1.0,
        free_bits: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.likelihood: Likelihood = likelihood
        self.scale = scale
        self.beta = beta
        self.free_bits = free_bits
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
        """The loss of what the decoder gives, the data, and the posterior's parameters."""
        return elbo_loss(
            input,
            target,
            mu,
            log_var,
            likelihood=self.likelihood,
            scale=self.scale,
            beta=self.beta,
            free_bits=self.free_bits,
            reduction=self.reduction,
        )
