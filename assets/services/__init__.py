"""Everything that writes rows of the asset register: one verb per function, keyword-only, atomic, audited."""
