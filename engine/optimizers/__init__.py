"""What an optimizer does with a gradient."""
