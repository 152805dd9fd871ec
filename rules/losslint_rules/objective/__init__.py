"""How the terms of an objective are put together."""
