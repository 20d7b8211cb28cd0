# SPDX-License-Identifier: Apache-2.0
"""The source proof: what Python code *can do*, read from its syntax tree without running it.

1. ``gate`` says from the words of a file what can be in it at all, 2. ``walk`` (with ``binding`` and ``assignments``)
collects what each name may be bound to, 3. ``evaluate`` says what an expression may denote (a module, a member of one,
a constant), 4. ``judge`` compares that with ``capabilities`` and reports by ``rules``.
``carriers``, ``projects`` and ``wheel`` look at everything that is not Python source. Standard library only: the proof
needs no installation.
"""
