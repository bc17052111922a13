"""Data sets: readers, duplicates, splits, manifests, checks, and generated phantoms. No torch."""
