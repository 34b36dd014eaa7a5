"""From an error message to the settings of a lab: windows that do not fit, channels, axes, reshapes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from pages.kit.told import Told

Found = Mapping[str, Any] | None
Two = tuple[int, ...]
DEEPEST = 16  # channels and filters that convolution arithmetic draws


def window(told: Told) -> Found:
    """A convolution whose window is larger than its input: [a] the input, [b] the kernel."""
    given, kernel = told.known("a", "b", unknown=1)
    if len(given) != len(kernel) or len(given) not in (3, 4, 5):
        return None
    axes = slice(-3, -1)
    settings = _sizes(told, given[axes], kernel[-4:-2] if len(kernel) > 3 else kernel[:1])
    settings["dimensions"] = f"{len(given) - 2}-D"
    settings["channels"] = told.at_most(given[-1], DEEPEST, "channels")
    if "depthwise" in told.text.lower():
        return settings | {"operation": "depthwise"}
    return settings | {"filters": told.at_most(kernel[-1], DEEPEST, "filters")}


def pooling(told: Told) -> Found:
    """A pooling window larger than its input: [a] the input, [b] the window, if it is named."""
    given = told.known("a", unknown=1)[0]
    if len(given) not in (3, 4, 5):
        return None
    kernel = told.known("b")[0][-2:] if "b" in told.shapes else (told.numbers["n"],)
    operation = "avg-pool" if "avg" in told.text.lower() or "average" in told.text.lower() else "max-pool"
    settings = _sizes(told, given[-3:-1], kernel) | {"operation": operation}
    stride = told.shapes.get("s") or kernel
    return settings | {"dimensions": f"{len(given) - 2}-D", "stride": _pair(told, stride, "stride")}


def window_numbers(told: Told) -> Found:
    """Only the two sizes are known: a window of {n} over {m} cells."""
    if "pool" in told.text.lower() and "a" in told.shapes:
        return pooling(told)
    if "b" in told.shapes and (found := window(told)):
        return found
    settings = _sizes(told, (told.numbers["m"],), (told.numbers["n"],))
    stride = told.numbers.get("stride", 1)
    return settings | ({"stride": told.at_most(stride, 16, "as the stride")} if stride != 1 else {})


def _sizes(told: Told, given: Two, kernel: Two) -> dict[str, Any]:
    """Height and width of both, the window as much too large as the message says."""
    pairs = [_side(told, size, taps) for size, taps in zip(_two(given), _two(kernel), strict=True)]
    settings: dict[str, Any] = {"size": [size for size, _ in pairs], "kernel": [taps for _, taps in pairs]}
    settings["padding"] = "SAME" if "padding=same" in told.text.lower() else "VALID"
    for name, most in (("stride", 16), ("dilation", 8)):
        wanted = told.shapes.get(name[0], ())
        if wanted and any(one not in (1, None) for one in wanted):
            settings[name] = _pair(told, wanted, name, most)
    return settings


def _side(told: Told, size: int, taps: int) -> tuple[int, int]:
    over = max(0, taps - 16)
    if over:
        told.cut.append(f"a window of {taps} over {size} is drawn as 16 over {max(1, size - over)}")
    return told.at_most(max(1, size - over), 128, "cells"), max(1, taps - over)


def _two(sizes: Two) -> Two:
    return (sizes[0], sizes[0]) if len(sizes) == 1 else sizes[-2:]


def _pair(told: Told, sizes: tuple[int | None, ...], name: str, most: int = 16) -> Two:
    inner = sizes[1:-1] if len(sizes) == 4 else sizes  # [1, 2, 2, 1] counts the batch and the channels
    return tuple(
        told.at_most(one, most, f"as the {name}") for one in _two(tuple(one or 1 for one in inner[-2:]))
    )


def groups(told: Told) -> Found:
    """Channels that do not fall into so many groups."""
    channels, count = (
        told.at_most(told.numbers[name], DEEPEST, what) for name, what in (("m", "channels"), ("n", "groups"))
    )
    return {"channels": channels, "groups": count, "filters": count}


def output_groups(told: Told) -> Found:
    """Filters that do not fall into so many groups."""
    filters, count = (
        told.at_most(told.numbers["n"], DEEPEST, "filters"),
        told.at_most(told.numbers["m"], DEEPEST, "groups"),
    )
    return {"channels": count, "groups": count, "filters": filters}


def filter_depth(told: Told) -> Found:
    """A filter of other channels than the features."""
    ((channels, wanted),) = told.drawn([(told.numbers["n"], told.numbers["m"])], 128)
    return {"channels": channels, "filter_channels": wanted}


def strided_dilated(told: Told) -> Found:
    """Stride and dilation together."""
    return {
        "size": 9,
        "stride": _pair(told, told.shapes["s"], "stride"),
        "dilation": _pair(told, told.shapes["d"], "dilation", 8),
    }


def output_padding(told: Told) -> Found:
    """A transposed convolution that adds as much as a stride, or more."""
    stride = told.at_most(told.numbers["m"], 16, "as the stride")
    added = told.at_most(told.numbers["n"], 15, "as the output padding", 0)
    return {"operation": "transposed", "stride": stride, "output_padding": added}


def transposed(told: Told) -> Found:
    """A transposed convolution asked for a size it cannot have come from."""
    numbers = told.numbers
    settings: dict[str, Any] = {"operation": "transposed", "size": told.at_most(numbers["n"], 128, "cells")}
    for name, key in (("kernel", "kernel"), ("stride", "stride")):
        if key in numbers:
            settings[name] = told.at_most(numbers[key], 16, f"as the {name}")
    return settings


def unequal_strides(told: Told) -> Found:
    """Strides along one axis only."""
    return {"mode": "depthwise"}


def reduced_axis(told: Told) -> Found:
    """A mean over an axis that there is not."""
    axis = told.numbers["n"]
    return (
        {"moments": "custom", "axes": (max(-9, min(axis, 9)),)} if abs(axis) < 10 else {"moments": "custom"}
    )


def normalised_axis(told: Told) -> Found:
    """Batch normalisation along an axis that there is not, or of other channels than it was built for."""
    axis = max(-9, min(told.numbers["n"], 9))
    sizes = told.known("a")[0][1:] if "a" in told.shapes else ()
    if not sizes:
        return {"axis": axis}
    (drawn,) = told.drawn([sizes[-5:]], 64, 4096)
    return {"case": "custom", "sizes": drawn, "axis": axis}


def normalised_channels(told: Told) -> Found:
    """Batch normalisation built for other channels: what shares a mean are the channels it gets."""
    (shape,) = told.known("a")
    if "normalization" not in told.layer or len(shape) < 2:
        return None
    batch, *sizes = told.drawn([shape], 16, 2048, axes=6)[0]
    return {"case": "custom", "batch": batch, "sizes": tuple(sizes)}


def reshaped(told: Told) -> Found:
    """A series cut into windows by reshape: {n} numbers, wanted [a] = [windows, steps, channels]."""
    wanted = told.known("a")[0] if "a" in told.shapes else ()
    numbers = told.numbers.get("n") or prod(told.known("b")[0])
    if len(wanted) == 3 and wanted[2] and numbers % wanted[2] == 0:
        steps, window, channels = numbers // wanted[2], wanted[1], wanted[2]
    else:
        steps, window, channels = numbers, next((size for size in wanted if size and numbers % size), 0), 1
    if not 2 <= steps <= 550_000 or not 1 <= window <= 500 or not 1 <= channels <= 28 or steps % window == 0:
        told.cut.append("the lab shows its own series, cut into windows that do not fit")
        return {"builder": "reshape", "window": 70}
    return {"builder": "reshape", "steps": steps, "window": window, "channels": channels}


def copied(told: Told) -> Found:
    """Windows copied out of a table: [a] = [windows, steps, columns]."""
    shape = told.known("a")[0]
    if len(shape) != 3:
        return None
    rows = told.at_most(shape[0] + shape[1] - 1, 550_000, "rows", 100)
    window, features = told.at_most(shape[1], 500, "rows of a window"), told.at_most(shape[2], 64, "columns")
    return {"mode": "materialise", "rows": rows, "window": window, "features": features}


def not_float(told: Told) -> Found:
    """Fake quantisation of something that is no float32."""
    return {"dtype": "int32"}
