"""What the spectral-vae technique tells about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

BAND, LATENT, HIDDEN = ("band",), ("latent",), ("unit",)
PICTURE = ("row", "column")
ABOUT = {
    "cube": (("band", *PICTURE), "the scene as it is stored, channels first"),
    "code": ((*PICTURE, "latent"), "the posterior mean of every pixel: the compressed picture"),
    "deviation": ((*PICTURE, "latent"), "the posterior standard deviation of every pixel"),
    "rebuilt": ((*PICTURE, "band"), "decoded from the posterior mean"),
    "error": (PICTURE, "mean squared error of each row of the table"),
    "seen": (PICTURE, "in how many samples of an epoch a pixel may be: 0 is never"),
    "spectrum": (BAND, "the row of the table that the model gets for this pixel"),
    "true_spectrum": (BAND, "the pixel's own spectrum"),
    "by_vae": (BAND, "rebuilt by the VAE"),
    "by_pca": (BAND, "rebuilt from as many principal components"),
    "packed": (HIDDEN, "the encoder's last layer"),
    "mu": (LATENT, "mean of the posterior"),
    "sigma": (LATENT, "standard deviation of the posterior"),
    "unpacked": (HIDDEN, "the decoder's hidden layer"),
    "output": (BAND, "the decoder's output (Bernoulli: logits)"),
    "gradient": (BAND, "d (reconstruction + beta KL) / d spectrum"),
    "losses": (("part", "epoch"), "reconstruction and KL of each epoch"),
    "w_in": (("band", "unit"), "weights"),
    "b_in": (HIDDEN, "biases"),
    "w_mu": (("unit", "latent"), "weights"),
    "b_mu": (LATENT, "biases"),
    "w_unpack": (("latent", "unit"), "weights"),
    "b_unpack": (HIDDEN, "biases"),
    "w_out": (("unit", "band"), "weights"),
    "b_out": (BAND, "biases"),
}


def story(p: Mapping[str, Any], results: Mapping[str, Any], counts: Sequence[int], size: int) -> Story:
    """The story of a training, so far or finished."""
    told = facts(p, results, counts, size)
    tensors = {name: Tensor(results[name], *ABOUT[name]) for name in ABOUT if name in results}
    return Story(tensors, _steps(p, results), told, notes(p, told))


def _dense(
    operation: str, read: str, layer: str, writes: str, results: Mapping[str, Any], relu: bool
) -> Step:
    weight, bias = f"w_{layer}", f"b_{layer}"
    inputs, units = results[weight].shape
    access = {writes: ("o",), read: ("i",), weight: ("i", "o"), bias: ("o",)}
    found = IndexMap({"i": inputs, "o": units}, access, exact=not relu)
    words = f"Σ {{{read}}} · {{{weight}}} + {{{bias}}}"
    formula = f"({inputs} + 1) · {units} = {(inputs + 1) * units:,} weights"
    return Step(
        operation,
        (read, weight, bias),
        writes,
        formula=(formula,),
        map=found,
        readout=f"max(0, {words})" if relu else words,
    )


def _steps(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    bands, size = results["cube"].shape[:2]
    table = f"[{bands}, {size}, {size}] → [{size * size:,}, {bands}]"
    row, column = p["pixel"]
    read = Step(p["layout"], ("cube",), "spectrum", f"row {row * size + column} of the table", (table,))
    if p["layout"] == "transpose" and not p["broken"]:
        picked = IndexMap({"b": bands}, {"spectrum": ("b",), "cube": ("b", str(row), str(column))}, "each")
        read = Step(read.operation, read.reads, read.writes, read.settings, read.formula, picked)
    into = (
        _dense("dense, relu", "spectrum", "in", "packed", results, True)
        if "w_in" in results
        else _along(bands)
    )
    return [
        read,
        into,
        _dense("dense", "packed", "mu", "mu", results, False),
        _dense("dense, relu", "mu", "unpack", "unpacked", results, True),
        _dense("dense", "unpacked", "out", "output", results, False),
        Step("gradient", ("output", "spectrum"), "gradient", "d loss / d spectrum", aside=True),
    ]


def _along(bands: int) -> Step:
    """Two convolutions along the bands, flattened."""
    half = -(-bands // 2)
    sizes = (
        f"{bands}×1 → {bands}×8, (3·1 + 1)·8 = 32 weights",
        f"⌈{bands}/2⌉ = {half}: {half}×16, (3·8 + 1)·16 = 400 weights",
        f"flatten: {half} · 16 = {half * 16}",
    )
    return Step("Conv1D 8, Conv1D 16 stride 2, flatten", ("spectrum",), "packed", "k 3 · SAME", sizes)


def facts(
    p: Mapping[str, Any], results: Mapping[str, Any], counts: Sequence[int], size: int
) -> dict[str, Any]:
    """Errors beside PCA's, the ELBO of the pixel, counts, and the budget of the whole picture."""
    losses, errors = results["losses"], [float(value) for value in results["errors"]]
    samples, bands = p["full"] ** 2, p["bands"]
    code = results["code"].reshape(-1, p["latent"])
    patches = max(0, (p["full"] - p["patch"]) // p["stride"] + 1)
    return {
        "epochs_done": losses.shape[1],
        "stopped": str(results["stopped"]),
        "reconstruction": float(losses[0, -1]),
        "kl": float(losses[1, -1]),
        "vae": errors[:2],
        "pca": errors[2:],
        "variance": float(results["variance"]),
        "elbo": [float(value) for value in results["elbo"]],
        "asleep": int((code.std(axis=0) < 0.05).sum()),
        "clipped": float(results["clipped"]),
        "right_rows": int(results["right_rows"]),
        "rows": size * size,
        "trained_on": int(results["trained_on"]),
        "never_seen": int((results["seen"] == 0).sum()) - p["broken"],
        "parameters": list(counts),
        "samples": samples,
        "bytes_in": 4 * samples * bands,
        "bytes_code": 4 * samples * p["latent"],
        "full_patches": patches**2,
        "full_uncovered": p["full"] - ((patches - 1) * p["stride"] + p["patch"]) if patches else p["full"],
    }


def notes(p: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, ...]:
    """What is true of this run and worth saying."""
    said = []
    if p["layout"] == "reshape":
        said.append(
            f"reshape without a transpose: {told['right_rows']} of {told['rows']:,} rows are the spectrum of a pixel. The "
            "others are runs of neighbours in one band, and the loss falls all the same."
        )
    if p["latent"] == p["bands"]:
        said.append("As many numbers as bands: no compression.")
    if told["clipped"]:
        said.append(
            f"{100 * told['clipped']:.3g} % of the log variances were clipped to −10 … 10, or exp would overflow."
        )
    if told["asleep"] and math.isfinite(told["kl"]):
        said.append(
            f"{told['asleep']} of {p['latent']} latent numbers are the same for every pixel: the KL put them to sleep."
        )
    if told["never_seen"] and p["mode"] == "patch":
        said.append(
            f"{told['never_seen']} pixels are in no patch: the last rows and columns that a patch does not reach."
        )
    if p["broken"]:
        said.append(f"{p['broken']} pixels without a value are left out; they are shown as 0.")
    return tuple(said)
