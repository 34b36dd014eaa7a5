"""Losses: what is minimised, exactly."""
