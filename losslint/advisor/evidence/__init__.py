"""Answers from a file of labels: what it holds, what that means, weights to paste."""
