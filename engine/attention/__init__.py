"""Attention: scores, masks and weights."""
