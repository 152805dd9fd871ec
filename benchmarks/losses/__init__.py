"""Speed and memory of the losses."""
