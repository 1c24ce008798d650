"""Everything that writes rows of data quality: one verb per function, keyword-only, atomic, audited."""
