"""Arithmetic in a loss that gives NaN, infinity or no gradient."""
