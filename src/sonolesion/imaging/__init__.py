"""Pixels in, pixels out: reading, geometry, grey levels and drawing, for training and inference."""
