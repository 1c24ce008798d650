"""Genes: what each column carries, how that was found and decided, and what follows over all columns of an element."""

from genes.models.matching import Binding, Decision, Gene, Match

__all__ = ["Binding", "Decision", "Gene", "Match"]
