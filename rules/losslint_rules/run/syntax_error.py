"""LOS001: a file that is not Python."""

from losslint.finding import Severity
from losslint.rule import Rule


class InvalidSyntax(Rule):
    """The file cannot be parsed.

    ## What it does

    Reports each file that is not valid Python, at the place where the parser gave up. The other
    files are checked all the same; what they import from this one counts as unknown. In a run over
    more than twenty files those are not parsed that have no word in them of losses or training.

    ## Why it matters

    Nothing in the file was checked. A run that said nothing about it would look clean.

    ## Example

    ```python
    loss = criterion(model(x), y
    loss.backward()
    ```

    ## Instead

    ```python
    loss = criterion(model(x), y)
    loss.backward()
    ```

    ## When it is fine

    In templates and in examples of broken code: leave them out with `exclude`. Code for Python 2
    is not read.

    ## References

    - The Python language reference: https://docs.python.org/3/reference/grammar.html
    """

    code = "LOS001"
    name = "syntax-error"
    severity = Severity.ERROR
    category = "run"
