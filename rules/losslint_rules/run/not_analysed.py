"""LOS004: code that was left out."""

from losslint.finding import Severity
from losslint.rule import Rule


class NotAnalysed(Rule):
    """A file or a function could not be analysed.

    ## What it does

    Reports a file that cannot be read, and a file or function in which the analysis met one of its
    limits or a bug of its own. The message says which. Everything else is checked, with the results
    of that piece as unknown.

    ## Why it matters

    Silence about this code does not mean that it is right: nothing looked at it.

    ## Example

    A generated file with one function of fifty thousand lines.

    ## Instead

    Leave generated code out with `exclude`. If the message speaks of a crash it is a bug of
    losslint's: please report it together with the code.

    ## When it is fine

    Where the code has nothing to do with training.

    ## References

    - How the analysis is bounded: docs/how-it-works.md
    """

    code = "LOS004"
    name = "not-analysed"
    severity = Severity.WARNING
    category = "run"
