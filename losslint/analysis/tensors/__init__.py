"""What arithmetic does to the facts about tensors."""
