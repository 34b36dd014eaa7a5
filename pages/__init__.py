"""What people see: pages, labs and the one renderer. Never imports TensorFlow."""
