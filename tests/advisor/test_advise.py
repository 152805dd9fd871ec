"""`losslint advise` from options and answer files: pages, JSON, the tree, and mistakes."""

import json
from pathlib import Path

import pytest
import typer

from losslint.advisor.loading import load_tree
from losslint.cli.app import app
from tests.conftest import Losslint


def test_options_lead_to_a_page(project: Path, losslint_: Losslint) -> None:
    result = losslint_(
        "advise", "--task", "multiclass", "--classes", "10", "--imbalance", "40", "--noise", "low"
    )
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("# Cross entropy with class weights\n\n```python\n")
    assert "└─ imbalance: 40 (strong)" in result.out
    assert "calibration: no  (assumed)" in result.out
    assert "`--calibration no|yes`" in result.out
    assert "ln C = 2.303 for 10 classes" in result.out
    assert "Found by LOS104." in result.out


def test_json_is_one_document(project: Path, losslint_: Losslint) -> None:
    result = losslint_("advise", "--task", "binary", "-f", "json")
    document = json.loads(result.out)
    assert document["recommendation"]["name"] == "binary-plain"
    assert document["recommendation"]["first_loss"]["value"] == pytest.approx(0.6931, abs=1e-4)
    assert [step["origin"] for step in document["path"]] == ["given", "assumed", "assumed"]
    codes = {avoid["rule"] for avoid in document["recommendation"]["avoid"]}
    assert "LOS103" in codes


def test_answers_from_a_file_and_options_over_them(project: Path, losslint_: Losslint) -> None:
    (project / "answers.toml").write_text(
        'task = "binary"\nimbalance = 500\ncalibration = false\nweights_tried = true\n'
    )
    assert losslint_("advise", "--answers", "answers.toml").out.startswith("# Binary focal loss\n")
    result = losslint_("advise", "--answers", "answers.toml", "--weights-tried", "no")
    assert result.out.startswith("# Binary cross entropy with a bounded weight")


def test_an_answer_that_plays_no_part_is_said(project: Path, losslint_: Losslint) -> None:
    result = losslint_("advise", "--task", "ordinal", "--outliers", "some")
    assert result.code == 0
    assert "--outliers plays no part here" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "multclass"], "did you mean 'multiclass'?"),
        (["--task", "binary", "--noise", "loud"], "--noise loud: not one of low, some, high"),
        (["--task", "binary", "--imbalance=-3"], "or a number above 0"),
        (["--task", "binary", "--imbalance", "nan"], "--imbalance nan: not one of"),
        (["--task", "multiclass", "--classes", "1"], "or a number above 1"),
        (["--task", "ordinal", "--kind", "nonsense"], "nothing asks for --kind with the other"),
        (["--kind", "nonsense"], "Which of them fit depends on --task"),
        (
            ["--task", "generative", "--kind", "gam"],
            "not one of gan, vae, diffusion, restoration; did you mean 'gan'?",
        ),
        (["--task", "binary", "--standalone"], "--standalone is for --emit, which is not given"),
        (["--task", "binary", "--force"], "--force is for --emit, which is not given"),
        (["--task", "binary", "--format", "jsn"], "did you mean 'json'?"),
        (["--format", "mermaid"], "add --tree"),
        (["--answers", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
def test_a_mistake_names_what_is_valid(
    project: Path, losslint_: Losslint, arguments: list[str], said: str
) -> None:
    result = losslint_("advise", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task = [", "is not TOML"),
        ("task = ['binary']", "task has to be a word or a number"),
        ("tusk = 'binary'", "did you mean 'task'?"),
        ("task = 'banary'", "did you mean 'binary'?"),
    ],
)
def test_a_wrong_answer_file_is_said(
    project: Path, losslint_: Losslint, text: str, said: str
) -> None:
    (project / "answers.toml").write_text(text)
    result = losslint_("advise", "--answers", "answers.toml")
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_too_few_answers_and_no_terminal(project: Path, losslint_: Losslint) -> None:
    result = losslint_("advise", "--task", "segmentation")
    assert (result.code, result.out) == (2, "")
    assert "--kind is needed: What is in a mask?" in result.err
    assert "--kind binary      one structure against the background\n" in result.err
    assert "--task multiclass" in losslint_("advise").err


@pytest.mark.parametrize("output_format", ["text", "markdown", "json", "mermaid"])
def test_the_whole_tree(project: Path, losslint_: Losslint, output_format: str) -> None:
    out = losslint_("advise", "--tree", "-f", output_format).out
    for leaf in load_tree().leaves.values():
        assert leaf.title in out
    if output_format == "json":
        assert len(json.loads(out)["paths"]) == len(list(load_tree().paths()))
    if output_format == "mermaid":
        assert out.startswith("flowchart LR\n")


def test_the_command_has_an_option_for_every_question() -> None:
    command = typer.main.get_command(app)
    parameters = command.commands["advise"].params  # type: ignore[attr-defined]
    options = {option.removeprefix("--") for found in parameters for option in found.opts}
    assert set(load_tree().options()) <= options
