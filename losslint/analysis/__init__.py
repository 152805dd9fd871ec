"""What every expression is: the abstract interpreter over the linted project."""
