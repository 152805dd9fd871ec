"""IPython's own lines, and those that only look like them."""

import ast

import pytest

from losslint.magics import as_python


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n  torch \\\n  numpy\nx", "pass\n\n\nx"),
        ("?x", "pass"),
        ("x?", "pass"),
        ("x.y??  \nz", "pass\nz"),
        ("f(x,\n  y)?\nz", "pass\n\nz"),
        ("x = !ls *.py\ny", "x = get_ipython()\ny"),
        ("a = b[1] = %magic c \\\n  d\ny", "a = b[1] = get_ipython()\n\ny"),
        ("for x in y:\n    !echo {x} 'it\n    z", "for x in y:\n    pass\n    z"),
        ("# don't\n!ls\nx", "# don't\npass\nx"),
        ("'it''s'\n!ls", "'it''s'\npass"),
        ("/f x", "pass"),
        (">>> x = 1\n>>> for y in x:\n...     y\n", "\n\n\n"),
        ("In [3]: x\nOut[3]: 1", "\n"),
    ],
)
def test_a_line_that_is_not_python_does_nothing(cell: str, code: str) -> None:
    assert as_python(cell) == code
    ast.parse(code)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%time train(model,\n  x)", "None; train(model,\n  x)"),
        ("y = %time f(x)", "y =       f(x)"),
        ("%timeit -n 10 -r3 f(x)", "None;             f(x)"),
        ("%time y = f(x)", "None; y = f(x)"),
        ("%time", "pass"),
        ("%time for x in y: f(x)", "pass"),
        ("%prun -s cumulative f(x)", "pass"),
        ("%time !ls", "pass"),
    ],
)
def test_what_is_timed_is_run_at_its_columns(cell: str, code: str) -> None:
    assert as_python(cell) == code
    ast.parse(code)


@pytest.mark.parametrize(
    "cell",
    [
        "x = (a\n  % b\n  / c)",
        "x = a \\\n  % b",
        's = """\n%time\n!ls\nx?\n"""',
        "s = '''\\'''\n%%bash\n'''",
        "s = 'why?'",
        "x = f(y)  # why?",
        "x %= 3; y = x % z; assert x != y",
        "ls  = 3",
        "cat (x)",
        "run = 1\nrun",
        "pip.main(x)",
        "",
        "\\",
        "'",
        '"""',
        ")",
    ],
)
def test_python_stays_as_it_is(cell: str) -> None:
    assert as_python(cell) == cell


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%timeit -n 3\n!ls\nx", "pass\npass\nx"),
        ("\n# note\n%%capture out\nx", "\n# note\npass\nx"),
        ("%%bash\nif\nfi", "\n\n"),
        ("%%writefile net.py\nimport torch", "\n"),
        ("%%html\n<a>", "\n"),
        ("x = 1\n%%time", "x = 1\npass"),
        ("pip install torch", ""),
        ("timeit torch.ones(3)", ""),
        ("\ncd ..\n", "\n\n"),
        ("ls -l", ""),
    ],
)
def test_a_cell_with_a_magic_of_its_own(cell: str, code: str) -> None:
    assert as_python(cell) == code


@pytest.mark.parametrize(
    "cell", ["\r" * 40, "# x\n" * 5_000, "pip" + " " * 50_000 + "\n=", "x = " + "\\\n" * 5_000]
)
def test_no_text_takes_long(cell: str) -> None:
    assert as_python(cell).count("\n") == cell.count("\n")
