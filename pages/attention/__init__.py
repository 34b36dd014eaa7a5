"""Labs about scores, masks and weights."""
