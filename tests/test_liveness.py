"""Which assignments nothing can read, on all the ways that control may take."""

import libcst as cst
import pytest

from losslint.analysis.python.liveness import variables_of


def dead(code: str) -> list[str]:
    """The right-hand sides of the assignments to ``x`` that nothing reads."""
    module = cst.parse_module(code)
    stores = variables_of(module).dead_stores("x")
    return sorted(module.code_for_node(store.value) for store in stores)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        ("x = 1\nx = 2\nprint(x)", ["1"]),
        ("x = 1\nif a:\n    x = 2\nprint(x)", []),
        ("x = 1\nif a:\n    x = 2\nelif b:\n    x = 3\nelse:\n    x = 4\nprint(x)", ["1"]),
        ("x = 1\nif a:\n    x = 2\nelse:\n    raise E\nprint(x)", ["1"]),
        ("x = 1\nif a:\n    x = 2\nelse:\n    raise E(x)\nprint(x)", []),
        ("for i in y:\n    x = 1\n    x = 2\n    print(x)", ["1"]),
        ("for i in y:\n    print(x)\n    x = 1", []),
        ("for i in y:\n    print(x)\n    x = 1\n    break", ["1"]),
        ("for i in y:\n    x = 1\nelse:\n    x = 2\nprint(x)", ["1"]),
        ("for i in y:\n    x = 1\n    if i:\n        break\nelse:\n    x = 2\nprint(x)", []),
        ("for i in y:\n    x = 1\n    if i:\n        continue\n    x = 2\nprint(x)", []),
        ("while x:\n    x = 1", []),
        ("while a:\n    x = 1\n    while b:\n        x = 2\n    print(x)", []),
        ("while a:\n    x = 1\n    while b:\n        x = 2\n    x = 3\n    print(x)", ["1", "2"]),
        ("try:\n    x = 1\n    x = f()\nexcept E:\n    print(x)", ["f()"]),
        ("try:\n    x = 1\n    x = f()\nexcept E:\n    pass\nprint(x)", []),
        ("try:\n    x = 1\nexcept E:\n    x = 2\nelse:\n    x = 3\nprint(x)", ["1"]),
        ("try:\n    x = 1\nfinally:\n    print(x)", []),
        ("with m as x:\n    x = 1\n    x = 2\nf(x)", ["1"]),
        ("match a:\n    case 1:\n        x = 1\n    case _:\n        x = 2\nprint(x)", []),
        ("match a:\n    case 1:\n        x = 1\nx = 3\nprint(x)", ["1"]),
        ("x = 1\nx += 2", ["2"]),
        ("x: int = 1\nx = 2\nprint(f'{x}')", ["1"]),
        ("x = 1\ny.x = 2\nf(x=2)", ["1"]),
        ("x = 1\ny = lambda: x", []),
        ("def f():\n    return x\nx = 1", []),
        ("x = 1\nx = 2\nprint(locals())", []),
        ("x = 1\nx, y = 2, 3", []),
        ("x = 1\ndel x", []),
        ("x = 1\n[x for y in z]", []),
    ],
)
def test_assignments_that_nothing_reads(code: str, unread: list[str]) -> None:
    assert dead(code) == unread


def test_what_may_follow_a_dead_assignment() -> None:
    module = cst.parse_module("x = 1\nif a:\n    x = 2\nelse:\n    x = 3\nprint(x)")
    (after,) = variables_of(module).dead_stores("x").values()
    assert sorted(module.code_for_node(one) for one in after) == ["x = 2", "x = 3"]
