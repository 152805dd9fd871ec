"""LOS002: a comment that silences nothing."""

from losslint.finding import Severity
from losslint.rule import Rule


class UnusedSuppression(Rule):
    """A suppression comment silences nothing.

    ## What it does

    Reports each rule that a `# losslint: ignore[...]`, `# losslint: ignore-file[...]` or
    `# noqa: LOS...` comment names and that finds nothing there. A rule that did not run, a bare
    `# noqa` and the codes of other tools are never reported.

    ## Why it matters

    The comment says that there is something to be silent about. Once the code is repaired, or the
    comment slipped to another line, it hides the next fault instead.

    ## Example

    ```python
    loss = F.cross_entropy(logits, y)  # losslint: ignore[LOS104] probabilities on purpose
    ```

    ## Instead

    ```python
    loss = F.cross_entropy(logits, y)
    ```

    ## When it is fine

    Where several versions of losslint read the code and only some find something: name LOS002 in
    the same comment.

    ## References

    - The comments: docs/suppressions.md
    """

    code = "LOS002"
    name = "unused-suppression"
    severity = Severity.WARNING
    category = "run"
