"""The figures of Dumoulin & Visin's guide, each beside what TensorFlow gives for the same case."""

from __future__ import annotations

from engine import Trace
from pages.convolution.convolution_arithmetic_presets import back, case
from pages.kit.declare import Figure, Published

SOURCE = "Dumoulin & Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285, figure {}"
CASES = (  # number in chapters 2 and 4; i, k, s, p, the output, and the output padding of the way back
    (1, 4, 3, 1, 0, 2, None),
    (2, 5, 4, 1, 2, 6, None),
    (3, 5, 3, 1, 1, 5, None),
    (4, 5, 3, 1, 2, 7, None),
    (5, 5, 3, 2, 0, 2, 0),
    (6, 5, 3, 2, 1, 3, None),
    (7, 6, 3, 2, 1, 3, 1),
)


def _side(trace: Trace) -> Figure:
    return int(trace.facts["space"][0])


def _numbers(trace: Trace) -> Figure:
    """All cells of the output, row by row, with the guide's one decimal."""
    return tuple(round(float(value), 1) for value in trace["y"].flat)


def _there(number: int, i: int, k: int, s: int, p: int, o: int) -> Published:
    what = f"Output size of a convolution with i = {i}, k = {k}, s = {s}, p = {p}"
    return Published(what, SOURCE.format(f"2.{number}"), o, case(i, k, s, p), _side)


def _again(number: int, i: int, k: int, s: int, p: int, o: int, added: int | None) -> Published:
    ending = f" and output padding {added}" if added else ""
    what = f"Size of its transpose's output: {o} back with k = {k}, s = {s}, p = {p}{ending}"
    return Published(what, SOURCE.format(f"4.{number}"), i, back(o, k, s, p, added), _side)


PUBLISHED = (
    *(_there(*known[:6]) for known in CASES),
    *(_again(*known) for known in CASES),
    Published("Output size with i = 7, k = 3 and dilation 2", SOURCE.format("5.1"), 3,
              case(7, 3) | {"dilation": 2}, _side),
    Published("The output's numbers, row by row, unit stride", SOURCE.format("1.1"),
              (12, 12, 17, 10, 17, 19, 9, 6, 14), {}, _numbers),
    Published("The output's numbers, row by row, stride 2 and padding 1", SOURCE.format("1.2"),
              (6, 17, 3, 8, 17, 13, 6, 4, 4), case(5, 3, 2, 1), _numbers),
    Published("The means of 3 × 3 average pooling, row by row", SOURCE.format("1.5"),
              (1.7, 1.7, 1.7, 1.0, 1.2, 1.8, 1.1, 0.8, 1.3), {"operation": "avg-pool"}, _numbers),
    Published("The largest of 3 × 3 max pooling, row by row", SOURCE.format("1.6"),
              (3, 3, 3, 3, 3, 3, 3, 2, 3), {"operation": "max-pool"}, _numbers),
)  # fmt: skip
