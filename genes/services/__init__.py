"""Writes of genes: fingerprints, proposals, decisions, and what follows from them."""
