"""Where gradients go."""
