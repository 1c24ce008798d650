"""Reads of genes: the matcher of the catalogue in force, the queue, what an element's columns say together."""
