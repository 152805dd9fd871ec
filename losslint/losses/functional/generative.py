"""Losses of generative models: adversarial networks and variational autoencoders."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_dimensions,
    check_floating,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_values,
    fail,
    promote,
    reduce,
    without_autocast,
)

GanKind = Literal["non-saturating", "least-squares", "hinge", "wasserstein"]
Likelihood = Literal["bernoulli", "gaussian"]

_KINDS = ("non-saturating", "least-squares", "hinge", "wasserstein")


def gan_discriminator_loss(
    real_logits: Tensor,
    fake_logits: Tensor,
    *,
    kind: GanKind = "non-saturating",
    reduction: Reduction = "mean",
) -> Tensor:
    r"""What the discriminator (or critic) of an adversarial network descends on.

    With :math:`r` the output for real samples and :math:`f` for generated ones:

    ====================  ===========================================  =======================
    kind                  loss                                         from
    ====================  ===========================================  =======================
    ``non-saturating``    :math:`\log(1 + e^{-r}) + \log(1 + e^f)`     Goodfellow et al. 2014
    ``least-squares``     :math:`\frac12 (r - 1)^2 + \frac12 f^2`      Mao et al. 2017
    ``hinge``             :math:`\max(0, 1 - r) + \max(0, 1 + f)`      Lim and Ye 2017
    ``wasserstein``       :math:`f - r`                                Arjovsky et al. 2017
    ====================  ===========================================  =======================

    The discriminator ends without a sigmoid for all of them. Make the fake ones with
    ``generator(z).detach()``, or the generator gets gradients to undo. The Wasserstein loss has no
    lower bound without :func:`gradient_penalty`.

    Args:
        real_logits: the discriminator's output for real samples, any shape.
        fake_logits: that for generated ones, any shape (for ``"none"`` the same).
        kind: which loss; :func:`gan_generator_loss` wants the same.
        reduction: ``"mean"`` or ``"sum"`` of each of the two terms, or ``"none"``.

    Returns:
        A number, or for ``"none"`` the shape of the arguments; float32 for half precision.
        ``least-squares`` is quadratic in the output.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    >>> gan_discriminator_loss(torch.tensor([2.0, 0.5]), torch.tensor([-3.0]), kind="hinge")
    tensor(0.2500)
    """
    check_floating("real_logits", real_logits)
    check_floating("fake_logits", fake_logits)
    check_choice("kind", kind, _KINDS)
    check_reduction(reduction)
    check_same_device("fake_logits", fake_logits, "real_logits", real_logits)
    if reduction == "none":
        check_same_shape("fake_logits", fake_logits, "real_logits", real_logits)
    real, fake = promote(real_logits), promote(fake_logits)
    if kind == "non-saturating":
        on_real, on_fake = softplus(-real), softplus(fake)
    elif kind == "least-squares":
        on_real, on_fake = (real - 1).square() / 2, fake.square() / 2
    elif kind == "hinge":
        on_real, on_fake = (1 - real).clamp_min(0), (1 + fake).clamp_min(0)
    else:
        on_real, on_fake = -real, fake
    return reduce(on_real, reduction) + reduce(on_fake, reduction)


def gan_generator_loss(
    fake_logits: Tensor, *, kind: GanKind = "non-saturating", reduction: Reduction = "mean"
) -> Tensor:
    r"""What the generator of an adversarial network descends on.

    With :math:`f` the discriminator's output for generated samples:

    ====================  ================================
    kind                  loss
    ====================  ================================
    ``non-saturating``    :math:`\log(1 + e^{-f})`
    ``least-squares``     :math:`\frac12 (f - 1)^2`
    ``hinge``             :math:`-f`
    ``wasserstein``       :math:`-f`
    ====================  ================================

    The first is the one that Goodfellow et al. recommend in place of :math:`\log(1 - \sigma(f))`,
    which has no gradient left where the discriminator is sure.

    Args:
        fake_logits: the discriminator's output for generated samples, any shape; not detached.
        kind: which loss, as for :func:`gan_discriminator_loss`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A number, or for ``"none"`` the shape of the argument; float32 for half precision.
        ``least-squares`` is quadratic in the output.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    >>> gan_generator_loss(torch.tensor([0.0, 0.0]))  # log 2
    tensor(0.6931)
    """
    check_floating("fake_logits", fake_logits)
    check_choice("kind", kind, _KINDS)
    check_reduction(reduction)
    fake = promote(fake_logits)
    if kind == "non-saturating":
        losses = softplus(-fake)
    elif kind == "least-squares":
        losses = (fake - 1).square() / 2
    else:
        losses = -fake
    return reduce(losses, reduction)


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
    target: float = 1.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Keeps the slope of a Wasserstein critic near 1 between real and generated samples.

    .. math:: \lambda\, \mathbb{E} (\lVert \nabla_x D(x) \rVert_2 - 1)^2, \qquad
              x = \epsilon\, x_\mathrm{real} + (1 - \epsilon)\, x_\mathrm{fake}

    with one uniform :math:`\epsilon` a sample, the norm over all of a sample. Add it to the
    critic's loss. The critic must treat samples one by one: no batch normalisation.

    It is differentiated through, so that a step costs a second backward pass. Under autocast the
    critic is run in full precision here, as the gradient of a float16 pass would underflow; the
    penalty itself is scaled with the loss as usual. With ``DistributedDataParallel`` pass the
    module within (``critic.module``), as its forward pass allows no double backward; nor does one
    that torch.compile made.

    Args:
        critic: takes samples (N, *) and gives one number each, (N,) or (N, 1), or a map of them.
        real: real samples, shape (N, *).
        fake: generated samples, shape (N, *); no gradient goes into either.
        weight: :math:`\lambda`, at least 0; 10 in the paper.
        target: the slope to keep, at least 0; 0 penalises every slope.
        generator: where :math:`\epsilon` comes from, on the samples' device.

    Returns:
        At least 0, a number.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range, and for
            a critic whose output does not depend on its argument.

    Reference: Gulrajani et al., Improved Training of Wasserstein GANs, 2017, equation 3.

    >>> samples = torch.zeros(2, 3)
    >>> gradient_penalty(lambda x: 4 * x[:, 0], samples, samples, weight=1.0)  # (4 - 1) ** 2
    tensor(9.)
    """
    check_floating("real", real)
    check_floating("fake", fake)
    check_dimensions("real", real, "(N, *)", at_least=2)
    check_same_shape("fake", fake, "real", real)
    check_same_device("fake", fake, "real", real)
    check_number("weight", weight, at_least=0)
    check_number("target", target, at_least=0)
    shape = (real.shape[0], *[1] * (real.dim() - 1))
    share = torch.rand(shape, generator=generator, device=real.device, dtype=real.dtype)
    mixed = torch.lerp(fake.detach().to(real.dtype), real.detach(), share).requires_grad_()
    with torch.enable_grad(), without_autocast(real):
        output = critic(mixed)
        if not output.requires_grad:
            fail("critic", "a function of its argument that has a gradient", "without one")
        (slope,) = torch.autograd.grad(output.sum(), mixed, create_graph=True)
        length = torch.linalg.vector_norm(promote(slope).flatten(1), dim=1)
        return weight * reduce((length - target).square(), "mean")


def kl_standard_normal(mu: Tensor, log_var: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""How far a diagonal normal distribution is from the standard normal one, in nats.

    .. math:: \tfrac12 \sum_j \left( \mu_j^2 + e^{v_j} - 1 - v_j \right)

    with :math:`v` the logarithm of the variance. It is summed over the latent dimensions: their
    mean would make it as many times too small beside a reconstruction loss.

    Args:
        mu: means, shape (N, *).
        log_var: logarithms of the variances, shape (N, *).
        reduction: ``"mean"`` over the samples, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.
        Quadratic in ``mu`` and exponential in ``log_var``: clamp the latter if it runs away.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Kingma and Welling, Auto-Encoding Variational Bayes, 2014, appendix B.

    >>> kl_standard_normal(torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2))
    tensor(2.5000)
    """
    _check_posterior(mu, log_var)
    check_reduction(reduction)
    return reduce(_divergences(mu, log_var).sum(1), reduction)


def elbo_loss(
    input: Tensor,
    target: Tensor,
    mu: Tensor,
    log_var: Tensor,
    *,
    likelihood: Likelihood = "bernoulli",
    scale: float = 1.0,
    beta: float = 1.0,
    free_bits: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The negative evidence lower bound of a variational autoencoder, in nats a sample.

    .. math:: -\log p(x \mid z) + \beta \sum_j \max(\lambda, D_j)

    with the Kullback-Leibler divergence :math:`D_j` of latent dimension :math:`j` from the
    standard normal distribution. Both terms are sums over their dimensions, as the bound has them:
    a mean over the pixels beside a sum over the latents is a :math:`\beta` of as many as there are
    pixels, and the decoder learns to ignore the code.

    Args:
        input: what the decoder gives, shape (N, *): logits for ``"bernoulli"`` (no sigmoid), means
            for ``"gaussian"``.
        target: the data, shape (N, *); in [0, 1] for ``"bernoulli"``.
        mu: means of the posterior, shape (N, *).
        log_var: logarithms of its variances, the shape of ``mu``.
        likelihood: ``"bernoulli"`` or ``"gaussian"``.
        scale: the standard deviation of the Gaussian likelihood, above 0.
        beta: how much the divergence weighs, at least 0 (Higgins et al. 2017).
        free_bits: :math:`\lambda`, how much divergence of each latent dimension costs nothing, in
            nats, at least 0; compared with the mean of :math:`D_j` over the batch (Kingma et al.
            2016).
        reduction: ``"mean"`` over the samples, ``"sum"``, or ``"none"``, which free bits do not
            have.

    Returns:
        A number, or for ``"none"`` shape (N,); float32 for half precision. Quadratic in ``mu`` and
        exponential in ``log_var``.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    References: Kingma and Welling, Auto-Encoding Variational Bayes, 2014; Higgins et al.,
    beta-VAE, 2017; Kingma et al., Improved Variational Inference with Inverse Autoregressive Flow,
    2016, section 2.3 of its appendix.

    >>> logits, latent = torch.zeros(1, 4), torch.zeros(1, 2)
    >>> elbo_loss(logits, torch.ones(1, 4), latent, latent)  # 4 log 2
    tensor(2.7726)
    """
    check_floating("input", input)
    check_dimensions("input", input, "(N, *)", at_least=1)
    check_real("target", target)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_choice("likelihood", likelihood, ("bernoulli", "gaussian"))
    _check_posterior(mu, log_var)
    if mu.shape[0] != input.shape[0]:
        fail("mu", f"of {input.shape[0]} samples, as `input` is", f"of {mu.shape[0]}")
    check_same_device("mu", mu, "input", input)
    check_number("scale", scale, above=0)
    check_number("beta", beta, at_least=0)
    check_number("free_bits", free_bits, at_least=0)
    check_reduction(reduction)
    reconstruction = _negative_log_likelihood(input, target, likelihood, scale).flatten(1).sum(1)
    divergences = _divergences(mu, log_var)
    if not free_bits:
        return reduce(reconstruction + beta * divergences.sum(1), reduction)
    if reduction == "none":
        fail("reduction", "'mean' or 'sum' with free bits, which are of the batch", "'none'")
    samples = 1 if reduction == "mean" else mu.shape[0]
    rate = divergences.mean(0).clamp_min(free_bits).sum() * samples
    return reduce(reconstruction, reduction) + beta * rate


def _negative_log_likelihood(
    input: Tensor, target: Tensor, likelihood: Likelihood, scale: float
) -> Tensor:
    values = promote(input)
    data = target.to(values.dtype)
    if likelihood == "bernoulli":
        check_values("target", target, at_least=0, at_most=1, hint="for the Bernoulli likelihood")
        # Cross entropy with the logits, which stays finite where a sigmoid is 0 or 1.
        return softplus(values) - data * values
    constant = math.log(scale) + math.log(2 * math.pi) / 2
    return ((values - data) / scale).square() / 2 + constant


def _divergences(mu: Tensor, log_var: Tensor) -> Tensor:
    """Of each sample and latent dimension, shape (N, latent dimensions)."""
    means, logs = promote(mu).flatten(1), promote(log_var).flatten(1)
    # expm1, as near variance 1 the difference of exp and 1 + log_var is all rounding.
    return (means.square() + (torch.expm1(logs) - logs)) / 2


def _check_posterior(mu: Tensor, log_var: Tensor) -> None:
    check_floating("mu", mu)
    check_floating("log_var", log_var)
    check_dimensions("mu", mu, "(N, *)", at_least=2)
    check_same_shape("log_var", log_var, "mu", mu)
    check_same_device("log_var", log_var, "mu", mu)
