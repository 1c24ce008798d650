"""Genes: what each column carries, how that was found and decided, and what follows over all columns of an element."""

from genes.models.conformity import Conformity, Deviation
from genes.models.drift import DriftAlarm
from genes.models.families import Family, FamilyMember, Join, Sketch
from genes.models.levels import ColumnLevel, TableLevel
from genes.models.map import MapArea, MapPlace, Relation
from genes.models.matching import Binding, Decision, Gene, Match
from genes.models.recognisers import Recogniser
from genes.models.rulings import Repetition, Ruling

__all__ = [
    "Binding", "ColumnLevel", "Conformity", "Decision", "Deviation", "DriftAlarm", "Family", "FamilyMember", "Gene",
    "Join", "MapArea", "MapPlace", "Match", "Recogniser", "Relation", "Repetition", "Ruling", "Sketch", "TableLevel",
]  # fmt: skip
