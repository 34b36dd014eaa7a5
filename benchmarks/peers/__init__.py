"""The same small page in Dash and in Gradio: one integer, a convolution, a heatmap."""

LOW, HIGH, START = 4, 128, 40
NAMES = {"dash": "Dash", "gradio": "Gradio"}
CONTROLS = {"dash": "[role=slider]", "gradio": "input[type=range]"}
