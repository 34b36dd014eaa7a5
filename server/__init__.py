"""The server around the pages: JSON routes, limits, logs. Never imports TensorFlow."""
