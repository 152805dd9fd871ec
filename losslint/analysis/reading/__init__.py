"""From bytes to linked modules: what is parsed, what is refused, where names lead."""
