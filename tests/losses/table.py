"""All losses of the table."""

from __future__ import annotations

from tests.losses import classification_cases, segmentation_cases

CASES = [*classification_cases.CASES, *segmentation_cases.CASES]
