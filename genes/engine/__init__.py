"""Matching columns to data elements (对标), grouping and joining them by their values: pure, no Django, no server."""
