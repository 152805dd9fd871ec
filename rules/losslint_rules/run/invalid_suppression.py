"""LOS003: a comment that names no rule."""

from losslint.finding import Severity
from losslint.rule import Rule


class InvalidSuppression(Rule):
    """A suppression comment names no known rule.

    ## What it does

    Reports a `# losslint:` comment that is neither `ignore[...]` nor `ignore-file[...]`, one that
    names no rule, and every name or LOS code in it, or in a `# noqa:`, that no rule has. A bare
    `# noqa` and the codes of other tools are never reported. Comments that state what a value is
    (`# losslint: logits`) are reported where there is no value: they belong at the end of an
    assignment or a return.

    ## Why it matters

    The comment does nothing, and its author believes that it does.

    ## Example

    ```python
    loss = F.cross_entropy(probabilities, y)  # losslint: ignore[LOS1O4]
    ```

    ## Instead

    ```python
    loss = F.cross_entropy(probabilities, y)  # losslint: ignore[LOS104] as in the paper
    ```

    ## When it is fine

    Where the code belongs to a rule that only a newer losslint has.

    ## References

    - The comments: docs/suppressions.md
    """

    code = "LOS003"
    name = "invalid-suppression"
    severity = Severity.WARNING
    category = "run"
