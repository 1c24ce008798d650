"""What is measured of a column: from its sorted numbers, or from its values and how often each occurs."""

from scanner.measures.column import measure_column, measure_numbers

__all__ = ["measure_column", "measure_numbers"]
