"""The criteria of torch as a table: what each expects, and what kind of objective it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from losslint.analysis.events import Family


class Expects(Enum):
    """What a criterion takes as its input."""

    PROBABILITIES = "probabilities"
    BINARY_LOGITS = "logits of independent classes"
    LOGITS = "logits of exclusive classes"
    LOG_PROBABILITIES = "log-probabilities"
    ANYTHING = "anything"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of torch."""

    name: str
    """As the module is called."""
    expects: Expects
    family: Family
    spelled: str = ""
    """As the program calls it."""
    options: tuple[str, ...] = ()
    """Positional parameters of the function behind input and target."""
    guessed: bool = False
    target_at: int = 1
    """The position of the target; criteria of pairs take two inputs before it."""
    reduction: str = "mean"
    """How it reduces where it is not told."""


def _row(
    module: str, function: str, expects: Expects, family: Family, *options: str
) -> tuple[tuple[str, str], Criterion]:
    pairs = module in ("CosineEmbeddingLoss", "MarginRankingLoss")
    made = Criterion(module, expects, family, options=options, target_at=2 if pairs else 1)
    return (module, function), made


_CLASSES = Family.CLASSIFICATION
_TABLE = dict(
    [
        _row("CrossEntropyLoss", "cross_entropy", Expects.LOGITS, _CLASSES, "weight"),
        _row("NLLLoss", "nll_loss", Expects.LOG_PROBABILITIES, _CLASSES, "weight"),
        _row("NLLLoss2d", "nll_loss2d", Expects.LOG_PROBABILITIES, _CLASSES, "weight"),
        _row("BCELoss", "binary_cross_entropy", Expects.PROBABILITIES, _CLASSES, "weight"),
        _row(
            "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", Expects.BINARY_LOGITS,
            _CLASSES, "weight",
        ),
        _row(
            "MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", Expects.BINARY_LOGITS,
            _CLASSES, "weight",
        ),
        _row("SoftMarginLoss", "soft_margin_loss", Expects.ANYTHING, _CLASSES),
        _row("MultiMarginLoss", "multi_margin_loss", Expects.ANYTHING, _CLASSES),
        _row("MultiLabelMarginLoss", "multilabel_margin_loss", Expects.ANYTHING, _CLASSES),
        _row(
            "KLDivLoss", "kl_div", Expects.ANYTHING, Family.DIVERGENCE,
            "size_average", "reduce", "reduction", "log_target",
        ),
        _row("CTCLoss", "ctc_loss", Expects.ANYTHING, Family.SEQUENCE),
        _row("MSELoss", "mse_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("L1Loss", "l1_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("SmoothL1Loss", "smooth_l1_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("HuberLoss", "huber_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("PoissonNLLLoss", "poisson_nll_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("GaussianNLLLoss", "gaussian_nll_loss", Expects.ANYTHING, Family.REGRESSION),
        _row("TripletMarginLoss", "triplet_margin_loss", Expects.ANYTHING, Family.EMBEDDING),
        _row(
            "TripletMarginWithDistanceLoss", "triplet_margin_with_distance_loss",
            Expects.ANYTHING, Family.EMBEDDING,
        ),
        _row("CosineEmbeddingLoss", "cosine_embedding_loss", Expects.ANYTHING, Family.EMBEDDING),
        _row("HingeEmbeddingLoss", "hinge_embedding_loss", Expects.ANYTHING, Family.EMBEDDING),
        _row("MarginRankingLoss", "margin_ranking_loss", Expects.ANYTHING, Family.EMBEDDING),
    ]
)  # fmt: skip
BY_MODULE = {module: criterion for (module, _), criterion in _TABLE.items()}
BY_FUNCTION = {function: criterion for (_, function), criterion in _TABLE.items()}
_FOCAL = Criterion(
    "sigmoid_focal_loss",
    Expects.BINARY_LOGITS,
    _CLASSES,
    options=("alpha", "gamma", "reduction"),
    reduction="none",
)
OUTSIDE = {
    "torchvision.ops.sigmoid_focal_loss": _FOCAL,
    "torchvision.ops.focal_loss.sigmoid_focal_loss": _FOCAL,
}
