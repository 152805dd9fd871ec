"""What linting costs, and that no code makes it crash."""
