"""Labs about windows that slide, and what they see."""
