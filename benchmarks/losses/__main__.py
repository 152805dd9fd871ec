"""Prints time and memory of the losses as ratios to torch's nearest built-in, of one run.

``make bench-losses``; with ``--device cuda`` on a GPU, with ``--row focal`` only the rows so named.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.losses.measure import peak_memory, undisturbed
from benchmarks.losses.rows import ROWS, Loss, Row


def main() -> None:
    """Measures and prints a table in markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--row", default="", help="part of the names of the rows to run")
    parser.add_argument("--seconds", type=float, default=3.0, help="time a row")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {given.device}, 1 thread, forward and backward\n")
    print("| loss | whose | time | ratio | memory | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in ROWS:
        if given.row in row.name:
            _print_row(row, given.device, given.seconds)


def _print_row(row: Row, device: str, seconds: float) -> None:
    losses: dict[str, Loss] = {f"torch {row.baseline_name}": row.baseline, "losslint": row.loss}
    missing = []
    for library, make in row.peers.items():
        try:
            losses[library] = make()
        except ImportError as problem:
            missing.append((library, problem.name))
    prediction, target = (tensor.to(device) for tensor in row.tensors())
    times = undisturbed(list(losses.values()), (prediction, target), seconds)
    memory = [peak_memory(loss, (prediction, target)) for loss in losses.values()]
    for name, took, size in zip(losses, times, memory, strict=True):
        ratios = took / times[0], size / memory[0] if memory[0] else float("nan")
        limits = (row.time_limit, row.memory_limit) if name == "losslint" else (None, None)
        first, second = (_ratio(*pair) for pair in zip(ratios, limits, strict=True))
        print(
            f"| {row.name} | {name} | {took * 1e3:.2f} ms | {first} | {size:.0f} MiB | {second} |"
        )
    for name, module in missing:
        print(f"| {row.name} | {name} | not measured: {module} is not installed | | | |")


def _ratio(ratio: float, limit: float | None) -> str:
    return f"{ratio:.2f}" + ("" if limit is None else f" (at most {limit})")


if __name__ == "__main__":
    main()
