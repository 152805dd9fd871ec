"""Losses on embeddings, which pull the similar together and push the others apart."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from losslint.losses._contract import (
    Reduction,
    can_read,
    check_choice,
    check_floating,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_shape,
    check_tensor,
    check_values,
    describe,
    fail,
    masked_out,
    promote,
    reduce,
    without_autocast,
)
from losslint.losses.functional._similarity import matched, paired, same_label, unit

Mining = Literal["hard", "semi-hard"]


def contrastive_loss(
    first: Tensor,
    second: Tensor,
    label: Tensor,
    *,
    margin: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Pulls similar pairs together and pushes the others at least a margin apart.

    .. math:: \ell = \tfrac{1}{2} y d^2 + \tfrac{1}{2} (1 - y) \max(0, m - d)^2

    with :math:`d` the Euclidean distance of the two embeddings. **Label 1 means similar**, as most
    code has it; in the paper 1 means dissimilar. The embeddings are not normalised here; for those
    of length 1, whose distance is at most 2, the default margin is a good one.

    Args:
        first: embeddings, shape (N, D).
        second: the other embedding of each pair, shape (N, D).
        label: 1 for a similar pair and 0 for another, shape (N,), of any real type.
        margin: from which distance on a dissimilar pair costs nothing, above 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision. Quadratic
        in the distance. A dissimilar pair at the very same place has no direction to part in,
        and no gradient.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006,
    equation 4.

    >>> anchor, other = torch.zeros(2, 2), torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    >>> contrastive_loss(anchor, other, torch.tensor([1, 0]), reduction="none")
    tensor([12.5000,  0.1250])
    """
    _check_embeddings("first", first)
    _check_embeddings("second", second)
    check_same_shape("second", second, "first", first)
    check_same_device("second", second, "first", first)
    check_real("label", label)
    check_shape("label", label, (first.shape[0],), "one label a pair")
    check_same_device("label", label, "first", first)
    check_number("margin", margin, above=0)
    check_reduction(reduction)
    if can_read(label) and not ((label == 0) | (label == 1)).all():
        fail("label", "0 or 1 everywhere, with 1 for a similar pair", f"{label.tolist()}")
    difference = promote(first) - promote(second)
    squared = difference.square().sum(1)
    distance = torch.linalg.vector_norm(difference, dim=1)
    apart = (margin - distance).clamp_min(0).square()
    return reduce(torch.where(label == 1, squared, apart) / 2, reduction)


def batch_triplet_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.2,
    mining: Mining = "hard",
    squared: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Triplet loss with the triplets chosen within the batch.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m)

    ``mining="hard"``: for each anchor :math:`a` the farthest other of its label is the positive
    :math:`p` and the nearest of another label the negative :math:`n`, one triplet an anchor
    (Hermans et al. 2017). ``mining="semi-hard"``: for each pair of anchor and positive the nearest
    negative that is farther away than the positive or, where all are nearer, the farthest
    (Schroff et al. 2015 say only the first half). Hard mining early in the training can make all
    embeddings collapse to one point, where the loss rests at the margin; semi-hard does not.

    For triplets that you have already torch has
    :func:`torch.nn.functional.triplet_margin_loss`.

    Args:
        embeddings: shape (N, D); sample batches with several of each label.
        labels: integers, shape (N,).
        margin: how much farther the negative has to be, above 0; 0.2 in Schroff et al.
        mining: ``"hard"`` or ``"semi-hard"``.
        squared: whether :math:`d` is the squared distance, as in Schroff et al., for embeddings of
            length 1. Hermans et al. advise against it.
        reduction: ``"mean"`` is over the triplets (those that cost nothing included), ``"sum"`` or
            ``"none"``.

    Returns:
        At least 0; a number; for ``"none"`` shape (N,) with hard mining and (N, N), anchor and
        positive, with semi-hard, with 0 where there is no triplet; float32 for half precision.
        Without any triplet in the batch it is 0, with a gradient of 0.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    References: Schroff et al., FaceNet, 2015; Hermans et al., In Defense of the Triplet Loss for
    Person Re-Identification, 2017.

    >>> line = torch.tensor([[0.0], [1.0], [3.0]])
    >>> batch_triplet_loss(line, torch.tensor([0, 0, 1]), margin=2.5, reduction="none")
    tensor([0.5000, 1.5000, 0.0000])
    """
    _check_embeddings("embeddings", embeddings)
    _check_identities(labels, embeddings)
    check_number("margin", margin, above=0)
    check_choice("mining", mining, ("hard", "semi-hard"))
    check_reduction(reduction)
    vectors = promote(embeddings)
    with without_autocast(vectors):
        mine = _hard_triplets if mining == "hard" else _semi_hard_triplets
        near, far, valid = mine(vectors, labels)
    if squared:
        near, far = near.square(), far.square()
    losses = masked_out((near - far + margin).clamp_min(0), valid)
    return reduce(losses, reduction, valid.sum())


def nt_xent_loss(
    first: Tensor, second: Tensor, *, temperature: float = 0.5, reduction: Reduction = "mean"
) -> Tensor:
    r"""Of all other embeddings in the batch, finds the other view of each sample (SimCLR).

    .. math:: \ell_i = -\log \frac{\exp(z_i^\top z_{p(i)} / \tau)}
              {\sum_{j \neq i} \exp(z_i^\top z_j / \tau)}

    over all :math:`2N` embeddings :math:`z`, brought to length 1, where :math:`p(i)` is the other
    view of :math:`i`. Row :math:`i` of both arguments belongs together. Larger batches make it
    harder, and the values of different batch sizes cannot be compared.

    On several devices gather both arguments first, with
    :func:`losslint.losses.distributed.gather_with_gradient`.

    Args:
        first: embeddings of one view, shape (N, D).
        second: those of the other, shape (N, D).
        temperature: :math:`\tau`, above 0; the paper finds 0.1 to 0.5 best.
        reduction: ``"mean"`` over the 2N embeddings, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (2N,), first view first; float32 for half
        precision. For one sample it is 0, as there is nothing to tell it from.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Chen et al., A Simple Framework for Contrastive Learning of Visual
    Representations, 2020, equation 1.

    >>> views = torch.eye(2)
    >>> nt_xent_loss(views, views, temperature=1.0)  # log(1 + 2 / e)
    tensor(0.5514)
    """
    _check_embeddings("first", first)
    _check_embeddings("second", second)
    check_same_shape("second", second, "first", first)
    check_same_device("second", second, "first", first)
    check_number("temperature", temperature, above=0)
    check_reduction(reduction)
    vectors = unit(torch.cat([promote(first), promote(second)]))
    # On the vectors, as the matrix of similarities is larger.
    vectors = vectors / temperature**0.5
    return paired(vectors, 1 / temperature, reduction)


def info_nce_loss(
    query: Tensor,
    key: Tensor,
    *,
    negatives: Tensor | None = None,
    temperature: float | Tensor = 0.07,
    symmetric: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Finds the key of each query among others.

    .. math:: \ell_i = -\log \frac{\exp(q_i^\top k_i / \tau)}{\sum_j \exp(q_i^\top k_j / \tau)}

    with everything brought to length 1. The others are the keys of the other queries in the batch
    or, if given, ``negatives`` (a queue, as in MoCo) and these only. ``symmetric=True`` adds the
    same from keys to queries and halves it, as CLIP does. Two samples of one class in a batch are
    taken for different ones: if labels are at hand, see :func:`supervised_contrastive_loss`.

    On several devices gather both arguments first, with
    :func:`losslint.losses.distributed.gather_with_gradient`.

    Args:
        query: embeddings, shape (N, D).
        key: the key of each query, shape (N, D).
        negatives: keys that belong to no query, shape (M, D), M at least 1.
        temperature: :math:`\tau`, above 0; a tensor of one element may be learned. 0.07 in MoCo.
        symmetric: whether each key also has to find its query.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision. Without
        negatives and for one sample it is 0.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range, and for
            ``symmetric`` together with ``negatives``, which are no queries.

    References: van den Oord et al., Representation Learning with Contrastive Predictive Coding,
    2018; He et al., Momentum Contrast, 2020; Radford et al., Learning Transferable Visual Models
    From Natural Language Supervision, 2021.

    >>> query = torch.eye(2)
    >>> info_nce_loss(query, query, temperature=1.0)  # log(1 + 1 / e)
    tensor(0.3133)
    """
    _check_embeddings("query", query)
    _check_embeddings("key", key)
    check_same_shape("key", key, "query", query)
    check_same_device("key", key, "query", query)
    _check_temperature(temperature, query)
    check_reduction(reduction)
    queries, keys = unit(promote(query)) / temperature, unit(promote(key))
    if negatives is not None:
        return reduce(_queued(queries, keys, negatives, symmetric), reduction)
    target = torch.arange(query.shape[0], device=query.device)
    losses = matched(queries, keys, target, reduction)
    if symmetric:
        losses = (losses + matched(keys, queries, target, reduction)) / 2
    return losses


def supervised_contrastive_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    temperature: float = 0.1,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Pulls each embedding to all others of its label in the batch.

    .. math:: \ell_i = -\frac{1}{|P(i)|} \sum_{p \in P(i)}
              \log \frac{\exp(z_i^\top z_p / \tau)}{\sum_{j \neq i} \exp(z_i^\top z_j / \tau)}

    with the embeddings :math:`z` brought to length 1 and :math:`P(i)` the others of the label of
    :math:`i`. For several views of each sample concatenate them, and their labels: with all labels
    different it is :func:`nt_xent_loss`.

    Args:
        embeddings: shape (N, D).
        labels: integers, shape (N,).
        temperature: :math:`\tau`, above 0; 0.1 in the paper.
        reduction: ``"mean"`` over the samples that have a positive, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,), with 0 for samples without a positive;
        float32 for half precision. Without any positive it is 0, with a gradient of 0. With several
        positives it cannot reach 0, as they compete.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Khosla et al., Supervised Contrastive Learning, 2020, equation 2.

    >>> supervised_contrastive_loss(torch.eye(3), torch.tensor([0, 0, 1]), reduction="none")
    tensor([0.6931, 0.6931, 0.0000])
    """
    _check_embeddings("embeddings", embeddings)
    _check_identities(labels, embeddings)
    check_number("temperature", temperature, above=0)
    check_reduction(reduction)
    vectors = unit(promote(embeddings)) / temperature**0.5
    return same_label(vectors, vectors, labels, reduction)


def _queued(queries: Tensor, keys: Tensor, negatives: Tensor, symmetric: bool) -> Tensor:
    if symmetric:
        fail("symmetric", "False with `negatives`, which belong to no query", "True")
    _check_embeddings("negatives", negatives)
    if negatives.shape[0] == 0 or negatives.shape[1] != queries.shape[1]:
        fail("negatives", f"of shape (M, {queries.shape[1]})", describe(negatives))
    check_same_device("negatives", negatives, "query", queries)
    with without_autocast(queries):
        others = queries @ unit(promote(negatives)).T
    return functional.softplus(others.logsumexp(1) - (queries * keys).sum(1))


def _hard_triplets(vectors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    positive, negative = _pairs(labels)
    with torch.no_grad():
        distances = _distances(vectors)
        farthest = distances.masked_fill(~positive, -1).argmax(1)
        nearest = distances.masked_fill(~negative, torch.inf).argmin(1)
    # The chosen distances once more, so that the gradient has N of them to go through, not N * N.
    near = torch.linalg.vector_norm(vectors - vectors[farthest], dim=1)
    far = torch.linalg.vector_norm(vectors - vectors[nearest], dim=1)
    return near, far, positive.any(1) & negative.any(1)


def _semi_hard_triplets(vectors: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    positive, negative = _pairs(labels)
    distances = _distances(vectors)
    ordered = distances.masked_fill(~negative, torch.inf).sort(1).values
    farther = torch.searchsorted(ordered.detach(), distances.detach(), right=True)
    last = negative.sum(1, keepdim=True) - 1
    chosen = ordered.gather(1, torch.minimum(farther, last).clamp_min(0))
    return distances, chosen, positive & negative.any(1, keepdim=True)


def _pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which pairs are of one label, and which are not."""
    same = labels[:, None] == labels
    itself = torch.eye(labels.shape[0], dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def _distances(vectors: Tensor) -> Tensor:
    # Through a matrix product it would be quicker, and wrong for neighbours far from the origin.
    return torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist")


def _check_embeddings(name: str, embeddings: Tensor) -> None:
    check_floating(name, embeddings)
    if embeddings.dim() != 2 or 0 in embeddings.shape:
        fail(name, "of shape (N, D), neither of them 0", describe(embeddings))


def _check_identities(labels: Tensor, embeddings: Tensor) -> None:
    check_tensor("labels", labels)
    if labels.is_floating_point() or labels.dtype.is_complex:
        raise TypeError(f"`labels` must be a tensor of integers, but is {describe(labels)}")
    check_shape("labels", labels, (embeddings.shape[0],), "one label an embedding")
    check_same_device("labels", labels, "embeddings", embeddings)


def _check_temperature(temperature: float | Tensor, query: Tensor) -> None:
    if not isinstance(temperature, Tensor):
        check_number("temperature", temperature, above=0)
        return
    check_floating("temperature", temperature)
    if temperature.numel() != 1:
        fail("temperature", "a number or a tensor of one element", describe(temperature))
    check_same_device("temperature", temperature, "query", query)
    check_values("temperature", temperature, above=0)
