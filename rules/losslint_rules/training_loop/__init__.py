"""The order of backward, step and zeroing."""
