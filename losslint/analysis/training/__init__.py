"""The training loop: what is done to gradients, in which order, with which losses."""
