"""Expressions as the code spells them, for messages."""

from __future__ import annotations

import re
from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import same, walk


def dotted(node: cst.CSTNode) -> str:
    """An expression as text, shortened."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    if isinstance(node, cst.Subscript):
        return f"{dotted(node.value)}[...]"
    if isinstance(node, cst.Call):
        return f"{dotted(node.func)}(...)"
    return node.value if isinstance(node, cst.Name) else "..."


def written(node: cst.CSTNode) -> str:
    """An expression as text, shortened, but for the key under which something is kept."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        if isinstance(index, cst.Index) and isinstance(index.value, cst.SimpleString):
            return f"{dotted(node.value)}[{index.value.value}]"
    return dotted(node)


_EPSILON = re.compile(r"(^|[._])eps(ilon)?(_|\d|$)", re.IGNORECASE)


def is_epsilon(node: cst.CSTNode | None) -> bool:
    """Whether an expression is called an epsilon."""
    return node is not None and _EPSILON.search(dotted(node)) is not None


_SPLIT = re.compile(
    r"(^|_)(train|valid?|test|dev)(ing|ation)?(_|$)|_(tr|trn|te|tst)$", re.IGNORECASE
)


def is_whole_split(node: cst.CSTNode) -> bool:
    """Whether an expression is called a part of a data set: `x_train`, `sets["train"]`."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        key = index.value if isinstance(index, cst.Index) else None
        return isinstance(key, cst.SimpleString) and _SPLIT.search(key.raw_value) is not None
    return isinstance(node, cst.Name | cst.Attribute) and (
        _SPLIT.search(dotted(node).rpartition(".")[2]) is not None
    )


_MASK = re.compile(r"(^|_)masks?(_|\d|$)", re.IGNORECASE)


def is_called_mask(node: cst.CSTNode | None) -> bool:
    """Whether an expression is called a mask."""
    return node is not None and _MASK.search(dotted(node).rpartition(".")[2]) is not None


_SCALE = re.compile(
    r"(^|_)(bandwidth|temp(erature)?|tau|sigma|scale|length_?scale|width)$", re.IGNORECASE
)


def is_called_scale(node: cst.CSTNode | None) -> bool:
    """Whether a variable, an attribute or a setting is called a scale, which is above zero."""
    return node is not None and _SCALE.search(dotted(node).rpartition(".")[2]) is not None


_LOG_SPREAD = re.compile(r"log_?(var|std|sd|sig|scale|prec)", re.IGNORECASE)


def names_log_spread(node: cst.CSTNode) -> bool:
    """Whether something in an expression is called the logarithm of a spread: `z_logvar`."""
    return any(isinstance(one, cst.Name) and _LOG_SPREAD.search(one.value) for one in walk(node))


_SETTINGS = re.compile(
    r"^_?(opts?|(\w+_)?(args?|options?|cfg|conf|configs?|configuration|hparams?|hyper_?params?|"
    r"settings?|flags?))_?$",
    re.IGNORECASE,
)
_BATCH = re.compile(r"(^|_)(mini_?)?batch$|^data$", re.IGNORECASE)
_LOADER = re.compile(
    r"loader|data_?set|batch_?(iter|gen)|data_?(iter|gen)|(^|_)(mini_?)?batches$|_iter(ator)?$|"
    r"(^|_)dl$|(train|valid?|test|dev)(ing)?_?(data|set|ds|dl)$|^(images?|imgs?|labels?)$",
    re.IGNORECASE,
)


def is_settings(name: str) -> bool:
    """Whether a name is that of what holds the settings of a program."""
    return _SETTINGS.match(name) is not None


@lru_cache(maxsize=4_096)
def is_dimension(name: str) -> bool:
    """Whether a variable called so holds a dimension: ``dim``, ``self.axis``, ``d``."""
    last = name.rpartition(".")[2]
    return last == "d" or any(one in last for one in ("dim", "axis", "axes"))


def is_batch(node: cst.CSTNode) -> bool:
    """Whether what an expression names is a batch: `batch`, `self.data`."""
    return _BATCH.search(dotted(node).rpartition(".")[2]) is not None


_COLUMNS = re.compile(r"((^|_)(n|nb|num|number)_(\w+_)?(class(es)?|cls|categories|labels))$"
                      r"|(^|_)(nclass(es)?|out_features|vocab_size)$")  # fmt: skip


def is_width(node: cst.CSTNode) -> bool:
    """Whether an expression is the number of columns, or of classes: ``x.size(1)``, ``n_cls``."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        size = node.func.attr.value == "size" and len(node.args) == 1
        return size and _is_of_columns(node.args[0].value)
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute):
        index = node.slice[0].slice
        is_shape = node.value.attr.value == "shape"
        return is_shape and isinstance(index, cst.Index) and _is_of_columns(index.value)
    return names_width(dotted(node).rpartition(".")[2])


def names_width(name: str) -> bool:
    """Whether something called so is a number of columns, or of classes."""
    return _COLUMNS.search(name.casefold()) is not None


def _is_of_columns(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        node = node.expression
    return isinstance(node, cst.Integer) and node.value == "1"


@lru_cache(maxsize=4_096)
def is_of_loader(node: cst.CSTNode) -> bool:
    """Whether an expression names a loader, as `enumerate(train_loader)` does, or a batch."""
    return any(
        isinstance(one, cst.Name) and (_LOADER.search(one.value) or _BATCH.search(one.value))
        for one in walk(node)
    )


def receiver(node: cst.CSTNode, otherwise: str) -> str:
    """The object of a method as text, whether the method is called here or only named."""
    method = node.func if isinstance(node, cst.Call) else node
    return dotted(method.value) if isinstance(method, cst.Attribute) else otherwise


def is_of_one_parameter(node: cst.CSTNode) -> bool:
    """Whether a gradient is spelled as that of an attribute: `self.bias.grad.zero_()`.

    `p.grad.zero_()` may be about each parameter in turn.
    """
    names = dotted(node).split(".")
    return "grad" in names[2:]


def kept_by(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What a statement adds to a total or appends to a list, without its factors."""
    value: cst.BaseExpression | None = None
    if isinstance(node, cst.AugAssign):
        value = node.value
    elif isinstance(node, cst.Assign) and isinstance(node.value, cst.BinaryOperation):
        target = node.targets[0].target
        sides = [one for one in (node.value.left, node.value.right) if not same(one, target)]
        value = sides[0] if len(sides) == 1 else None
    elif isinstance(node, cst.Call) and len(node.args) == 1 and not node.args[0].star:
        value = node.args[0].value
    while isinstance(value, cst.BinaryOperation) and not value.lpar:
        if not isinstance(value.operator, cst.Multiply | cst.Divide) or _has_call(value.right):
            return None
        value = value.left
    return value


def _has_call(node: cst.CSTNode) -> bool:
    """Whether anything but the number of samples is asked for."""
    return any(
        isinstance(one, cst.Call) and dotted(one.func).rpartition(".")[2] not in ("len", "size")
        for one in walk(node)
    )
