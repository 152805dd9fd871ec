"""What the modules share."""

from __future__ import annotations

from inspect import signature

from torch import Tensor, nn


class Loss(nn.Module):
    """A loss that keeps each argument of its constructor as the attribute of the same name."""

    def extra_repr(self) -> str:
        """The options, as they would be written."""
        options = ((name, getattr(self, name)) for name in signature(type(self)).parameters)
        return ", ".join(
            f"{name}=<{tuple(value.shape)}>" if isinstance(value, Tensor) else f"{name}={value!r}"
            for name, value in options
        )
