"""The names that switch gradients off and on, as a decorator and in a `with`."""

from __future__ import annotations

SWITCHED_OFF = frozenset({"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad"})
SWITCHED_ON = frozenset({"torch.enable_grad", "torch.autograd.enable_grad"})
