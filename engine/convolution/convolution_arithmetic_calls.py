"""The same operation as a line of Keras and of PyTorch, or the reason why there is none.

The Keras line is built from real arguments (`keras_layers`), which a test hands to the layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.convolution.convolution_arithmetic_axes import Axis

Layers = list[tuple[str, dict[str, Any]]]
POOL_NAMES = {"max-pool": "MaxPooling", "avg-pool": "AveragePooling"}


def short(numbers: Sequence[Any]) -> Any:
    """One number where all are the same, else the tuple."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def _pads(axes: Sequence[Axis]) -> list[tuple[int, int]]:
    return [(axis.window.before, axis.window.after) for axis in axes]


def keras_refuses(p: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """Why Keras has no layer for this; empty where it has one."""
    operation, along = p["operation"], [axis.window for axis in axes]
    dilated, strided = any(w.dilation > 1 for w in along), any(w.stride > 1 for w in along)
    if operation in POOL_NAMES:
        return _pooling_refused(p, axes, dilated)
    if operation == "depthwise":
        if len(axes) == 3:
            return "there is no DepthwiseConv3D"
        if len({w.stride for w in along}) > 1:
            return "depthwise strides must be equal on most CPUs"
        return "DepthwiseConv1D has no causal padding: pad by hand" if p["padding"] == "causal" else ""
    if operation == "transposed" and p["groups"] > 1:
        return "transposed layers have no groups"
    if dilated and strided:
        return "strides and dilation_rate cannot both be above 1"
    return ""


def _pooling_refused(p: Mapping[str, Any], axes: Sequence[Axis], dilated: bool) -> str:
    padded = any(map(any, _pads(axes)))
    counted = p["operation"] == "avg-pool" and p["count_padding"]
    if dilated:
        return "pooling layers have no dilation"
    if padded and not counted and p["padding"] != "SAME":
        return "pooling layers have no explicit padding"
    return ""


def keras_layers(p: Mapping[str, Any], axes: Sequence[Axis]) -> Layers:
    """Layers, in order, that compute this: (name, arguments) each; empty where Keras has none."""
    if keras_refuses(p, axes):
        return []
    rank, operation, padding = len(axes), p["operation"], p["padding"]
    named = {"SAME": "same"}.get(padding, "valid")
    if padding == "causal" and operation == "convolution":
        named = "causal"
    if operation == "avg-pool" and p["count_padding"]:
        named = "valid"  # the zeros are cells then, so a layer of their own adds them
    layer = {"padding": named, "strides": short([axis.window.stride for axis in axes])}
    dilation = short([axis.window.dilation for axis in axes])
    if dilation != 1:
        layer["dilation_rate"] = dilation
    pads = _pads(axes) if named == "valid" else []
    pads = [] if not any(map(any, pads)) else pads
    main = _main(p, axes, layer)
    if operation == "transposed":
        return [main, (f"Cropping{rank}D", {"cropping": _sides(pads)})] if pads else [main]
    return [(f"ZeroPadding{rank}D", {"padding": _sides(pads)}), main] if pads else [main]


def _sides(pads: Sequence[tuple[int, int]]) -> Any:
    return pads[0] if len(pads) == 1 else tuple(pads)


def _main(p: Mapping[str, Any], axes: Sequence[Axis], layer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    rank, operation = len(axes), p["operation"]
    kernel = short([axis.window.kernel for axis in axes])
    if operation in POOL_NAMES:
        return f"{POOL_NAMES[operation]}{rank}D", {"pool_size": kernel, **layer}
    if operation == "depthwise":
        more = {"depth_multiplier": p["multiplier"]} if p["multiplier"] > 1 else {}
        return f"DepthwiseConv{rank}D", {"kernel_size": kernel, **layer, **more}
    layer = {"filters": p["filters"], "kernel_size": kernel, **layer}
    if operation == "convolution":
        return f"Conv{rank}D", layer | ({"groups": p["groups"]} if p["groups"] > 1 else {})
    # Left out, Keras adds stride - kernel; symmetric and explicit padding add what was asked for.
    if p["output_padding"] is not None or p["padding"] in ("symmetric", "explicit"):
        layer["output_padding"] = _asked(p, axes)
    return f"Conv{rank}DTranspose", layer


def _asked(p: Mapping[str, Any], axes: Sequence[Axis]) -> Any:
    if p["padding"] != "SAME":
        return short([axis.extra for axis in axes])
    full = [axis.full - 2 * (axis.window.span // 2) for axis in axes]
    return short([axis.output - size for axis, size in zip(axes, full, strict=True)])


def keras_text(p: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """`Conv2D(1, 3, padding="same")`, or the reason why Keras has none."""
    refused = keras_refuses(p, axes)
    return f"no layer: {refused}" if refused else ", then ".join(_call(*one) for one in keras_layers(p, axes))


def _call(name: str, given: Mapping[str, Any]) -> str:
    ordered = [f"{given[key]}" for key in ("filters", "kernel_size", "pool_size") if key in given]
    if name.startswith(("Zero", "Crop")):
        ordered = [f"{next(iter(given.values()))}"]
    usual = {"padding": "valid"} if name.startswith(("Zero", "Crop")) else {"padding": "valid", "strides": 1}
    if name.startswith(("Max", "Average")):
        usual = {"padding": "valid"}  # a pooling layer's stride is its window unless it is named
    rest = ("strides", "padding", "dilation_rate", "groups", "depth_multiplier", "output_padding")
    shown = rest if not name.startswith(("Zero", "Crop")) else ()
    named = [f"{key}={_text(given[key])}" for key in shown if key in given and given[key] != usual.get(key)]
    return f"{name}({', '.join(ordered + named)})"


def _text(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def pytorch_text(p: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """`nn.Conv2d(1, 1, 3, stride=2, padding=1)`, or what to do by hand first."""
    rank, operation = len(axes), p["operation"]
    pads, along = _pads(axes), [axis.window for axis in axes]
    settings = {"stride": [w.stride for w in along], "dilation": [w.dilation for w in along]}
    if operation in POOL_NAMES:
        return _torch_pool(p, rank, pads, settings, [w.kernel for w in along], [axis.size for axis in axes])
    outputs = p["channels"] * p["multiplier"] if operation == "depthwise" else p["filters"]
    groups = p["channels"] if operation == "depthwise" else p["groups"]
    start = f"{p['channels']}, {outputs}, {short([w.kernel for w in along])}"
    more = [f"{key}={short(value)}" for key, value in settings.items() if set(value) != {1}]
    more += [f"groups={groups}"] if groups > 1 else []
    if operation == "transposed":
        return _torch_transposed(rank, start, more, axes)
    first, padding = _torch_pads(rank, pads, "Zero")
    return f"{first}nn.Conv{rank}d({', '.join([start, *more, *padding])})"


def _torch_pads(rank: int, pads: Sequence[tuple[int, int]], kind: str) -> tuple[str, list[str]]:
    """What pads before the layer, and the layer's own argument; PyTorch pads the last axis first."""
    if all(before == after for before, after in pads):
        own = [f"padding={short([before for before, _ in pads])}"] if any(map(any, pads)) else []
        return "", own
    sides = ", ".join(f"{before}, {after}" for before, after in reversed(pads))
    value = "" if kind == "Zero" else ', -float("inf")'
    return f"nn.{kind}Pad{rank}d(({sides}){value}), then ", []


def _torch_pool(
    p: Mapping[str, Any],
    rank: int,
    pads: Sequence[tuple[int, int]],
    settings: Mapping[str, Sequence[int]],
    kernel: Sequence[int],
    sizes: Sequence[int],
) -> str:
    average = p["operation"] == "avg-pool"
    if average and set(settings["dilation"]) != {1}:
        return "no layer: average pooling has no dilation"
    most = all(2 * max(pair) <= taps for pair, taps in zip(pads, kernel, strict=True))
    symmetric = all(before == after for before, after in pads)
    cramped = average and rank == 3 and any(n < k for n, k in zip(sizes, kernel, strict=True))
    if not most or not symmetric or cramped:  # AvgPool3d wants room for the window before it pads
        if average and not p["count_padding"]:
            return "no layer: this padding cannot be left out of the mean"
        first, padding = _torch_pads(rank, [(b, a) for b, a in pads], "Zero" if average else "Constant")
        if symmetric:  # what the layer refuses a padding layer does not
            sides = ", ".join(f"{b}, {a}" for b, a in reversed(pads))
            value = "" if average else ', -float("inf")'
            first, padding = f"nn.{'Zero' if average else 'Constant'}Pad{rank}d(({sides}){value}), then ", []
    else:
        first, padding = _torch_pads(rank, pads, "Zero")
    more = [f"stride={short(settings['stride'])}"]
    more += [f"dilation={short(settings['dilation'])}"] if set(settings["dilation"]) != {1} else []
    if average and padding and not p["count_padding"]:
        padding = [*padding, "count_include_pad=False"]
    name = f"{'Avg' if average else 'Max'}Pool{rank}d"
    return f"{first}nn.{name}({', '.join([str(short(kernel)), *more, *padding])})"


def _torch_transposed(rank: int, start: str, more: Sequence[str], axes: Sequence[Axis]) -> str:
    """padding cuts both ends alike and output_padding gives back after, less than stride or dilation."""
    cuts = [axis.window.before for axis in axes]
    given = [axis.window.before - axis.window.after + axis.extra for axis in axes]
    most = [max(axis.window.stride, axis.window.dilation) for axis in axes]
    added = [min(max(0, more), limit - 1) for more, limit in zip(given, most, strict=True)]
    more = [*more, *([f"padding={short(cuts)}"] if any(cuts) else [])]
    more += [f"output_padding={short(added)}"] if any(added) else []
    layer = f"nn.ConvTranspose{rank}d({', '.join([start, *more])})"
    rest = [wanted - got for wanted, got in zip(given, added, strict=True)]
    if max(rest) > 0:
        return "no single layer: add zeros after by hand"
    if min(rest) < 0:
        return layer + f", then cut {short([-n for n in rest])} off the end"
    return layer
