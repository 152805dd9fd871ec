"""What the targets are against what the criterion expects."""
