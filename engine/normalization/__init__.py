"""Normalization: means, variances and what flows through them."""
