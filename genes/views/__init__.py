"""Pages of genes."""
