"""Losses of generative models."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "generative"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_REAL = Argument("real_logits", "any", "the discriminator's output for real samples, no sigmoid")
_FAKE = Argument("fake_logits", "any", "that for generated samples")
_POSTERIOR = (
    Argument("mu", "(N, *)", "means of the latents, floating"),
    Argument("log_var", "as mu", "logarithms of their variances"),
)

ENTRIES = (
    Entry(
        "gan-discriminator",
        _GROUP,
        "real from generated: non-saturating, least squares, hinge, Wasserstein",
        _FUNCTIONS + "gan_discriminator_loss",
        _LOSSES + "GANDiscriminatorLoss",
        "non-saturating: softplus(-r) + softplus(f); least-squares: (r - 1)^2 / 2 + f^2 / 2; "
        "hinge: max(0, 1 - r) + max(0, 1 + f); wasserstein: f - r",
        (_REAL, _FAKE),
        "Every adversarial network. hinge with spectral normalisation is the usual choice for "
        "images, wasserstein needs gradient-penalty. Detach the generated samples.",
        "The generator's step: gan-generator of the same kind.",
        """import torch
from losslint.losses import GANDiscriminatorLoss

criterion = GANDiscriminatorLoss(kind="hinge")
real, fake = torch.randn(2, 8, requires_grad=True)  # discriminator(images), ...(made.detach())
loss = criterion(real, fake)
loss.backward()
""",
        (
            "Goodfellow et al., Generative Adversarial Networks, 2014, arXiv:1406.2661",
            "Mao et al., Least Squares GAN, 2017, arXiv:1611.04076",
            "Lim and Ye, Geometric GAN, 2017, arXiv:1705.02894",
            "Arjovsky et al., Wasserstein GAN, 2017, arXiv:1701.07875",
        ),
    ),
    Entry(
        "gan-generator",
        _GROUP,
        "what the generator descends on, of the same kinds",
        _FUNCTIONS + "gan_generator_loss",
        _LOSSES + "GANGeneratorLoss",
        "non-saturating: softplus(-f); least-squares: (f - 1)^2 / 2; hinge, wasserstein: -f",
        (_FAKE,),
        "The generator's step, with the kind of the discriminator's.",
        "The discriminator's step: gan-discriminator.",
        """import torch
from losslint.losses import GANGeneratorLoss

criterion = GANGeneratorLoss(kind="hinge")
fake = torch.randn(8, requires_grad=True)  # discriminator(generator(noise))
loss = criterion(fake)
loss.backward()
""",
        ("Goodfellow et al., Generative Adversarial Networks, 2014, arXiv:1406.2661",),
    ),
    Entry(
        "gradient-penalty",
        _GROUP,
        "keeps the slope of a Wasserstein critic near 1",
        _FUNCTIONS + "gradient_penalty",
        None,
        "lambda mean (|grad D(x)| - 1)^2,  x between real and generated",
        (
            Argument("critic", "(N, *) -> (N,)", "a callable without batch normalisation"),
            Argument("real", "(N, *)", "real samples, floating"),
            Argument("fake", "(N, *)", "generated samples"),
        ),
        "Added to gan-discriminator of kind wasserstein.",
        "The critic has spectral normalisation: its slope is bounded already.",
        """import torch
from losslint.losses.functional import gan_discriminator_loss, gradient_penalty
from torch import nn

critic = nn.Linear(3, 1)
real, fake = torch.randn(2, 8, 3)
loss = gan_discriminator_loss(critic(real), critic(fake), kind="wasserstein")
loss = loss + gradient_penalty(critic, real, fake)
loss.backward()
""",
        ("Gulrajani et al., Improved Training of Wasserstein GANs, 2017, arXiv:1704.00028",),
    ),
    Entry(
        "elbo",
        _GROUP,
        "the evidence lower bound of a variational autoencoder",
        _FUNCTIONS + "elbo_loss",
        _LOSSES + "ELBOLoss",
        "-log p(x | z) + beta sum over latents of max(free bits, KL)",
        (
            Argument("input", "(N, *)", "the decoder's logits (bernoulli) or means (gaussian)"),
            Argument("target", "as input", "the data; in [0, 1] for bernoulli"),
            *_POSTERIOR,
        ),
        "Variational autoencoders: both terms are sums, as the bound has them. beta below 1 or "
        "free bits where the code is ignored, beta above 1 where it is to be disentangled.",
        "The decoder ends with a sigmoid: leave it out. Another likelihood: kl-standard-normal "
        "plus the sum of its negative logarithm.",
        """import torch
from losslint.losses import ELBOLoss

criterion = ELBOLoss(likelihood="bernoulli")
logits = torch.randn(4, 1, 8, 8, requires_grad=True)
mu, log_var = torch.randn(2, 4, 3, requires_grad=True)
loss = criterion(logits, torch.rand(4, 1, 8, 8), mu, log_var)
loss.backward()
""",
        (
            "Kingma and Welling, Auto-Encoding Variational Bayes, 2014, arXiv:1312.6114",
            "Higgins et al., beta-VAE, 2017",
            "Kingma et al., Inverse Autoregressive Flow, 2016, arXiv:1606.04934",
        ),
    ),
    Entry(
        "kl-standard-normal",
        _GROUP,
        "how far a diagonal normal distribution is from the standard one",
        _FUNCTIONS + "kl_standard_normal",
        None,
        "sum over latents of (mu^2 + exp(v) - 1 - v) / 2,  v = log_var",
        _POSTERIOR,
        "A variational autoencoder with a likelihood that elbo does not have: sum the negative "
        "log-likelihood over a sample, too.",
        "Two predicted distributions are to be compared: torch.distributions.kl_divergence.",
        """import torch
from losslint.losses.functional import kl_standard_normal

mu, log_var = torch.randn(2, 4, 3, requires_grad=True)
loss = kl_standard_normal(mu, log_var)
loss.backward()
""",
        ("Kingma and Welling, Auto-Encoding Variational Bayes, 2014, arXiv:1312.6114",),
    ),
)
