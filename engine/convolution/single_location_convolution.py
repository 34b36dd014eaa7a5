"""Convolution at one location: one window times the flipped kernel, without the whole map.

The same value is read from the map that TensorFlow computes, and from three index conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.convolution import single_location_convolution_story as story
from engine.convolution.single_location_convolution_places import (
    BORDERS,
    CONVENTIONS,
    check_convention,
    check_place,
    corner_of,
    drawn,
)
from engine.convolution.single_location_convolution_scene import readings_of
from engine.errors import Rejected
from engine.parameter_lists import Matrix, Rows
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

LOW, HIGH = -20, 1020  # of an index; a window that misses the image is refused
REFUSALS = {
    "valid": "write top-left: the valid map is indexed by the window's first cell",
    "same": "write centre: the same map is indexed by the window's middle",
}
MOST_TAPS = 15
PARAMETERS = (
    Integer("size", 1000, 5, 1000, "N: the image has N x N cells"),
    Integer("taps", 3, 1, MOST_TAPS, "M: the kernel has M x M taps"),
    Pair("index", (10, 37), LOW, HIGH, "row and column of the wanted value"),
    Choice("convention", "top-left", CONVENTIONS, "which cell of the window the index names", REFUSALS),
    Toggle("flip", True, "convolution flips the kernel; tf.nn.conv2d does not"),
    Choice("border", "zero", BORDERS, "what a window reads outside the image"),
    Matrix("kernel", MOST_TAPS, MOST_TAPS, about="the taps, row by row; left out: random"),
    Choice("image", "random", ("random", "ramp"), "the question's random numbers, or 0, 1, 2, …"),
    Integer("seed", 777, 0, 9999, "seed of the image and the kernel"),
    Rows("locations", (Integer("row", 0, LOW, HIGH), Integer("column", 0, LOW, HIGH)), 16, "further places"),
    Toggle("whole", False, "compute the whole map too, and read the value from it"),
)


def taps_of(taps: int, kernel: Sequence[Sequence[float]] | None) -> int:
    """M: a kernel that is typed decides it."""
    return len(kernel) if kernel else taps


def check(
    size: int,
    taps: int,
    index: tuple[int, int],
    convention: str,
    border: str,
    kernel: Any,
    locations: Any,
    whole: bool,
    **_: Any,
) -> None:
    """The kernel must be square, and every window readable; a map needs room for one window."""
    if kernel and len(kernel) != len(kernel[0]):
        expected = "as many rows as columns: M x M taps"
        raise Rejected(
            "kernel",
            f"{len(kernel)} x {len(kernel[0])}",
            expected,
            "add or remove a row or a column; zeros change nothing",
            {"kernel": None},
        )
    taps = taps_of(taps, kernel)
    check_convention(convention, taps)
    check_place("index", index, size, taps, convention, border)
    for number, place in enumerate(locations, 1):
        check_place(f"locations, row {number}", place, size, taps, convention, border)
    if whole and border == "slice" and taps > size:  # TensorFlow would return garbage
        raise Rejected(
            "whole",
            f"on, with a {taps} x {taps} kernel and no border",
            f"at most {size} x {size} taps: the map has no cell",
            "choose border zero, a smaller kernel, or leave the map out",
            {"whole": False},
        )


def cost(size: int, taps: int, kernel: Any, whole: bool, locations: Any, **_: Any) -> Cost:
    """The image as float64; the map, its padded input and its shares where it is asked for."""
    taps = taps_of(taps, kernel)
    full = (size + taps - 1) ** 2
    windows = taps**2 * (60 + 4 * len(locations))
    return Cost(8 * (3 * size**2 + windows + 5 * full * whole), 2 * windows + 4 * taps**2 * full * whole)


def question_data(pattern: str, size: int, taps: int, kernel: list[list[float]] | None, seed: int) -> Any:
    """The question's numbers: np.random.seed(seed), then rand for the image, then for the kernel."""
    generator = np.random.RandomState(seed)
    image = generator.rand(size, size)
    taken = generator.rand(taps, taps) if kernel is None else np.array(kernel, "float64")
    if pattern == "ramp":
        image = np.arange(size * size, dtype="float64").reshape(size, size)
    return [image, taken]


SHOWN = (question_data,)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `single_location_convolution` is called with."""
    size, border, convention = (parameters[name] for name in ("size", "border", "convention"))
    kernel = [list(row) for row in parameters["kernel"]] if parameters["kernel"] else None
    taps = taps_of(parameters["taps"], kernel)
    places = [parameters["index"], *parameters["locations"]]
    corners = [corner_of(place, convention, taps) for place in places]
    around = [drawn(first, taps, size, border) for first in corners[0]]
    made = {"pattern": parameters["image"], "size": size, "taps": taps, "kernel": kernel}
    return {
        "data": Made(question_data, made | {"seed": parameters["seed"]}),
        "corners": corners,
        "readings": readings_of(parameters["index"], size, taps, border),
        "border": border,
        "flip": parameters["flip"],
        "part": tuple((along.first, along.last) for along in around),
        "pads": tuple(along.pads for along in around) if all(along.corners for along in around) else None,
        "whole": parameters["whole"],
    }


def single_location_convolution(data, corners, readings, border, flip, part, pads, whole):  # type: ignore[no-untyped-def]
    """Convolve at a few places only: each value is Σ window · flipped kernel.

    data: [image float64[row, column], kernel float64[row, column]]; corners: (row, column) of each
    window's first cell; readings: the same, None where there is no such window; part: the rows and
    columns of the image to look at closely; pads: zeros around that part, for the map of it.
    """
    import tensorflow as tf

    image, kernel = (tf.convert_to_tensor(array) for array in data)
    size, taps = image.shape[0], kernel.shape[0]

    def mirrored(at):  # type: ignore[no-untyped-def]
        """-1 becomes 1, and N becomes N - 2."""
        return size - 1 - np.abs(size - 1 - np.abs(at))

    def take(source, rows, columns):  # type: ignore[no-untyped-def]
        """These rows and columns; those outside are zero."""
        for axis, at in enumerate((rows, columns)):
            there = (at >= 0) & (at < source.shape[axis])
            source = tf.gather(source, np.clip(at, 0, source.shape[axis] - 1), axis=axis)
            if not there.all():
                source = source * (there[:, None] if axis == 0 else there).astype("float64")
        return source

    def read(first):  # type: ignore[no-untyped-def]
        """The rows that a window from `first` reads."""
        if border == "slice":
            return np.arange(size)[first : first + taps]
        at = np.arange(first, first + taps)
        return at[(at >= 0) & (at < size)] if border in ("clip", "rescale") else at

    def convolve(source, origin, corner):  # type: ignore[no-untyped-def]
        """(window, products, value) of one corner; `source` begins at `origin` in the image."""
        at = [read(first) for first in corner]
        window = take(source, *(rows - start for rows, start in zip(at, origin, strict=True)))
        weights = applied
        if border in ("clip", "rescale"):  # the taps that meet the image
            skip = [max(0, -first) for first in corner]
            weights = applied[skip[0] : skip[0] + len(at[0]), skip[1] : skip[1] + len(at[1])]
        products = window * weights
        value = tf.reduce_sum(products)
        if border == "rescale":
            value = value * (taps**2 / (len(at[0]) * len(at[1])))
        return window, products, value

    def conv2d(source):  # type: ignore[no-untyped-def]
        return tf.nn.conv2d(source[None, :, :, None], applied[:, :, None, None], 1, "VALID")[0, :, :, 0]

    def convolve_all(source, margins):  # type: ignore[no-untyped-def]
        """Every window of `source` and the zeros around it, by TensorFlow's own convolution."""
        found = conv2d(tf.pad(source, margins))
        if border == "rescale":
            even = tf.ones([taps, taps, 1, 1], source.dtype)
            count = tf.nn.conv2d(tf.pad(tf.ones_like(source), margins)[None, :, :, None], even, 1, "VALID")
            found = found * taps**2 / count[0, :, :, 0]
        return found

    rows, columns = (np.arange(first, last) for first, last in part)
    if border == "reflect":
        rows, columns = mirrored(rows), mirrored(columns)
    results = {"x": take(image, rows, columns), "kernel": kernel}
    origin = [first for first, _ in part]
    with tf.GradientTape() as tape:
        tape.watch([results["x"], kernel])
        applied = kernel[::-1, ::-1] if flip else kernel
        window, products, value = convolve(results["x"], origin, corners[0])
    if flip:
        results["flipped"] = applied
    results |= {"window": window, "products": products, "value": value}
    if pads is not None:
        results["y"] = convolve_all(results["x"], pads)
    gradients = tape.gradient(value, [results["x"], kernel])
    results["image gradient"], results["kernel gradient"] = map(tf.convert_to_tensor, gradients)

    def value_at(corner):  # type: ignore[no-untyped-def]
        if border != "reflect":
            return convolve(image, (0, 0), corner)[2]
        return tf.reduce_sum(take(image, *(mirrored(read(first)) for first in corner)) * applied)

    nothing = tf.constant(np.nan, image.dtype)
    known = {}  # each place once
    for corner in [*corners, *(at for at in readings if at)]:
        known[corner] = known[corner] if corner in known else value_at(corner)
    results["values"] = tf.stack([known[corner] for corner in corners])
    results["readings"] = tf.stack([known[at] if at else nothing for at in readings])
    if whole:
        edge = 0 if border in ("error", "slice") else taps - 1
        margins = [[edge, edge], [edge, edge]]
        padded = tf.pad(image, margins, "REFLECT") if border == "reflect" else image
        found = convolve_all(padded, [[0, 0], [0, 0]] if border == "reflect" else margins)
        there = [first + edge for first in corners[0]]
        exists = all(0 <= at < length for at, length in zip(there, found.shape, strict=True))
        results["from the map"] = found[tuple(there)] if exists else nothing
        results["map shape"] = tf.shape(found)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see single_location_convolution_story.py."""
    return story.tell(parameters, results)
