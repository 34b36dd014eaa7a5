"""The steps of the skip-connection technique: the strip of shapes, and the maps of the level shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.convolution.skip_connection_crop_add_sizes import Level, Plan, Stage
from engine.links import IndexMap
from engine.trace import Step

Two = tuple[int, int]


def two(pair: Sequence[int]) -> str:
    """Height × width."""
    return f"{pair[0]}×{pair[1]}"


def fitted(one: Level, repair: str) -> tuple[Two, Two]:
    """Where the added map begins in the encoder's and in the decoder's map; below 0: padding before."""
    if repair in ("none", "resize-decoder", "output-shape"):
        return (0, 0), (0, 0)
    return _begin(one.encoder, one.met), _begin(one.decoder, one.met)


def _begin(own: Two, met: Two) -> Two:
    """(size − wanted) // 2 to crop, as the question's crop_and_add has it; −(more // 2) to pad."""
    rows, columns = ((n - m) // 2 if n >= m else -((m - n) // 2) for n, m in zip(own, met, strict=True))
    return rows, columns


def steps_of(
    parameters: Mapping[str, Any], found: Plan, here: Level, stages: Sequence[Stage], message: str
) -> list[Step]:
    """Down, up with every skip, and then what can be pointed at."""
    first, steps = "x", []
    if parameters["repair"] in ("pad-input", "another-size"):
        operation = "pad" if parameters["repair"] == "pad-input" else "resize"
        change = (f"{two(parameters['size'])} → {two(found.input)}",)
        steps, first = [Step(operation, ("x",), "input", "", change)], "input"
    steps += _down(found, stages, first)
    steps += _up(parameters, found, stages, first, message)
    return steps + _maps(parameters["repair"], found, here, stages)


def _down(found: Plan, stages: Sequence[Stage], standing: str) -> list[Step]:
    steps = []
    for number, stage in enumerate(stages, 1):
        size = found.encoder[number - 1]
        settings = f"stage {number} · k {stage.kernel} · s 2 · {stage.padding}"
        formula = _sides(size, stage.down_formula)
        steps.append(Step("conv2d", (standing,), f"e{number}", settings, formula))
        standing = f"e{number}"
    return steps


def _sides(size: Two, formula: Any) -> tuple[str, ...]:
    """One line for a square, one for each side otherwise."""
    return (formula(size[0]),) if size[0] == size[1] else (formula(size[0]), formula(size[1]))


def _up(
    parameters: Mapping[str, Any], found: Plan, stages: Sequence[Stage], first: str, message: str
) -> list[Step]:
    standing, steps = f"e{len(stages)}", []
    for one in found.levels:
        steps.append(_raise(one, stages[one.level], standing, parameters["repair"]))
        standing = f"d{one.level}"
        if one.skip:
            kept = f"e{one.level}" if one.level else first
            steps.append(Step("repeat channels", (kept,), f"s{one.level}", "the skip", aside=True))
            steps.append(_add(one, parameters["repair"], found.stopped, message))
            standing = f"a{one.level}"
    if not found.stopped:
        back = f", cropped back to {two(parameters['size'])}" if parameters["repair"] == "pad-input" else ""
        steps.append(Step("mean of channels", (standing,), "y", f"the output{back}"))
    return steps


def _raise(one: Level, stage: Stage, standing: str, repair: str) -> Step:
    settings = f"k {stage.kernel} · s 2 · {stage.padding}"
    formula = _sides(one.below, stage.up_formula)
    if repair == "output-shape":
        settings += f" · output_shape {two(one.encoder)}"
        formula = (f"asked for {two(one.encoder)}",)
    return Step("conv2d_transpose", (standing,), f"d{one.level}", settings, formula)


def _add(one: Level, repair: str, stopped: bool, message: str) -> Step:
    reads = (f"d{one.level}", f"s{one.level}")
    if one.parts and stopped:
        return Step("add ✗", reads, "refused", f"skip at /{2**one.level}", (message,))
    settings = f"skip at /{2**one.level}" + (f" · {repair}" if one.parts else "")
    return Step("add", reads, f"a{one.level}", settings, _sides_of(one, repair))


def _sides_of(one: Level, repair: str) -> tuple[str, ...]:
    """What the repair did along each side that differs."""
    lines = []
    for side, e, d, m in zip(("height", "width"), one.encoder, one.decoder, one.met, strict=True):
        if e == d:
            continue
        parts = [_change(name, n, m) for name, n in (("encoder", e), ("decoder", d)) if n != m]
        lines.append(f"{side}: {', '.join(parts)}" if repair != "resize-decoder" else f"{side}: {d} → {m}")
    return tuple(lines)


def _change(name: str, own: int, met: int) -> str:
    if own > met:
        return f"{name} {own} → {met}, from ({own} − {met})//2 = {(own - met) // 2}"
    return f"{name} {own} → {met}, {(met - own) // 2} before, {met - own - (met - own) // 2} after"


def _maps(repair: str, found: Plan, here: Level, stages: Sequence[Stage]) -> list[Step]:
    """Steps at the level shown, on one channel: what hover follows."""
    stage, bottom = stages[here.level], here.level + 1 == len(stages)
    below = "next" if bottom else "below"
    below_size = found.encoder[-1] if bottom else here.below
    steps = [
        Step("conv2d", ("encoder", "down"), "next", map=_halving(stage, here.encoder), aside=True),
        Step(
            "conv2d_transpose", (below, "up"), "decoder",
            map=_doubling(stage, below, below_size, here.decoder), aside=True,
        ),
    ]  # fmt: skip
    if not here.skip or (found.stopped and here.parts):
        return steps
    starts = fitted(here, repair)
    for name, start in zip(("encoder", "decoder"), starts, strict=True):
        resized = repair == "resize-decoder" and name == "decoder" and here.parts
        each = None if resized else _shifted(name, start, here.met)
        steps.append(
            Step("resize" if resized else "cut or pad", (name,), f"{name}_fitted", map=each, aside=True)
        )
    steps.append(
        Step(
            "add", ("encoder_fitted", "decoder_fitted"), "sum",
            map=_same("encoder_fitted", "decoder_fitted", "sum", here.met),
            readout="{encoder_fitted} + {decoder_fitted}", aside=True,
        )
    )  # fmt: skip
    return steps


def _halving(stage: Stage, size: Two) -> IndexMap:
    rows, columns = stage.window(size[0]), stage.window(size[1])
    loops = {"i": stage.down(size[0]), "j": stage.down(size[1]), "u": stage.kernel, "v": stage.kernel}
    access = {
        "next": ("0", "i", "j", "0"),
        "encoder": ("0", rows.at("i", "u"), columns.at("j", "v"), "0"),
        "down": ("u", "v", "0", "0"),
    }
    return IndexMap(loops, access)


def _doubling(stage: Stage, below: str, size: Two, raised: Two) -> IndexMap:
    """The same window as halving would use, written instead of read."""
    rows, columns = stage.window(raised[0]), stage.window(raised[1])
    loops = {"i": size[0], "j": size[1], "u": stage.kernel, "v": stage.kernel}
    access = {
        "decoder": ("0", rows.at("i", "u"), columns.at("j", "v"), "0"),
        below: ("0", "i", "j", "0"),
        "up": ("u", "v", "0", "0"),
    }
    return IndexMap(loops, access)


def _shifted(name: str, start: Two, met: Two) -> IndexMap:
    rows, columns = (
        f"{axis} - {-at}" if at < 0 else f"{axis} + {at}" for axis, at in zip("ij", start, strict=True)
    )
    access = {f"{name}_fitted": ("0", "i", "j", "0"), name: ("0", rows, columns, "0")}
    return IndexMap({"i": met[0], "j": met[1]}, access, "each")


def _same(one: str, other: str, written: str, size: Two) -> IndexMap:
    place = ("0", "i", "j", "0")
    return IndexMap({"i": size[0], "j": size[1]}, {written: place, one: place, other: place})
