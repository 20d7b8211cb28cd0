# SPDX-License-Identifier: Apache-2.0
"""The source proof: what Python code *can do*, read from its syntax tree without running it.

1. ``gate`` says from the words of a file what can be in it at all (``roles``, ``named`` and ``meant`` which words
matter together, ``prose`` which of them are code, ``spelling`` whether they are what they seem,
``reach`` what comes to it from other files), 2. ``walk`` (with ``binding`` and ``assignments``) collects what each
name may be bound to, 3. ``evaluate`` says what an expression may denote (a module, a member of one, a constant), 4.
``judge`` compares that with ``capabilities`` and reports by ``rules``. ``grants`` holds single files to the members
that their settings give them; ``scanning`` reads the tree and spreads the work over processes (``workers``).
``carriers``, ``projects`` and ``wheel`` look at everything that is not Python source. Standard library only: the
proof needs no installation.
"""
