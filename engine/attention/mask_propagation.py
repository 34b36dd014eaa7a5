"""A mask on its way through a stack of Keras layers: who carries it on, who drops it, who fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.attention import mask_propagation_story
from engine.attention.mask_propagation_layers import (
    KINDS,
    WINDOWS,
    heard_call,
    made_layer,
    made_stack,
    repaired_call,
    steps_after,
)
from engine.errors import Rejected
from engine.parameter_lists import Cells, Numbers, Rows
from engine.parameters import Choice, Integer, Toggle
from engine.technique import Cost, Story

MOST_STEPS, WORDS = 12, 10
REFUSALS = {
    "LSTM": "write lstm-sequence or lstm-last",
    "global-average-pooling": "write global-average",
    "conv1d": "write conv1d-same or conv1d-valid",
}
DEFAULT = (("conv1d-same", 3), ("global-average", 3), ("dense", 2))

PARAMETERS = (
    Numbers("tokens", (3, 1, 4, 0, 0), 1, MOST_STEPS, 0, WORDS - 1, "token ids; 0 is padding", whole=True),
    Rows(
        "layers",
        (Choice("layer", "dense", KINDS, "what the layer is", REFUSALS), Integer("units", 3, 1, 4, "units")),
        5,
        "the layers after the embedding",
        DEFAULT,
    ),
    Toggle("mask_zero", True, "Embedding(mask_zero=True)"),
    Cells("mask", MOST_STEPS, "a mask of your own, 1 keeps; left out: token 0 is padding"),
    Toggle("unroll", False, "recurrent layers with unroll=True, which should change no number"),
    Integer("features", 3, 1, 4, "features of the embedding"),
    Integer("seed", 0, 0, 9999, "of all weights"),
)


def check(tokens: tuple[int, ...], layers: tuple[tuple[str, int], ...], **rest: Any) -> None:
    """A mask as long as the tokens, and a window for every layer that slides one."""
    mask = rest["mask"]
    if mask is not None and len(mask) != len(tokens):
        expected = f"{len(tokens)} cells, one for each token"
        fix = f"paint {len(tokens)} cells, or clear the mask: token 0 is padding then"
        raise Rejected("mask", f"a mask of {len(mask)} cells", expected, fix, {"mask": None})
    if not layers:
        fix = "add a layer: without one the mask has nowhere to go"
        raise Rejected("layers", "no layers", "1 to 5 layers", fix, {"layers": DEFAULT})
    kinds = [kind for kind, _ in layers]
    steps = steps_after(kinds, len(tokens))
    for place, (kind, left) in enumerate(zip(kinds, steps, strict=False), 1):
        needed = WINDOWS.get(kind, 1)
        if left < needed:
            # A pool or kernel one larger than its input kills the process or answers garbage.
            expected = f"at least {needed} timesteps for {kind}"
            fix = "use more tokens, or fewer layers that shorten the sequence"
            remedy = {"layers": layers[: place - 1] or DEFAULT}
            raise Rejected("layers", f"{left} timesteps at layer {place}, {kind}", expected, fix, remedy)


def cost(tokens: tuple[int, ...], layers: tuple[tuple[str, int], ...], **_: Any) -> Cost:
    """At most 12 steps of 8 features, five layers, four times."""
    return Cost(
        memory=40_000 * (1 + len(layers)), work=8 * len(tokens) * 3000 * (1 + len(layers)) + 200 * WORDS
    )


def arguments(tokens: tuple[int, ...], layers: tuple[tuple[str, int], ...], **rest: Any) -> dict[str, Any]:
    """Ids, the embedding's table, and the stack."""
    mask = rest["mask"]
    table = np.random.default_rng(rest["seed"]).normal(size=(WORDS, rest["features"])).round(2)
    return {
        "tokens": np.array([tokens], "int32"),
        "table": table.astype("float32"),
        "kinds": tuple(kind for kind, _ in layers),
        "units": tuple(units for _, units in layers),
        "mask_zero": rest["mask_zero"],
        "painted": None if mask is None else np.array([mask], "int32"),
        "unroll": rest["unroll"],
        "seed": rest["seed"],
    }


def run_stack(stack, x, mask):  # type: ignore[no-untyped-def]
    """Every layer in turn: [(output, mask, warning)], and the error that ended it, if one did."""
    found = [(x, mask, "")]
    for call, _ in stack:
        try:
            found.append(heard_call(call, *found[-1][:2]))
        except Exception as error:
            bold, plain = "\x1b[1m", "\x1b[0m"  # Keras prints its own sentence bold
            text = str(error).replace(bold, "").replace(plain, "")
            lines = [line for line in text.splitlines() if line.strip()]
            said = lines[1:] if lines and lines[0].startswith("Exception encountered") else lines
            return found, f"{type(error).__name__}: {' '.join(said[:1])}"
    return found, ""


def run_repaired(stack, kinds, natural, mask):  # type: ignore[no-untyped-def]
    """The same with the mask put back wherever it gets lost; layers before that are not run again."""
    mended = ("conv1d-same", "conv1d-valid", "max-pooling", "average-pooling", "flatten", "global-max")
    mended += ("softmax", "lambda", "times-2", "reshape", "masking", "multi-head-residual")
    found = [(natural[0][0], mask, "")]
    for place, ((call, _), kind) in enumerate(zip(stack, kinds, strict=False)):
        x, carried, _ = found[-1]
        known = natural[place + 1] if place + 1 < len(natural) else None
        alike = known and x is natural[place][0] and np.array_equal(natural[place][1], carried)
        if alike and kind not in mended:
            found.append(known)
            continue
        try:
            found.append((*repaired_call(call, kind, x, carried), ""))
        except Exception:  # a shape that does not fit: the natural run says so
            break
    return found


def layer_marks(stack, found, bare):  # type: ignore[no-untyped-def]
    """int32[layer, 4]: supports_masking (-1: no Keras layer), receives, passes on, changes numbers by it."""
    import tensorflow as tf

    marks = []
    for place, (call, parts) in enumerate(stack):
        supports = int(parts[-1].supports_masking) if parts else -1
        x, mask, _ = found[place] if place < len(found) else (None, None, "")
        passes = uses = False
        if place + 1 < len(found):
            y, carried, _ = found[place + 1]
            passes = carried is not None
            if mask is not None:
                plain = bare[1][0] if place == 0 else heard_call(call, x, None)[0]
                uses = not np.array_equal(y, plain, equal_nan=True)
        marks.append([supports, int(mask is not None), int(passes), int(uses)])
    return tf.constant(marks)


def run_cut(stack, kinds, x, real):  # type: ignore[no-untyped-def]
    """The sequence with its padding really cut off: [(output, mask, warning)], and why there is none."""
    import tensorflow as tf

    left = steps_after(kinds, np.count_nonzero(real))
    if left[0] == 0:
        return [], "every token is padding"
    if len(left) < len(steps_after(kinds, x.shape[1])):
        return [], "the short sequence has no window left"
    return run_stack(stack, tf.boolean_mask(x, real)[None], None)


def layer_tensors(found):  # type: ignore[no-untyped-def]
    """y0, y1, ...: what each layer answered; mask0, ... and kept0, ...: the mask it carried, if it did."""
    import tensorflow as tf

    tensors = {}
    for place, (y, mask, _) in enumerate(found):
        tensors[f"y{place}"] = y
        if mask is not None:
            tensors[f"mask{place}"] = tf.cast(mask, tf.int32)
            same = len(y.shape) == 3 and mask.shape == y.shape[:2]
            cells = mask[..., None] if same else tf.ones_like(y, tf.bool)
            tensors[f"kept{place}"] = tf.cast(tf.broadcast_to(cells, y.shape), tf.int32)
    return tensors


def weighted_sum(y, places):  # type: ignore[no-untyped-def]
    """A loss: the features 1, 2, ... times, at real timesteps only."""
    import tensorflow as tf

    weighted = y * tf.range(1, y.shape[-1] + 1, dtype=y.dtype)
    if places is not None and len(y.shape) == 3 and places.shape == y.shape[:2]:
        weighted = tf.where(places[..., None], weighted, 0.0)
    return tf.reduce_sum(weighted)


def compare_ends(runs, layers):  # type: ignore[no-untyped-def]
    """The last output of each run that got through all layers, as one row, at real timesteps only."""
    import tensorflow as tf

    places = runs["mask_put_back"][-1][1]  # which timesteps are real at the end
    rows = {}
    for name, run in runs.items():
        if len(run) == layers + 1:
            y = run[-1][0]
            kept = (
                places is not None
                and len(y.shape) == 3
                and places.shape == y.shape[:2]
                and name != "padding_cut"
            )
            rows[name] = tf.reshape(tf.boolean_mask(y, places) if kept else y, [-1])
    if "padding_cut" in rows and rows["padding_cut"].shape != rows["mask_put_back"].shape:
        del rows["padding_cut"]
    return rows


SHOWN = (
    steps_after,
    made_layer,
    made_stack,
    heard_call,
    repaired_call,
    run_stack,
    run_repaired,
    run_cut,
    layer_marks,
    layer_tensors,
    weighted_sum,
    compare_ends,
)


def mask_propagation(tokens, table, kinds, units, mask_zero, painted, unroll, seed):  # type: ignore[no-untyped-def]
    """Token ids through Embedding and layers: with the mask, without, padding cut off, mask put back.

    tokens: int32[batch, timestep]; table: float32[word, feature]; painted: int32[batch, timestep] or None.
    """
    import keras
    import tensorflow as tf

    table = tf.convert_to_tensor(table)
    embedding = keras.layers.Embedding(*table.shape, mask_zero=mask_zero, name="embedding")
    embedding.build()
    embedded, _ = embedding.stateless_call([table], [], tokens)  # with this table, so that gradients reach it
    mask = embedding.compute_mask(tokens)  # what a plain call hangs on its answer; None without mask_zero
    real = tf.constant(tokens if painted is None else painted) != 0
    mask = mask if painted is None else real
    stack = made_stack(kinds, units, table.shape[1], tokens.shape[1], seed, unroll)
    with tf.GradientTape(persistent=True) as tape:
        x = tf.identity(embedded)
        tape.watch(x)
        found, error = run_stack(stack, x, mask)
        repaired = run_repaired(stack, kinds, found, real)
        places = repaired[-1][1]  # which timesteps are real at the end; None where none are left
        loss, mended = (weighted_sum(run[-1][0], places) for run in (found, repaired))
    results = {"tokens": tf.constant(tokens), "real": tf.cast(real, tf.int32)} | layer_tensors(found)
    results["gradient"] = results["gradient_repaired"] = tape.gradient(loss, x)
    if repaired[-1][0] is not found[-1][0]:
        results["gradient_repaired"] = tape.gradient(mended, x)
    bare, _ = run_stack(stack, x, None)
    cut, problem = run_cut(stack, kinds, x, real)
    results["marks"] = layer_marks(stack, found, bare)
    runs = {"keras_mask": found, "no_mask": bare, "padding_cut": cut, "mask_put_back": repaired}
    results |= compare_ends(runs, len(kinds))
    results["said"] = tf.constant([*(said for _, _, said in found[1:]), error, problem])
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see mask_propagation_story.py."""
    return mask_propagation_story.tell(parameters, results)
