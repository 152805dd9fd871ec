"""One thread for torch: the tensors are tiny, and the threads would wait for each other."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
