"""What values mean: canonical forms, identifiers, dates, character patterns.

Each family has a plain predicate over one string, which is the definition, and a mask over a ``Chunk`` of distinct
values, which is the same at a few nanoseconds a value. The tests hold the two together.
"""
