"""What can be known: values and objects, where they have been, what can change, how they join."""
