"""How things look and behave, each once: controls, stage, state, charts, share."""
