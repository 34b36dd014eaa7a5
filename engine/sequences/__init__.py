"""Tensors with a time axis."""
