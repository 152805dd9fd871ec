"""``losslint advise``: which loss to use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.terminal import say_error, say_warning
from losslint.errors import UserError, did_you_mean

_FORMATS = ("text", "markdown", "json", "mermaid")


def _asks(option: str, help: str, metavar: str = "ANSWER") -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        f"--{option}", metavar=metavar, help=help, show_default=False
    )
    return found


def advise(
    task: Annotated[
        str | None,
        _asks(
            "task",
            "binary, multiclass, multilabel, ordinal, regression, segmentation, detection, "
            "ranking, metric-learning, self-supervised, sequence, generative, distillation, "
            "noisy-labels or multitask.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        _asks("kind", "Which of the kinds that the task has; a wrong one lists them."),
    ] = None,
    classes: Annotated[
        str | None, _asks("classes", "How many classes there are.", "NUMBER")
    ] = None,
    imbalance: Annotated[
        str | None,
        _asks("imbalance", "The most common class to the rarest: a ratio, none, mild, strong ..."),
    ] = None,
    weights_tried: Annotated[
        str | None, _asks("weights-tried", "Whether weights were not enough: no or yes.")
    ] = None,
    noise: Annotated[
        str | None, _asks("noise", "How many labels are wrong: low, some or high.")
    ] = None,
    calibration: Annotated[
        str | None, _asks("calibration", "Whether probabilities are used as such: no or yes.")
    ] = None,
    outliers: Annotated[
        str | None, _asks("outliers", "Among the targets: none, some or heavy.")
    ] = None,
    scale: Annotated[str | None, _asks("scale", "Of the targets: unit or large.")] = None,
    zeros: Annotated[str | None, _asks("zeros", "Among the targets: none or many.")] = None,
    focus: Annotated[
        str | None, _asks("focus", "Of masks: nothing, imbalance, small or boundaries.")
    ] = None,
    batch_size: Annotated[str | None, _asks("batch-size", "Over all devices.", "NUMBER")] = None,
    distributed: Annotated[
        str | None, _asks("distributed", "Whether there are several devices: no or yes.")
    ] = None,
    priority: Annotated[str | None, _asks("priority", "Of a GAN: simple, stable or large.")] = None,
    latent: Annotated[
        str | None, _asks("latent", "Of a VAE: samples, factors or collapse.")
    ] = None,
    judged_by: Annotated[
        str | None, _asks("judged-by", "Of restored images: pixels, structure or looks.")
    ] = None,
    scales: Annotated[
        str | None, _asks("scales", "Whether weights of tasks are known: known or unknown.")
    ] = None,
    kinds: Annotated[str | None, _asks("kinds", "Of several tasks: same or mixed.")] = None,
    tasks: Annotated[str | None, _asks("tasks", "How many tasks there are.", "NUMBER")] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help="Answers in TOML, a key an option.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="Labels to answer from: CSV, TSV, JSON Lines, Parquet, .npy, .npz, .pt, or a "
            "folder with one folder of images a class.",
            show_default=False,
        ),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="SCRIPT",
            help="A training script to answer from: what it uses now, and what to change.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="The column of the labels, or several with commas between.",
            show_default=False,
        ),
    ] = None,
    emit: Annotated[
        Path | None,
        typer.Option(
            "--emit",
            metavar="FILE",
            help="Write a training script with the recommended loss.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --emit overwrite a file that is there.")
    ] = False,
    standalone: Annotated[
        bool,
        typer.Option("--standalone", help="Put the source of the loss into what --emit writes."),
    ] = False,
    symptom: Annotated[
        str | None,
        typer.Option(
            "--symptom",
            metavar="SYMPTOM",
            help="What to look at, and in which order: nan, stuck, not-decreasing, oscillating or "
            "good-loss-bad-metric.",
            show_default=False,
        ),
    ] = None,
    tree: Annotated[
        bool, typer.Option("--tree", help="Print the whole tree, as text, mermaid or json.")
    ] = False,
    output_format: Annotated[
        str,
        typer.Option(
            "--output-format", "--format", "-f", metavar="FORMAT", help="text, markdown or json."
        ),
    ] = "text",
) -> None:
    """Say which loss to use, from a few answers.

    Without any options, on a terminal, it asks. Answers that are not given are assumed, and the
    assumptions listed.
    """
    from losslint.advisor.answer_files import read_answers
    from losslint.advisor.loading import load_tree
    from losslint.advisor.walking import Answer, Origin, check_options
    from losslint.advisor.walking import walk as follow
    from losslint.advisor.writing import choices_of, write_advice, write_symptom, write_tree

    if output_format not in _FORMATS:
        raise UserError(
            f"--format {output_format}: not one of {', '.join(_FORMATS)}"
            f"{did_you_mean(output_format, _FORMATS)}"
        )
    known = load_tree()
    if tree:
        write_tree(known, output_format)
        return
    if output_format == "mermaid":
        raise UserError("--format mermaid is for the whole tree: add --tree")
    if symptom is not None:
        write_symptom(symptom, output_format)
        return
    given = {} if answers is None else read_answers(answers)
    options = {
        "task": task,
        "kind": kind,
        "classes": classes,
        "imbalance": imbalance,
        "weights-tried": weights_tried,
        "noise": noise,
        "calibration": calibration,
        "outliers": outliers,
        "scale": scale,
        "zeros": zeros,
        "focus": focus,
        "batch-size": batch_size,
        "distributed": distributed,
        "priority": priority,
        "latent": latent,
        "judged-by": judged_by,
        "scales": scales,
        "kinds": kinds,
        "tasks": tasks,
    }
    given |= {option: Answer(word) for option, word in options.items() if word is not None}
    check_options(known, given)
    if emit is None and (force or standalone):
        raise UserError(f"--{'force' if force else 'standalone'} is for --emit, which is not given")
    evidence = None
    if data is not None and script is not None:
        raise UserError("--data and --from are two ways to answer: take one of them")
    if script is not None:
        from losslint.advisor.evidence.script import evidence_of_script

        evidence = evidence_of_script(script, given)
        given = {**evidence.answers, **given}
    if data is not None:
        from losslint.advisor.evidence.verdict import evidence_of

        evidence = evidence_of(data, target, given)
        for warning in evidence.warnings:
            say_warning(warning)
        given = {**evidence.answers, **given}
    elif target is not None:
        raise UserError("--target names a column of --data, which is not given")
    walked = follow(known, given)
    if sys.stdin.isatty() and sys.stdout.isatty() and (not given or walked.leaf is None):
        from losslint.advisor.asking import ask

        walked = ask(known, given)
    if walked.unanswered is not None:
        read = ", ".join(
            f"--{option} {answer.word}"
            for option, answer in given.items()
            if answer.origin is not Origin.GIVEN
        )
        beside = f" beside what was read ({read})" if read else ""
        say_error(f"--{walked.unanswered.option} is needed{beside}: {walked.unanswered.asks}")
        sys.stderr.write(choices_of(walked.unanswered))
        raise typer.Exit(2)
    for option in walked.unused:
        if given[option].origin is not Origin.GIVEN:
            continue
        say_warning(f"--{option} plays no part here: nothing on the way asks for it")
    if walked.leaf is None:
        return
    if emit is not None:
        from losslint.advisor.emitting import emit as write_script

        write_script(walked, emit, force=force, standalone=standalone)
        sys.stderr.write(f"Wrote {emit}.\n")
    write_advice(known, walked, walked.leaf, output_format, evidence)
