"""LOS508: accuracy is the only measure where the classes are of unequal size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import AccuracyAlone
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class AccuracyOnImbalance(Rule):
    """A script that corrects for an imbalance of classes judges its model by accuracy alone.

    ## What it does

    Looks for programs that weight classes in the loss, or draw samples by weight, and whose only
    measure compares predictions with labels over all samples. Nothing is reported where any
    file of the program names another measure: F1, AUC, recall, a confusion matrix, IoU, accuracy
    by class. Advice: off unless it is selected.

    ## Why it matters

    With 95 negatives to 5 positives a model that always says no is right in 95% of all cases,
    and one that finds 4 of the 5 positives for 8 false alarms in 91%. By accuracy the
    first is the better one; its recall is 0 against 0.80, its balanced accuracy 0.50 against 0.86.
    Weights make accuracy fall by design, for they trade many easy samples for a few that matter:
    who looks at accuracy alone takes them out again, or stops training at the wrong epoch.

    ## Example

    ```python
    criterion = nn.CrossEntropyLoss(weight=class_weights)
    accuracy = (model(x).argmax(1) == y).float().mean()
    ```

    ## Instead

    ```python
    criterion = nn.CrossEntropyLoss(weight=class_weights)
    predicted = model(x).argmax(1)
    recalls = [(predicted[y == c] == c).float().mean() for c in y.unique()]
    balanced_accuracy = torch.stack(recalls).mean()
    ```

    Or precision and recall of the rare class, F1, the area under the precision-recall curve.

    ## When it is fine

    Where the data that is evaluated was balanced beforehand, or where another program does
    the evaluation.

    ## Objections

    *"95% accuracy is great."* It is what always saying no reaches, without looking at a single
    input. A number to be proud of is one which that model does not get: its balanced accuracy
    is 0.50.

    ## References

    - Brodersen et al.: The balanced accuracy and its posterior distribution (2010)
    - Saito, Rehmsmeier: The precision-recall plot is more informative than the ROC plot when
      evaluating binary classifiers on imbalanced datasets (2015)
    """

    code: ClassVar[str] = "LOS508"
    name: ClassVar[str] = "accuracy-on-imbalance"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "objective"

    def check_accuracy_alone(self, found: AccuracyAlone) -> Iterator[Diagnosis]:
        """An accuracy beside weights for classes, and no other measure."""
        yield Diagnosis(
            found.place,
            "accuracy is all that is measured, and the classes are of unequal size: always "
            "saying the frequent one scores well",
            "report recall by class, balanced accuracy or F1 beside it",
            (Step(found.corrected, "the imbalance is corrected here"),),
        )
