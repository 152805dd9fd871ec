"""What the criterion expects against what it gets."""
