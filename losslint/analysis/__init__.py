"""What every expression is: the abstract interpreter over the linted project.

The rooms build on each other: :mod:`domain` says what can be known, :mod:`events` what rules hear
of, :mod:`reading` brings files to linked modules, :mod:`tensors` does arithmetic on facts,
:mod:`training` and :mod:`objective` keep the books about gradients and losses, :mod:`python` and
:mod:`torch_api` evaluate the language and the library. The driver evaluates a project in order.
"""
