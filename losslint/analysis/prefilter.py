"""A look at raw bytes that spares most files from being parsed."""

from __future__ import annotations

_ABOUT_TORCH = (b"torch", b"backward(", b"nn.", b"F.", b"lightning", b"accelerat")
_ABOUT_LOSS = (
    b"loss", b"Loss", b"backward", b"oftmax", b"igmoid", b"riterion", b"entropy", b"zero_grad",
    b"kl_div", b"log(", b".step(",
)  # fmt: skip


def worth_analysing(content: bytes) -> bool:
    """Whether a file can have anything to do with a loss or a training loop."""
    return any(token in content for token in _ABOUT_TORCH) and any(
        token in content for token in _ABOUT_LOSS
    )
