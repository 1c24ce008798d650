"""Writes of standards: elements, code sets, editions in work and in force, texts, comments."""
