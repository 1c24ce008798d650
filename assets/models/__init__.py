"""The asset register: who runs which system, what its sources hold, and what was measured of it."""

from assets.models.catalogue import Column, Table
from assets.models.networks import AllowedNetwork
from assets.models.profiles import ColumnProfile, TableProfile
from assets.models.register import DataSource, InformationSystem
from assets.models.runs import CensusRun, ScanRun, SchemaChange

__all__ = [
    "AllowedNetwork",
    "CensusRun",
    "Column",
    "ColumnProfile",
    "DataSource",
    "InformationSystem",
    "ScanRun",
    "SchemaChange",
    "Table",
    "TableProfile",
]
