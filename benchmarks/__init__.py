"""Measures Tensorscope beside an empty page and beside the same page in Dash and Gradio."""
