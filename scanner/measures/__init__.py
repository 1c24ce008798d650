"""What is measured of a column, from its frequency table: each distinct non-null value and how often it occurs."""

from scanner.measures.column import measure_column

__all__ = ["measure_column"]
