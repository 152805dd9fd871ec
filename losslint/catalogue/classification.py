"""Losses of classes and labels."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_LOGITS = Argument("input", "(N, C, *)", "logits, floating")
_CLASSES = Argument("target", "(N, *)", "class indices, torch.int64")
_LABEL_LOGITS = Argument("input", "any", "logits, floating")
_LABELS = Argument("target", "as input", "0 or 1, or a probability")
_MASK = Argument("mask", "as input", "optional, torch.bool: True where an element counts")
_GROUP = "classification"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."

ENTRIES = (
    Entry(
        "cross-entropy",
        _GROUP,
        "one class of several; torch's own",
        "torch.nn.functional.cross_entropy",
        "torch.nn.CrossEntropyLoss",
        "-log softmax(x)[y]",
        (
            _LOGITS,
            Argument("target", "(N, *)", "class indices, torch.int64; or probabilities (N, C, *)"),
        ),
        "The first choice where each example has one class. It applies log_softmax itself: give it "
        "logits. It has class weights, label smoothing and an ignore_index.",
        "Several labels may hold at once: bce-with-logits. Classes are in an order: regression, or "
        "an ordinal loss.",
        """import torch
from torch import nn

criterion = nn.CrossEntropyLoss()
logits = torch.randn(8, 5, requires_grad=True)
loss = criterion(logits, torch.randint(5, (8,)))
loss.backward()
""",
        ("torch.nn.CrossEntropyLoss",),
    ),
    Entry(
        "bce-with-logits",
        _GROUP,
        "yes or no, or any number of labels; torch's own",
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "torch.nn.BCEWithLogitsLoss",
        "-w y log sigmoid(x) - (1 - y) log(1 - sigmoid(x))",
        (_LABEL_LOGITS, Argument("target", "as input", "0 or 1, or a probability, floating")),
        "The first choice for one yes-or-no answer and for labels that do not exclude each other. "
        "It applies the sigmoid itself: give it logits. For rare labels it has pos_weight, which "
        "losslint.losses.pos_weight computes.",
        "Exactly one class holds: cross-entropy. Most of very many elements are easy negatives: "
        "binary-focal.",
        """import torch
from torch import nn

criterion = nn.BCEWithLogitsLoss()
logits = torch.randn(8, 3, requires_grad=True)
loss = criterion(logits, torch.randint(2, (8, 3)).float())
loss.backward()
""",
        ("torch.nn.BCEWithLogitsLoss",),
    ),
    Entry(
        "nll",
        _GROUP,
        "cross entropy of log-probabilities that the model gives; torch's own",
        "torch.nn.functional.nll_loss",
        "torch.nn.NLLLoss",
        "-x[y]",
        (Argument("input", "(N, C, *)", "log-probabilities, floating"), _CLASSES),
        "The model ends in log_softmax because its log-probabilities are needed elsewhere.",
        "Else cross-entropy, which takes logits and cannot be given the wrong thing as easily.",
        """import torch
from torch import nn

criterion = nn.NLLLoss()
log_p = torch.randn(8, 5, requires_grad=True).log_softmax(dim=1)
loss = criterion(log_p, torch.randint(5, (8,)))
loss.backward()
""",
        ("torch.nn.NLLLoss",),
    ),
    Entry(
        "focal",
        _GROUP,
        "cross entropy that looks away from what is right already",
        _FUNCTIONS + "focal_loss",
        _LOSSES + "FocalLoss",
        "-alpha[y] (1 - p)^gamma log p,  p = softmax(x)[y]",
        (_LOGITS, _CLASSES),
        "Classes are so unequal that the many easy examples of one drown the rest, and class "
        "weights were not enough. At gamma 0 it is cross entropy, so it can be turned up slowly.",
        "Labels are noisy: it dwells on what is hard, and wrong labels are hardest (see "
        "generalized-cross-entropy). Probabilities must be calibrated, or classes are balanced: "
        "cross-entropy.",
        """import torch
from losslint.losses import FocalLoss, class_weights

criterion = FocalLoss(gamma=2.0, alpha=class_weights([900, 80, 20]))
logits = torch.randn(8, 3, requires_grad=True)
loss = criterion(logits, torch.randint(3, (8,)))
loss.backward()
""",
        ("Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002",),
    ),
    Entry(
        "binary-focal",
        _GROUP,
        "focal loss of labels or anchors, each a sigmoid",
        _FUNCTIONS + "binary_focal_loss",
        _LOSSES + "BinaryFocalLoss",
        "-alpha y (1 - p)^gamma log p - (1 - alpha) (1 - y) p^gamma log(1 - p),  p = sigmoid(x)",
        (_LABEL_LOGITS, _LABELS, _MASK),
        "Dense detection, and labels of which nearly all are 0. For detection take "
        'normalizer="positives".',
        "Labels are not rare: bce-with-logits. Note that alpha 0.25 weighs positives *less* than "
        "negatives: gamma has taken most weight from the easy negatives already.",
        """import torch
from losslint.losses import BinaryFocalLoss

criterion = BinaryFocalLoss(gamma=2.0, alpha=0.25, normalizer="positives")
logits = torch.randn(4, 100, requires_grad=True)
loss = criterion(logits, (torch.rand(4, 100) < 0.02).float())
loss.backward()
""",
        ("Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002",),
    ),
    Entry(
        "asymmetric",
        _GROUP,
        "focal loss for many labels of which few are set",
        _FUNCTIONS + "asymmetric_loss",
        _LOSSES + "AsymmetricLoss",
        "-y (1 - p)^g+ log p - (1 - y) q^g- log(1 - q),  q = max(p - clip, 0)",
        (_LABEL_LOGITS, _LABELS, _MASK),
        "Multi-label classification with dozens of labels or more, few of them set, and some "
        "missing though they should be set.",
        "Few labels: bce-with-logits with pos_weight. The gradient of very wrong negatives is 0, "
        "so wrong positives in the labels do harm.",
        """import torch
from losslint.losses import AsymmetricLoss

criterion = AsymmetricLoss(gamma_neg=4.0, gamma_pos=0.0, clip=0.05)
logits = torch.randn(4, 80, requires_grad=True)
loss = criterion(logits, (torch.rand(4, 80) < 0.05).float())
loss.backward()
""",
        ("Ridnik et al., Asymmetric Loss for Multi-Label Classification, 2021, arXiv:2009.14119",),
    ),
    Entry(
        "logit-adjusted-cross-entropy",
        _GROUP,
        "cross entropy that knows how frequent the classes are",
        _FUNCTIONS + "logit_adjusted_cross_entropy",
        _LOSSES + "LogitAdjustedCrossEntropyLoss",
        "-log softmax(x + tau log prior)[y]",
        (_LOGITS, _CLASSES),
        "A long tail of classes, and the mean accuracy over classes is what matters. It still "
        "helps once the training set is fitted, where class weights no longer do.",
        "Accuracy over examples matters, and the test data has the training data's frequencies: "
        "cross-entropy.",
        """import torch
from losslint.losses import LogitAdjustedCrossEntropyLoss

criterion = LogitAdjustedCrossEntropyLoss(torch.tensor([900, 80, 20]))
logits = torch.randn(8, 3, requires_grad=True)
loss = criterion(logits, torch.randint(3, (8,)))
loss.backward()
""",
        ("Menon et al., Long-Tail Learning via Logit Adjustment, 2021, arXiv:2007.07314",),
    ),
    Entry(
        "generalized-cross-entropy",
        _GROUP,
        "between cross entropy and absolute error, for wrong labels",
        _FUNCTIONS + "generalized_cross_entropy",
        _LOSSES + "GeneralizedCrossEntropyLoss",
        "(1 - p^q) / q,  p = softmax(x)[y]",
        (_LOGITS, _CLASSES),
        "A good part of the labels is wrong, and cannot be cleaned.",
        "Labels are clean: it learns hard examples slowly, and with many classes hardly starts; "
        "warm up with cross-entropy.",
        """import torch
from losslint.losses import GeneralizedCrossEntropyLoss

criterion = GeneralizedCrossEntropyLoss(q=0.7)
logits = torch.randn(8, 3, requires_grad=True)
loss = criterion(logits, torch.randint(3, (8,)))
loss.backward()
""",
        ("Zhang and Sabuncu, Generalized Cross Entropy Loss, 2018, arXiv:1805.07836",),
    ),
    Entry(
        "symmetric-cross-entropy",
        _GROUP,
        "cross entropy and its reverse, for wrong labels",
        _FUNCTIONS + "symmetric_cross_entropy",
        _LOSSES + "SymmetricCrossEntropyLoss",
        "-alpha log p - beta A (1 - p),  p = softmax(x)[y],  A = -4",
        (_LOGITS, _CLASSES),
        "A part of the labels is wrong, and there are many classes, with which "
        "generalized-cross-entropy hardly starts.",
        "Labels are clean: cross-entropy. It has two weights to tune, and alpha depends on the "
        "number of classes.",
        """import torch
from losslint.losses import SymmetricCrossEntropyLoss

criterion = SymmetricCrossEntropyLoss(alpha=0.1, beta=1.0)
logits = torch.randn(8, 10, requires_grad=True)
loss = criterion(logits, torch.randint(10, (8,)))
loss.backward()
""",
        ("Wang et al., Symmetric Cross Entropy, 2019, arXiv:1908.06112",),
    ),
    Entry(
        "poly1-cross-entropy",
        _GROUP,
        "cross entropy with one term of its series weighed anew",
        _FUNCTIONS + "poly1_cross_entropy",
        _LOSSES + "Poly1CrossEntropyLoss",
        "-log p + epsilon (1 - p),  p = softmax(x)[y]",
        (_LOGITS, _CLASSES),
        "The last tenths of a percent, on clean labels, with one more number to tune.",
        "Anything is still wrong elsewhere: that costs more than this gains.",
        """import torch
from losslint.losses import Poly1CrossEntropyLoss

criterion = Poly1CrossEntropyLoss(epsilon=1.0)
logits = torch.randn(8, 10, requires_grad=True)
loss = criterion(logits, torch.randint(10, (8,)))
loss.backward()
""",
        ("Leng et al., PolyLoss, 2022, arXiv:2204.12511",),
    ),
    Entry(
        "kl-div",
        _GROUP,
        "how far a distribution is from another; torch's own",
        "torch.nn.functional.kl_div",
        "torch.nn.KLDivLoss",
        "t (log t - x)",
        (
            Argument("input", "(N, C)", "log-probabilities, floating"),
            Argument("target", "as input", "probabilities, or their logarithms with log_target"),
        ),
        'Distillation and soft labels. Take reduction="batchmean": "mean" divides by the classes '
        "as well, and is not the divergence.",
        "Targets are probabilities and no teacher's: cross-entropy takes those too, and logits.",
        """import torch
from torch import nn

criterion = nn.KLDivLoss(reduction="batchmean")
log_p = torch.randn(8, 5, requires_grad=True).log_softmax(dim=1)
loss = criterion(log_p, torch.randn(8, 5).softmax(dim=1))
loss.backward()
""",
        ("torch.nn.KLDivLoss",),
    ),
    Entry(
        "ctc",
        _GROUP,
        "sequences that are not aligned; torch's own",
        "torch.nn.functional.ctc_loss",
        "torch.nn.CTCLoss",
        "-log sum over alignments of prod p",
        (
            Argument("log_probs", "(T, N, C)", "log-probabilities, floating"),
            Argument("targets", "(N, S)", "class indices, not the blank"),
            Argument("input_lengths", "(N,)", "at most T"),
            Argument("target_lengths", "(N,)", "at most S"),
        ),
        "Speech and handwriting: the order of symbols is known, not where they are.",
        "An output for each symbol: cross-entropy. Targets longer than inputs have an infinite "
        "loss: zero_infinity=True leaves those out.",
        """import torch
from torch import nn

criterion = nn.CTCLoss(blank=0, zero_infinity=True)
log_p = torch.randn(12, 2, 5, requires_grad=True).log_softmax(dim=2)
lengths = torch.tensor([12, 10]), torch.tensor([3, 2])
loss = criterion(log_p, torch.randint(1, 5, (2, 3)), *lengths)
loss.backward()
""",
        ("Graves et al., Connectionist Temporal Classification, 2006",),
    ),
)
