"""The receptive field of whole networks: by our analysis, and by the gradient, in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median

from benchmarks.harness import ROOT
from benchmarks.report import Section, verdict

NETWORKS = ("ResNet50", "InceptionV3")
SLOWEST = "ResNet152"  # the design asks for well under a second
# In a process of its own: a measurement that loads TensorFlow must not slow those that follow.
PROGRAM = """
import json, sys, time
import keras, tensorflow as tf
from engine.convolution.network_receptive_field_analysis import analyse
from engine.convolution.network_receptive_field_gradient import nonzero_box, thin_model, unit_gradient
from engine.convolution.network_receptive_field_graph import network_graph
from engine.convolution.network_receptive_field_networks import NETWORKS

def timed(work):
    began = time.perf_counter()
    answer = work()
    return (time.perf_counter() - began) * 1e3, answer

def full_width(name, size, place, unit):
    # The usual way: the network with all its filters, filled at random, and GradientTape.
    model = getattr(keras.applications, name)(weights=None, input_shape=(*size, 3))
    cut, x = keras.Model(model.inputs, model.operations[place].output), tf.ones((1, *size, 3))
    def once():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            y = tf.reduce_sum(cut(x)[0, unit[0], unit[1]])
        return tape.gradient(y, x).numpy()
    once()
    return timed(once)[0]

found = {}
for name in sys.argv[2:]:
    size = (NETWORKS[name].size,) * 2
    build, graph = timed(lambda: network_graph(name, size))
    analyse(graph, size)
    unit = lambda place: tuple(axis["size"] // 2 for axis in analyse(graph, size)[place]["axes"])
    place = max(n for n, one in enumerate(analyse(graph, size)) if one["axes"][0]["stride"])
    middle, times = unit(place), {"build": build, "formula": [], "gradient": []}
    times["thin"], model = timed(lambda: thin_model(name, size))
    unit_gradient(model, place, middle)
    for _ in range(int(sys.argv[1])):  # in turns
        spent, units = timed(lambda: analyse(graph, size))
        times["formula"].append(spent)
        spent, gradient = timed(lambda: unit_gradient(model, place, middle))
        times["gradient"].append(spent)
    times["full"] = full_width(name, size, place, middle)
    axes = units[place]["axes"]
    seen = [int(axis[end][at]) for axis, at in zip(axes, middle) for end in ("low", "high")]
    times |= {"field": axes[0]["last"] - axes[0]["first"] + 1, "agree": list(nonzero_box(gradient)) == seen}
    found[name] = times
print(json.dumps(found))
"""


def run(quick: bool) -> list[Section]:
    """A row a network."""
    command = [sys.executable, "-c", PROGRAM, "2" if quick else "9", *NETWORKS, SLOWEST]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    found = json.loads(done.stdout.splitlines()[-1])
    rows, verdicts = [], []
    for name, times in found.items():
        if not times["agree"]:
            raise RuntimeError(f"{name}: the gradient reaches other pixels than the formula says")
        formula, gradient = median(times["formula"]), median(times["gradient"])
        cells = [times["build"], times["thin"], formula, gradient, times["full"]]
        ratios = [f"{spent / formula:.0f}×" for spent in (gradient, times["full"])]
        rows.append((name, str(times["field"]), *(f"{cell:.1f}" for cell in cells), *ratios))
        if name in NETWORKS:
            verdicts.append(verdict(f"{name}: gradient / formula", gradient / formula, 1, least=True))
    verdicts.append(verdict(f"{SLOWEST} by formula", median(found[SLOWEST]["formula"]), 250, " ms"))
    about = (
        "Milliseconds. By formula: shapes, parameters, FLOPs and windows of **all** layers along both axes, "
        "once the graph is known. By gradient: what **one** unit of **one** layer sees, through Keras' own layers one filter "
        "wide, and at full width with random weights, both once they are built. Formula and thin gradient name the same pixels. "
        "Building is done once and kept."
    )
    columns = ("network", "receptive field", "build the graph", "build thin layers", "all layers by formula", "one unit by gradient, thin", "at full width", "thin / formula", "full / formula")  # fmt: skip
    return [Section("Receptive fields of whole networks", about, columns, rows, verdicts)]
