"""Convolution: windows that slide, and what they see."""
