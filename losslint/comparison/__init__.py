"""Losses side by side, as functions of one number: the error, or the logit of the right answer."""
