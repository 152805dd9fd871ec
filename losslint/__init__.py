"""losslint finds the wrong loss in PyTorch training code and says which loss to use instead."""

__version__ = "0.1.0"
