"""Reads of the asset register. Every queryset that leaves here for a person is limited to what they may see."""
