"""The language itself: expressions, statements, calls, objects, containers."""
