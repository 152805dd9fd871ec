"""Losses that torch does not have, and what goes with them.

Needs torch, the extra ``torch``. Functions are in :mod:`losslint.losses.functional`, modules here.
"""
