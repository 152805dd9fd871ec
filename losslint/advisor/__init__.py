"""Which loss to use: a decision tree as data, and what is done with it.

The knowledge is in the TOML files of the folder ``knowledge``; nothing here imports torch.
"""
