"""What the skip-connection technique tells about its results: axes, facts and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from engine.convolution.skip_connection_crop_add_sizes import (
    LARGEST,
    REPAIRS,
    Level,
    Plan,
    Stage,
    exact,
    gap,
    nearest_fit,
    next_exact,
    plan,
    skip_levels,
    stages_of,
    wrong_crop,
)
from engine.convolution.skip_connection_crop_add_steps import fitted, steps_of, two
from engine.errors import Rejected
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
IMAGE = ("batch", "height", "width", "channel")
KERNEL = ("kernel height", "kernel width", "output channel", "input channel")
COMB = 32  # sizes in one row of the comb: 2^5, the period of five stages
SHOWN = {
    "encoder": "what the encoder kept at the level shown",
    "next": "the encoder's next map, half the size",
    "below": "what the decoder has one level below",
    "decoder": "what arrives at the level shown",
    "encoder_fitted": "the encoder's map as it is added",
    "decoder_fitted": "the decoder's map as it is added",
    "sum": "both added (one of the equal channels)",
    "encoder_gradient": "d Σ output / d encoder map",
    "decoder_gradient": "d Σ output / d decoder map",
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any], found: Plan, level: int) -> Story:
    """The story of one run."""
    stages = tuple(stages_of(parameters["stages"], parameters["layers"]))
    skips = skip_levels(parameters["stages"], parameters["skips"] or ())
    here = found.at(level)
    facts = _facts(parameters, results, found, here, stages, skips)
    return Story(
        tensors=_tensors(parameters, results, found, here, stages, skips),
        steps=steps_of(parameters, found, here, stages, facts["message"]),
        facts=facts,
        notes=_notes(parameters, found, facts),
    )


def _tensors(
    parameters: Mapping[str, Any],
    results: Mapping[str, Any],
    found: Plan,
    here: Level,
    stages: tuple[Stage, ...],
    skips: tuple[int, ...],
) -> dict[str, Tensor]:
    tensors = {"x": Tensor(results["x"], IMAGE, "the image")}
    if parameters["repair"] in ("pad-input", "another-size"):
        tensors["input"] = Tensor(results["input"], IMAGE, "what the network is given")
    for name, values in results.items():
        if name[0] in "edsa" and name[1:].isdigit():
            tensors[name] = Tensor(values, IMAGE, _about(name))
        elif name in SHOWN:
            tensors[name] = Tensor(values, IMAGE, SHOWN[name])
    if here.level + 1 == len(stages):
        del tensors["below"]  # at the bottom it is `next`
    tensors["down"] = Tensor(results["down"], KERNEL, "the kernel that halves this level")
    tensors["up"] = Tensor(results["up"], KERNEL, "the kernel that doubles to this level")
    if "y" in results:
        tensors["y"] = Tensor(results["y"], IMAGE, "the output")
    kept = _partners(here, parameters["repair"], found.stopped)
    for name, cells in zip(("encoder_kept", "decoder_kept"), kept, strict=True):
        tensors[name] = Tensor(cells, ("height", "width"), "0 where a pixel is left without a partner")
    return tensors | _ladder(found, len(stages), skips) | _comb(stages, skips)


def _about(name: str) -> str:
    level = int(name[1:])
    kinds = {
        "e": f"the encoder after stage {level}, at /{2**level}",
        "d": f"the decoder's map at /{2**level}",
        "s": f"the encoder's map that skips to /{2**level}",
        "a": f"their sum at /{2**level}",
    }
    return kinds[name[0]]


def _partners(here: Level, repair: str, stopped: bool) -> tuple[Array, Array]:
    """1 where a pixel of encoder and decoder takes part in the sum, or would with the corner aligned."""
    kept = []
    for own in (here.encoder, here.decoder):
        cells = np.ones(own, "float32")
        if here.parts and (repair.startswith("crop") or stopped):
            met = here.met
            if stopped:
                met = (min(here.encoder[0], here.decoder[0]), min(here.encoder[1], here.decoder[1]))
            tops = [0 if stopped else (n - m) // 2 for n, m in zip(own, met, strict=True)]
            cells[:] = 0
            cells[tops[0] : tops[0] + met[0], tops[1] : tops[1] + met[1]] = 1
        kept.append(cells)
    return kept[0], kept[1]


def _ladder(found: Plan, stages: int, skips: tuple[int, ...]) -> dict[str, Tensor]:
    """Heights and widths of both sides by level; 0 where the decoder never came."""
    sides = np.zeros((4, stages + 1), "int32")
    sides[0], sides[2] = np.array(found.encoder).T
    sides[1::2, stages] = found.encoder[-1]
    agree = np.ones(stages + 1, "int32")
    for one in found.levels:
        sides[1::2, one.level] = one.decoder
        agree[one.level] = not one.parts
    names = ("encoder_heights", "decoder_heights", "encoder_widths", "decoder_widths")
    rows = zip(names, sides, strict=True)
    ladder = {name: Tensor(row, ("level",), f"{name.replace('_', ' ')}, level 0 first") for name, row in rows}
    painted = np.array([level in skips for level in range(stages)], "int32")
    ladder["agree"] = Tensor(agree, ("level",), "0 where a skip meets another size")
    ladder["skips"] = Tensor(painted, ("level",), "1 where a skip joins the decoder, level 0 first")
    return ladder


@lru_cache(64)
def _scan(stages: tuple[Stage, ...], skips: tuple[int, ...]) -> tuple[Array, Array]:
    """For sizes 0 … LARGEST: encoder minus decoder where they part first, and whether nothing is rounded."""
    gaps = [None, *(gap(n, stages, skips) for n in range(1, LARGEST + 1))]
    whole = [n > 0 and exact(n, stages) for n in range(LARGEST + 1)]
    return np.array([np.nan if g is None else g for g in gaps], "float32"), np.array(whole)


def _comb(stages: tuple[Stage, ...], skips: tuple[int, ...]) -> dict[str, Tensor]:
    gaps, whole = _scan(stages, skips)
    fits = ((gaps == 0).astype("float32") + whole)[:LARGEST].reshape(-1, COMB)
    about = f"size = {COMB} · row + column; 0 parts (or is too small), 1 fits, 2 nothing is rounded at all"
    return {
        "fits": Tensor(fits, ("32 px", "1 px"), about),
        "gaps": Tensor(gaps, ("size",), "encoder minus decoder where they part first; NaN: too small"),
    }


def _message(results: Mapping[str, Any]) -> str:
    """TensorFlow's own words, without the internal name of the operation in front."""
    text = str(results.get("message", ""))
    return text.partition("}} ")[2].removesuffix(" name: ").strip() or text


def _facts(
    parameters: Mapping[str, Any],
    results: Mapping[str, Any],
    found: Plan,
    here: Level,
    stages: tuple[Stage, ...],
    skips: tuple[int, ...],
) -> dict[str, Any]:
    gaps, whole = _scan(stages, skips)
    period, size = 2 ** len(stages), parameters["size"]
    last = range(LARGEST + 1 - period, LARGEST + 1)
    return {
        "encoder_sizes": found.encoder,
        "levels": [_level_facts(one, parameters["repair"], found.stopped, stages) for one in found.levels],
        "skips": skips,
        "shown": here.level,
        "stopped": found.stopped,
        "parted": found.parted.level if found.parted else None,
        "parted_shapes": _shapes(results, found.parted),
        "message": _message(results),
        "period": period,
        "residues": [n % period for n in sorted(last, key=lambda n: n % period) if gaps[n] == 0],
        "exact_residues": [n % period for n in last if whole[n]],
        "fitting": int((gaps[33:257] == 0).sum()),
        "fits_now": tuple(gap(n, stages, skips) == 0 for n in size),
        "nearest": tuple(nearest_fit(n, stages, skips) for n in size),
        "next_exact": tuple(next_exact(n, stages) for n in size),
        "network_size": found.input,
        "output_shape": tuple(results["y"].shape) if "y" in results else None,
        "skip_has_path": bool(results["skip_has_path"]) if here.skip else None,
        "repairs": [_outcome(repair, size, stages, skips) for repair in REPAIRS],
        "encoder_without_gradient": int((results["encoder_gradient"] == 0).sum()),
        "encoder_pixels": int(results["encoder_gradient"].size),
    }


def _outcome(
    repair: str, size: tuple[int, int], stages: tuple[Stage, ...], skips: tuple[int, ...]
) -> dict[str, Any]:
    """What a repair would come to here: the size given to the network, that of the output, or who refuses."""
    try:
        found = plan(size, stages, skips, repair)
    except Rejected:  # too small as it is; only padding helps then
        return {"repair": repair, "input": size, "output": None, "level": None}
    wrong = wrong_crop(found, repair) or (found.parted if found.stopped else None)
    output = size if repair == "pad-input" else found.levels[-1].met
    level = wrong.level if wrong else None
    return {"repair": repair, "input": found.input, "output": None if wrong else output, "level": level}


def _shapes(results: Mapping[str, Any], parted: Level | None) -> tuple[tuple[int, ...], ...]:
    """Both shapes where sizes part first, as TensorFlow has them."""
    if parted is None:
        return ()
    return tuple(tuple(results[f"{side}{parted.level}"].shape) for side in "sd")


def _level_facts(one: Level, repair: str, stopped: bool, stages: Sequence[Stage]) -> dict[str, Any]:
    stage = stages[one.level]
    unread = tuple(max(0, n - _read(stage, n)) for n in one.encoder)
    return {
        "level": one.level,
        "encoder": one.encoder,
        "decoder": one.decoder,
        "skip": one.skip,
        "parts": one.parts,
        "met": None if stopped and one.parts else one.met,
        "offsets": fitted(one, repair),
        "unread": unread,
    }


def _read(stage: Stage, size: int) -> int:
    """How many rows the windows of a stage reach, counted from the first."""
    along = stage.window(size)
    return min(size, (along.output(size) - 1) * 2 + along.span - along.before)


def _notes(parameters: Mapping[str, Any], found: Plan, facts: Mapping[str, Any]) -> list[str]:
    notes = []
    if found.stopped and found.parted:
        one, shapes = found.parted, facts["parted_shapes"]
        notes.append(
            f"The sizes part at level {one.level} (/{2**one.level}): the encoder kept {list(shapes[0])}, "
            f"the decoder arrives with {list(shapes[1])}. TensorFlow: “{facts['message']}”"
        )
    encoder = parameters["channels"]
    decoder = parameters["decoder_channels"] or encoder
    if encoder != decoder and facts["skips"]:
        notes.append(
            f"[.., {encoder}] + [.., {decoder}]: TensorFlow broadcasts the single channel to all of the others, "
            "without an error and without a word."
        )
    if facts["output_shape"] and facts["output_shape"][1:3] != parameters["size"]:
        notes.append(
            f"The output is {two(facts['output_shape'][1:3])}, the image {two(parameters['size'])}: "
            "labels of the image's size do not fit it."
        )
    return notes
