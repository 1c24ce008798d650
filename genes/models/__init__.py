"""Genes: what each column carries, how that was found and decided, and what follows over all columns of an element."""

from genes.models.conformity import Conformity, Deviation
from genes.models.matching import Binding, Decision, Gene, Match

__all__ = ["Binding", "Conformity", "Decision", "Deviation", "Gene", "Match"]
