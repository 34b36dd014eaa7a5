"""The same small page in Dash and in Gradio: one integer, a convolution, a heatmap."""
