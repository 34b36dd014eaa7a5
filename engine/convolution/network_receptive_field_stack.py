"""A network described as a table of layers, checked before Keras sees it."""

from __future__ import annotations

from typing import Any

from engine.convolution.network_receptive_field_analysis import analyse_layer
from engine.errors import Rejected
from engine.parameter_lists import Rows
from engine.parameters import Choice, Integer, Pair

REFUSALS = {
    "causal": "causal padding exists for Conv1D only: choose SAME, VALID or symmetric",
    "explicit": "choose symmetric: as many zeros before as after, (kernel - 1) // 2",
}
KINDS = ("conv", "depthwise", "max-pool", "avg-pool", "global-pool", "add", "concat", "multiply")
COLUMNS = (
    Choice("kind", "conv", KINDS),
    Pair("kernel", (3, 3), 1, 32),
    Pair("stride", (1, 1), 1, 32),
    Integer("dilation", 1, 1, 16),
    Choice("padding", "SAME", ("SAME", "VALID", "symmetric"), refusals=REFUSALS),
    Integer("filters", 8, 1, 2048),
    Integer("from", None, 0, 23),
)
DEFAULT = (
    ("conv", (7, 7), (2, 2), 1, "SAME", 16, None),
    ("conv", (3, 3), (2, 2), 1, "SAME", 32, None),
    ("conv", (3, 3), (1, 1), 1, "SAME", 32, None),
    ("conv", (1, 1), (2, 2), 1, "SAME", 32, 1),
    ("add", (1, 1), (1, 1), 1, "SAME", 32, 3),
)
STACK = Rows(
    "stack", COLUMNS, 24, "the layers of your own stack; from: the row it reads, 0 the image", DEFAULT
)
MERGES = {"add": "Add", "concat": "Concatenate", "multiply": "Multiply"}
MOST_CHANNELS = 8192

Row = tuple[str, str, tuple[int, ...], tuple[tuple[str, Any], ...]]


def keras_rows(stack: tuple[tuple[Any, ...], ...]) -> tuple[Row, ...]:
    """(name, Keras class, places read, settings) of every layer; place 0 is the image.

    A row with symmetric padding becomes two layers. Raises `Rejected` for a row that cannot be.
    """
    layers: list[Row] = []
    ends = [0]  # the place of each row's last layer
    for number, (kind, kernel, stride, dilation, padding, filters, source) in enumerate(stack, 1):
        _check_row(number, kind, stride, dilation, source)
        read = ends[-1] if source is None else ends[source]
        if kind in MERGES:
            layers.append((f"row{number}_{kind}", MERGES[kind], (ends[-1], read), ()))
        elif kind == "global-pool":
            keep = (("keepdims", True),)
            layers.append((f"row{number}_global_pool", "GlobalAveragePooling2D", (read,), keep))
        else:
            if padding == "symmetric":
                sides = tuple(((k - 1) * dilation // 2,) * 2 for k in kernel)
                layers.append((f"row{number}_pad", "ZeroPadding2D", (read,), (("padding", sides),)))
                read = len(layers)
            layers.append(_window(f"row{number}_", kind, read, kernel, stride, dilation, padding, filters))
        ends.append(len(layers))
    return tuple(layers)


def _check_row(number: int, kind: str, stride: tuple[int, int], dilation: int, source: int | None) -> None:
    """What Keras or TensorFlow would refuse late, or not at all."""
    row = f"stack, row {number}"
    if source is not None and source >= number:
        raise Rejected(
            f"{row}, from", str(source), f"0 to {number - 1}", "a row reads the image (0) or a row above it"
        )
    if kind in MERGES and source is None:
        raise Rejected(
            f"{row}, from",
            "nothing",
            "the row that joins the row above",
            f"{kind} needs two paths: name the second",
        )
    if dilation > 1 and kind in ("max-pool", "avg-pool"):
        raise Rejected(f"{row}, dilation", str(dilation), "1 for pooling", "use 1, or a convolution")
    if dilation > 1 and max(stride) > 1:
        raise Rejected(
            f"{row}, dilation",
            f"{dilation} with stride {max(stride)}",
            "only one of them above 1",
            "Keras refuses both at once: use stride 1, or dilation 1",
        )
    if kind == "depthwise" and stride[0] != stride[1]:
        raise Rejected(
            f"{row}, stride",
            f"{stride[0]}x{stride[1]}",
            "the same stride down and across",
            "TensorFlow's depthwise convolution has one stride: use conv, or equal strides",
        )


def _window(
    prefix: str, kind: str, read: int, kernel: Any, stride: Any, dilation: int, padding: str, filters: int
) -> Row:
    zeros = "same" if padding == "SAME" else "valid"
    moves = (("strides", stride), ("padding", zeros))
    if kind == "conv":
        own = (("filters", filters), ("kernel_size", kernel), ("dilation_rate", (dilation, dilation)))
        return f"{prefix}conv", "Conv2D", (read,), (*own, *moves)
    if kind == "depthwise":
        taps = (("kernel_size", kernel), ("dilation_rate", (dilation, dilation)))
        return f"{prefix}depthwise", "DepthwiseConv2D", (read,), (*taps, *moves)
    pooling = "MaxPooling2D" if kind == "max-pool" else "AveragePooling2D"
    return f"{prefix}{kind.replace('-', '_')}", pooling, (read,), (("pool_size", kernel), *moves)


def planned_graph(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """What network_graph will read off Keras, as far as it is known before: no shapes, no parameters."""
    names = {"kernel_size": "kernel", "pool_size": "kernel", "strides": "stride", "dilation_rate": "dilation"}
    graph: list[dict[str, Any]] = [{"name": "image", "type": "InputLayer", "from": []}]
    for name, kind, sources, config in rows:
        layer: dict[str, Any] = {"name": name, "type": kind, "from": list(sources)}
        if kind == "ZeroPadding2D":
            layer["sides"] = dict(config)["padding"]
        else:
            layer |= {names.get(key, key): value for key, value in config}
        if kind in ("Conv2D", "DepthwiseConv2D"):
            layer |= {"use_bias": True} | ({"groups": 1} if kind == "Conv2D" else {"depth_multiplier": 1})
        graph.append(layer)
    return graph


def planned_units(size: tuple[int, int], rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """The analysis of a stack before Keras builds it. Raises `Rejected` for the first row that does not fit."""
    found: list[dict[str, Any]] = []
    for layer in planned_graph(rows):
        _fits(layer, [found[place]["shape"] for place in layer["from"]])
        found.append(analyse_layer(layer, found, size, True))
    return found


def _fits(layer: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    """There is room for a window, and the paths that are joined have one shape."""
    row = f"stack, row {layer['name'].partition('_')[0].removeprefix('row')}"
    if "kernel" in layer and layer["padding"] == "valid":
        spans = [(k - 1) * d + 1 for k, d in zip(layer["kernel"], layer.get("dilation", (1, 1)), strict=True)]
        if spans[0] > shapes[0][0] or spans[1] > shapes[0][1]:
            received = f"{layer['kernel'][0]}x{layer['kernel'][1]} (spanning {spans[0]}x{spans[1]} with its dilation)"
            expected = f"at most {shapes[0][0]}x{shapes[0][1]}: what this row gets"
            raise Rejected(
                f"{row}, kernel", received, expected, "use a smaller kernel, a larger image or SAME padding"
            )
    if len(shapes) == 2:
        _meet(layer, row, shapes[0], shapes[1])


def _meet(layer: dict[str, Any], row: str, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    joins = layer["type"] == "Concatenate"
    same = left[:2] == right[:2] if joins else left == right
    gate = layer["type"] == "Multiply" and left[2] == right[2] and (1, 1) in (left[:2], right[:2])
    if not (same or gate):
        received = f"{'x'.join(map(str, left))} and {'x'.join(map(str, right))}"
        expected = "the same height and width" if joins else "two equal shapes"
        fix = "choose strides and padding that give both paths one size" + (
            "" if joins else ", and as many filters"
        )
        raise Rejected(f"{row}, from", received, expected, fix)
    if joins and left[2] + right[2] > MOST_CHANNELS:
        raise Rejected(
            f"{row}, from", f"{left[2] + right[2]} channels", f"at most {MOST_CHANNELS}", "join fewer paths"
        )
