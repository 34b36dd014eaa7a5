"""Products and shapes of tensors."""
