"""The page in Gradio: `python -m benchmarks.peers.gradio_page PORT`."""

from __future__ import annotations

import sys

import gradio as gr

from benchmarks.peers import HIGH, LOW, START
from benchmarks.peers.convolution import picture

with gr.Blocks(analytics_enabled=False) as page:
    gr.Markdown("# Convolution")
    size = gr.Slider(LOW, HIGH, value=START, step=1, label="Size")
    plot = gr.Plot(lambda: picture(START))
    # Its fastest way: no queue, and of the values that came meanwhile only the last one next.
    size.input(picture, size, plot, show_progress="hidden", trigger_mode="always_last", queue=False)

if __name__ == "__main__":
    page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
