"""Genes: what each column carries, how that was found and decided, and what follows over all columns of an element."""

from genes.models.conformity import Conformity, Deviation
from genes.models.drift import DriftAlarm
from genes.models.levels import ColumnLevel, TableLevel
from genes.models.matching import Binding, Decision, Gene, Match
from genes.models.recognisers import Recogniser

__all__ = [
    "Binding", "ColumnLevel", "Conformity", "Decision", "Deviation", "DriftAlarm", "Gene", "Match", "Recogniser",
    "TableLevel",
]  # fmt: skip
