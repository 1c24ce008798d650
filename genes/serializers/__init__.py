"""Shapes of genes on the wire."""
