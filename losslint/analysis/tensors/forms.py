"""Forms of tensors that sums and products keep or make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import Act, Sign, Tensor, Value

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

OWN_PRODUCT = "own product"
"""The form of what was multiplied with itself, which may be a mask as well as a vector."""
OWN_PRODUCT_OF_SOFTMAX = "own product of a softmax"
"""The same of a softmax or of some of its columns, none of which is ever zero."""
ENERGY = "energy"
"""The form of a sum of those."""
TOTALS = frozenset({"total", "overlap", "totals", ENERGY})
"""Forms of sums over a whole mask, of which overlap measures are made."""
SMOOTHED = {"overlap": "smoothed overlap", "totals": "smoothed totals"}
"""Forms of those with a constant added, as the numerator and the divisor of an index have it."""
UNION = "union"
"""The form of the union of two regions within a mask: ``a * m + b * m - a * b * m``."""
INDEX = "index"
"""The form of an overlap over what holds it: 1 where two regions agree."""
REST = "rest of an index"
"""The form of what an index leaves to 1."""
UNREDUCED = "loss-none"
"""The form of a loss with one number an element."""
_BOUNDED = frozenset({"cosine", "non-positive"})
"""Forms of values that an exponential of does not overflow, whatever the temperature."""
SCALABLE = _BOUNDED | {"similarity", "scores", "trace"}
"""Forms that a temperature leaves as they are."""
FREE = "free"
"""The kind of reason why a parameter can be zero: training takes it anywhere."""
BOUNDED = "bounded"
"""The form of values that were given a limit well inside what they could be."""
SCALED_UNIT = "scaled unit"
"""The form of vectors of unit length times a number that somebody chose."""
CAPPED = "capped"
"""The form of a number minus what is never below zero, which the number is the most of."""
GAP = "gap to a label"
"""The form of what a probability is away from a label, which is one where they are opposite."""
ENDLESS = "endless"
"""The mark of a relu or an exponential of a raw output, which nothing keeps below a number."""
OVERDRAWN = "overdrawn"
"""The form of a number minus that, which is negative where an output is large."""
SETTING = "setting"
"""The form of a tensor of one number, which is that of a setting or a small one."""
BETWEEN = "between -1 and 1"
"""The form of the difference of two probabilities."""
ARRAY = "array of zeros"
"""The first part of the symbol of an array of numpy's that nothing was written into."""
ROW_ARRAY = "row of zeros"
"""The same where it has a single axis."""
FILLED_ROW = "filled row"
"""The same where something else was written into it."""
ONE_HOT_ARRAY = "row with a one"
"""The same where a single one was written into it."""
FLAG_ARRAY = "array of flags"
"""The same where outcomes of comparisons were written into it."""
WRITTEN = "flags written"
"""The form of zeros into which outcomes of comparisons were written."""
RAW_EXP = "exp of a raw output"
"""The mark of an exponential of what surely nothing bounds."""
CLEARED = "cleared"
"""The form of positive values of which some were set to zero."""
GRAM = "gram"
"""The form of the products of all pairs of rows, each row with itself among them."""
ENCLOSURE = "enclosure"
"""The form of the size of what holds two regions, which is as large as either at least."""
UPPER, LOWER = "upper", "lower"
"""Forms of the larger, or the smaller, of two values each."""
MEMBERS = "members"
"""The form of the values that occur in a tensor, each of them once."""
FILLED = "filled rows"
"""The form of vectors that are hardly ever zero: rows of an embedding, outputs of norm layers."""
PADDED = "padded"
"""The mark of rows of an embedding that keeps one of them, the padding's, at zero."""
POSITIONS = "arange"
"""The form of positions, as ``arange`` counts them."""
FIXED = frozenset({POSITIONS, "identity"})
"""Forms of what depends on no data, of which a comparison always finds some."""
SOME = "some"
"""The form of a mask that is never all False."""
PAIRS = "pairs"
"""The form of a mask of the pairs with the same label, each sample with itself among them."""
NEVER_EMPTY = frozenset({SOME, PAIRS})
"""Forms of masks that always select something."""
PLAIN = "flags"
"""The form of a mask of which nothing more is known."""
FLAGS = frozenset({PLAIN, SOME, PAIRS})
"""Forms of masks."""
LENGTH = "length"
"""The form of what ``len`` counts in a selection: a Python number, which may be zero."""
BOTH_CLASSES = "both classes"
"""The form of a sigmoid and what it leaves to one, side by side or as the label chooses."""
COMPLEMENT = "complement"
"""The form of a mask that is true where another one is not, as most are."""
OTHERS = "others"
"""The form of the number of elements that are in the complement of a mask."""
RUNNING_SHARE = "running share"
"""The form of a running total of shares, whose last is one, or just beyond it by rounding."""
ROUNDING = "rounding"
"""The kind of reason for which what such a total leaves to one can be below zero."""
STABLE_EXP = "exp of shifted"
"""The form of an exponential of values whose maximum was taken off, which does not overflow."""
STABLE_SUM = "sum of exp of shifted"
"""The form of a sum of those."""
FEW_EXP = "exponentials added one by one"
"""The form of a sum of exponentials that stand side by side, which need not be of classes."""
CHOOSING = {Act.SIGMOID: "one sigmoid of each row", Act.SOFTMAX: "one probability of each row"}
"""Forms of what one-hot rows leave of an activation: its sum over each row is the one of them."""
FOLDED = "folded"
"""The mark of what has a row for each pixel or token: there are more rows than samples."""
ROWS = "rows"
"""The mark of one-hot rows in the shape that they were made in."""
ZEROS = "zeros found"
"""The form of a mask of the zeros of a tensor, and of what is to be put there."""


SIGNED = "signed"
"""The mark of values from which a number was taken, as a mask's that are moved to -1 and 1."""


def is_area(value: Tensor) -> bool:
    """A product of sizes, or a sum of such."""
    return value.shape in ("product", "totals") and value.sign is Sign.NON_NEGATIVE


def both_classes(values: Sequence[Tensor]) -> bool:
    """Whether values are the sigmoid and what it leaves to one."""
    return all(one.act is Act.SIGMOID or one.shape == "one-minus" for one in values)


LIFTED = "lifted"
"""The form of values from which the smallest of them was taken."""
STRETCHED = "stretched"
"""The form of those over their range: some are zero and some one."""
MOVED = "moved"
"""The mark of probabilities that were moved on purpose, as those of easy negatives are."""
FALLING = "falling"
"""The mark of what is never above zero, a square times a number below it, as in a Gaussian."""
LIFTED_SUM = "lifted sum"
"""The mark of a sum of exponentials that a small number was added to."""
ANEW = "drawn anew"
"""The mark of random numbers that are drawn in each round of a loop: of many some are anywhere."""
NOISE = "noise"
"""The mark of what random numbers are part of, which as a vector is hardly ever zero."""
JOINT = "joint"
"""The mark of products of probabilities, none of which chooses."""
OF_LOGARITHM = "exponential of log-probabilities"
"""The mark of probabilities of which the logarithm was there first."""
LOG_DENSITY = "log-density"
"""The mark of the logarithm of a density, of which the exponential is one."""
DENSITY = "density"
"""The form of the exponential of minus the square of that: far from its mean it rounds to zero."""
RUNNING_COUNT = "running count"
"""The form of a cumulative sum of a mask."""
RUNNING_EXP = "running sum of exponentials"
"""The form of a cumulative sum of exponentials."""
STEEP = "steep"
"""The mark of cosines over a temperature so low that their exponentials differ by all there is."""
WITHIN = "within bounds"
"""The mark of values that have a limit and their maximum taken off: no exponential vanishes."""
NEAR = "near"
"""The mark of what is never large: distances of unit vectors, the logsumexp of their cosines, what
falls from one with a distance."""
RANKED = "ranked"
"""The mark of what is picked out of something by its rank."""


def found(sign: str, value: Tensor, bound: Value) -> str:
    """The form of the outcome of a comparison, by the name of its operator."""
    if sign == "GreaterThan" and value.shape in (CLEARED, GRAM, SOME):
        return SOME
    if sign == "Equal" and isinstance(bound, Tensor) and bound.shape == MEMBERS:
        return SOME
    if sign == "Equal" and value.shape == MEMBERS and number(bound) is None:
        return SOME
    if sign == "Equal" and value.shape == RUNNING_COUNT and number(bound) == 0:
        return SOME  # what stands before the first, as the tokens of a sequence before its end
    if isinstance(bound, Tensor) and RANKED in bound.marks and bound.deps <= value.deps:
        return SOME  # so many of its elements are beyond one of them
    limit = number(bound)
    if value.shape == SOME and (sign, limit) in (("Equal", 1), ("NotEqual", 0)):
        return SOME
    below_one = sign == "LessThan" and limit is not None and 0 < limit <= 1
    if sign in ("Equal", "LessThanEqual") and limit == 0:
        return ZEROS  # something can be put where they are
    return ZEROS if below_one and value.shape in TOTALS else PLAIN


def is_above_zero(sign: str, bound: Value) -> bool:
    """Whether a comparison asks which elements are above zero, or at least zero."""
    return sign in ("GreaterThan", "GreaterThanEqual") and number(bound) == 0


def floor_in_sight(run: Interpreter) -> str:
    """The mark of probabilities that were given a floor in the function that is evaluated."""
    function = run.frame.function
    return f"floor {id(function.node) if function is not None else 0}"
