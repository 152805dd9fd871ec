"""The losses as functions, in the manner of :mod:`torch.nn.functional`."""
