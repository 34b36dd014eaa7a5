"""What the partial-convolution technique tells about its results: axes, steps with maps, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.convolution.partial_convolution_notes import notes
from engine.convolution.windows import window
from engine.links import IndexMap
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
IMAGE = ("batch", "height", "width", "channel")
CELL = ("b", "i", "j", "c")
_ABOUT = {
    "x": "the image: black where the mask is 0",
    "mask": "1 where a pixel is valid",
    "output": "what comes out at the end",
    "ideal": "the same layers on the whole scene: nothing black, no edge",
    "error": "output - ideal at valid pixels, 0 where only rounding differs",
    "leak": "the output at black pixels: should be 0",
    "gradient": "d loss / d x, where the loss is the sum of the output at valid pixels",
    "mask_gradient": "d loss / d mask",
    "masked": "what the layer is given: black pixels hidden",
    "sum": "the sums of the windows, before anything else",
    "taps": "the mask summed over each window: how many taps are valid",
    "y": "the output of a layer",
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any], modes: Sequence[str]) -> Story:
    """The story of one run; a gradient that is None is a fact and no tensor."""
    tensors = {
        name: _tensor(name, value) for name, value in results.items() if np.asarray(value).dtype != object
    }
    told = _facts(parameters, results, modes)
    return Story(tensors, _steps(parameters, results), told, notes(parameters, results, told))


def _tensor(name: str, values: Array) -> Tensor:
    if name[0] == "w" or name == "kernel_gradient":
        about = f"the kernel of layer {name[1:]}" if name[0] == "w" else "d loss / d w1"
        return Tensor(values, ("kernel height", "kernel width", "input channel", "filter"), about)
    if name == "modes":
        return Tensor(values, ("mode", "height", "width"), "the output of all four ways")
    if name == "loss":
        return Tensor(values, (), "the sum of the output at valid pixels")
    layer = name.rstrip("0123456789")
    about = "the mask after a layer" if layer == "mask" and layer != name else _ABOUT[layer]
    return Tensor(values, IMAGE, about)


def _steps(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """Layer by layer; every step that a mode leaves out is left out here too."""
    steps, last = [], "x"
    for layer in range(1, p["layers"] + 1):
        kept = f"mask{layer - 1}" if layer > 1 else "mask"
        if (hidden := f"masked{layer - 1}") in results:
            steps.append(_hide(p, last, kept, hidden, results))
            last = hidden
        y = f"y{layer}" if f"y{layer}" in results else "output"
        summed = f"sum{layer}" if f"sum{layer}" in results else y
        steps.append(_count(p, kept, layer, results))
        steps.append(_mask(p, layer, results))
        steps.append(_convolution(p, last, layer, summed, results))
        if summed != y:
            steps.append(_finish(p, summed, layer, y, results))
        last = y
    if last != "output":
        steps.append(_hide(p, last, f"mask{p['layers']}", "output", results))
    return [*steps, *_asides(results)]


def _loops(results: Mapping[str, Any], name: str) -> dict[str, int | tuple[int, ...]]:
    _, height, width, _ = results[name].shape
    return {"b": 1, "i": height, "j": width, "c": 1}


def _hide(p: Mapping[str, Any], read: str, kept: str, written: str, results: Mapping[str, Any]) -> Step:
    by_product = p["apply"] == "multiply"
    reads = (read, kept) if by_product else (read,)
    each = IndexMap(
        _loops(results, written), dict.fromkeys((*reads, written), CELL), "each", exact=by_product
    )
    if by_product:
        return Step("× mask", reads, written, "", ("every layer sees 0",), each, f"{{{read}}} · {{{kept}}}")
    readout = f"{{{read}}} where the mask is not 0, else 0;"
    return Step("where(mask)", reads, written, "", ("every layer sees 0",), each, readout)


def _places(p: Mapping[str, Any]) -> tuple[str, str, str, str]:
    along = window(p["size"], p["taps"], 1, 1, p["padding"])
    return ("b", along.at("i", "u"), along.at("j", "v"), "c")


def _count(p: Mapping[str, Any], kept: str, layer: int, results: Mapping[str, Any]) -> Step:
    name = f"taps{layer}"
    loops = _loops(results, name) | {"u": p["taps"], "v": p["taps"]}
    exact = p["mode"] != "partial" or layer == 1  # later masks are comparisons: no gradient to hold against
    found = IndexMap(loops, {name: CELL, kept: _places(p)}, exact=exact)
    return Step("count taps", (kept,), name, "conv2d with a kernel of ones", map=found, aside=True)


def _mask(p: Mapping[str, Any], layer: int, results: Mapping[str, Any]) -> Step:
    name, off = f"mask{layer}", _centre(p, layer)
    access = {name: CELL, f"taps{layer}": CELL, "mask": ("b", f"i + {off}", f"j + {off}", "c")}
    if p["mode"] == "partial" and p["update"] == "grow":
        del access["mask"]
    reads = tuple(tensor for tensor in access if tensor != name)
    found = IndexMap(_loops(results, name), access, "each", exact=False)
    return Step("next mask", reads, name, map=found, aside=True)


def _centre(p: Mapping[str, Any], layer: int) -> int:
    """Where a layer's first output lies in the image: with VALID the windows' centres move in."""
    return layer * ((p["taps"] - 1) // 2) if p["padding"] == "VALID" else 0


def _convolution(
    p: Mapping[str, Any], read: str, layer: int, written: str, results: Mapping[str, Any]
) -> Step:
    along, size = window(p["size"], p["taps"], 1, 1, p["padding"]), results[read].shape[1]
    pads = f", pads {along.before} before, {along.after} after" if along.before or along.after else ""
    loops = _loops(results, written) | {"u": p["taps"], "v": p["taps"], "f": 1}
    access = {written: ("b", "i", "j", "f"), read: _places(p), f"w{layer}": ("u", "v", "c", "f")}
    settings = f"k {p['taps']} · {p['padding']}{pads}"
    formula = (along.formula(size, p["padding"]),)
    return Step("conv2d", (read, f"w{layer}"), written, settings, formula, IndexMap(loops, access))


def _finish(p: Mapping[str, Any], summed: str, layer: int, y: str, results: Mapping[str, Any]) -> Step:
    """Renormalise, add the bias, ReLU: cell by cell."""
    bias = f" + {number_text(p['bias'])}" if p["bias"] else ""
    parts = ["+ bias"] if bias else []
    reads, readout = [summed], f"{{{summed}}}"
    if p["mode"] == "partial":
        reads.append(f"taps{layer}")
        readout += f" · {p['taps'] ** 2} ÷ {{taps{layer}}}"
        parts = ["× taps ÷ valid taps", *parts]
    parts += ["ReLU"] if p["relu"] else []
    text = f"ReLU({readout}{bias})" if p["relu"] else readout + bias
    access = dict.fromkeys((y, *reads), CELL)
    exact = not p["relu"] and (p["mode"] != "partial" or _all_kept(p, layer))
    found = IndexMap(_loops(results, y), access, "each", exact)
    whole = f"k² = {p['taps'] ** 2} taps" if p["mode"] == "partial" else "cell by cell"
    return Step(", ".join(parts), tuple(reads), y, "", (whole,), found, text)


def _all_kept(p: Mapping[str, Any], layer: int) -> bool:
    """Whether no window is dropped for any mask of positive numbers, and its count has a gradient."""
    return layer == 1 and p["taps"] >= 3 and p["min_taps"] == 1 and p["update"] == "grow"


def _asides(results: Mapping[str, Any]) -> list[Step]:
    loops = _loops(results, "output")

    def each(*names: str) -> IndexMap:
        return IndexMap(loops, dict.fromkeys(names, CELL), "each", exact=False)

    return [
        Step("- ideal", ("output", "ideal"), "error", "at valid pixels", (), each("error", "output", "ideal"),
             "{output} − {ideal} at valid pixels", True),
        Step("outside", ("output",), "leak", "at black pixels", (), each("leak", "output"), "", True),
        Step("GradientTape", ("loss", "x"), "gradient", "sum of valid outputs", aside=True),
    ]  # fmt: skip


def _facts(p: Mapping[str, Any], results: Mapping[str, Any], modes: Sequence[str]) -> dict[str, Any]:
    mask, output = results["mask"][0, ..., 0] != 0, results["output"][0, ..., 0]
    first, side = _centre(p, p["layers"]), output.shape[0]
    valid = mask[first : first + side, first : first + side]
    taps = results["taps1"][0, ..., 0]
    gradient = results["gradient"][0, ..., 0]
    inner, across = _centre(p, 1), taps.shape[0]
    seen = taps[mask[inner : inner + across, inner : inner + across]]
    layers = [_layer(p, results, mask, layer) for layer in range(1, p["layers"] + 1)]
    return {
        "output_shape": tuple(results["output"].shape),
        "valid_pixels": int(mask.sum()),
        "pixels": mask.size,
        "outputs": valid.size,
        "valid_outputs": int(valid.sum()),
        "black_outputs": int((~valid).sum()),
        "leaks": int((output[~valid] != 0).sum()),
        "leaks_by_layer": tuple(one[0] for one in layers),
        "leak_reach": tuple(one[1] for one in layers),
        "nan_outputs": int(np.isnan(output).sum()),
        "empty_windows": int((taps == 0).sum()),
        "fewest_taps": float(seen.min()) if seen.size else 0.0,
        "most_taps": float(taps.max()),
        "edge": _edge(p, taps, valid),
        "dropped": int((valid & (results[f"mask{p['layers']}"][0, ..., 0] == 0)).sum()),
        "mask_sizes": tuple(
            int((results[n][0, ..., 0] != 0).sum())
            for n in ("mask", *(f"mask{k}" for k in range(1, p["layers"] + 1)))
        ),
        "largest_error": _largest(results["error"]),
        "gradient_at_black": int((gradient[~mask] != 0).sum()),
        "black_pixels": int((~mask).sum()),
        "mask_gradient": "None" if results["mask_gradient"].dtype == object else "a tensor",
        "speedup_bound": mask.size / int(mask.sum()) if mask.any() else None,
        "multiplications": valid.size * p["taps"] ** 2 * p["layers"],
        "row": side // 2 - (side > 1),
        "modes": tuple(
            (mode, *_compared(results["modes"][place], results["ideal"][0, ..., 0], valid))
            for place, mode in enumerate(modes)
        ),
    }


def _layer(p: Mapping[str, Any], results: Mapping[str, Any], mask: Array, layer: int) -> tuple[int, int]:
    """(black pixels that are not 0 after a layer, how many pixels the farthest is from the mask)."""
    y = results.get(f"y{layer}", results["output"])[0, ..., 0]
    if f"masked{layer}" in results:
        y = results[f"masked{layer}"][0, ..., 0]
    elif layer == p["layers"]:
        y = results["output"][0, ..., 0]
    first, side = _centre(p, layer), y.shape[0]
    reached = mask[first : first + side, first : first + side]
    leaking, steps = (y != 0) & ~reached, 0
    count = int(leaking.sum())
    while reached.any() and (leaking & ~reached).any():
        reached, steps = _grown(reached), steps + 1
    return count, steps


def _grown(mask: Array) -> Array:
    """One pixel more on every side, corners too."""
    wide = np.pad(mask, 1)
    side = range(3)
    height, width = mask.shape
    parts = [wide[u : u + height, v : v + width] for u in side for v in side]
    return np.asarray(np.logical_or.reduce(parts))


def _edge(p: Mapping[str, Any], taps: Array, valid: Array) -> tuple[int, int] | None:
    """The valid output with the fewest valid taps in the first layer; None without a valid one."""
    first, side = _centre(p, p["layers"]) - _centre(p, 1), valid.shape[0]
    counts = np.where(valid, taps[first : first + side, first : first + side], np.inf)
    row, column = divmod(int(counts.argmin()), side)
    return (row, column) if valid[row, column] else None


def _largest(values: Array) -> float:
    return float(np.abs(values).max()) if values.size else 0.0


def _compared(output: Array, ideal: Array, valid: Array) -> tuple[int, float, float]:
    """(black pixels not 0, largest error, mean error) of one way."""
    errors = np.abs(output - ideal)[valid]
    mean = float(errors.mean()) if errors.size else 0.0
    return int((output[~valid] != 0).sum()), _largest(errors), mean
