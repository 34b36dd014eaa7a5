"""What happens while a model learns."""
