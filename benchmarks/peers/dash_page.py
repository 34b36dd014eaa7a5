"""The page in Dash: `python -m benchmarks.peers.dash_page PORT`."""

from __future__ import annotations

import sys

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html

from benchmarks.peers import HIGH, LOW, START
from benchmarks.peers.convolution import picture

app = Dash(__name__)
slider = dcc.Slider(LOW, HIGH, 1, value=START, id="size", updatemode="drag", marks=None)
app.layout = html.Div([html.H1("Convolution"), slider, dcc.Graph(id="y")])


@app.callback(Output("y", "figure"), Input("size", "value"))
def draw(size: int) -> go.Figure:
    return picture(size)


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), debug=False)
