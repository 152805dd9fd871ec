"""What is minimised and what is watched: criteria, terms, weights, metrics."""
