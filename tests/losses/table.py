"""All losses of the table."""

from __future__ import annotations

from tests.losses import (
    classification_cases,
    detection_cases,
    regression_cases,
    segmentation_cases,
    template_cases,
)

CASES = [
    *classification_cases.CASES,
    *segmentation_cases.CASES,
    *regression_cases.CASES,
    *detection_cases.CASES,
    *template_cases.CASES,
]
