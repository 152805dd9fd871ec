"""Measurements of losslint on code that was not written for its tests; not part of the package."""
