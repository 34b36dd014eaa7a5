"""A variational autoencoder of spectra: every pixel of one hyperspectral picture is a sample.

How many numbers a pixel needs, what PCA does with as many, and what a wrong reshape does to both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Real, Toggle
from engine.technique import Cost, Made, Story
from engine.training import spectral_vae_story
from engine.training.spectral_vae_model import (
    batches_of,
    decode,
    divergence,
    encode,
    first_weights,
    fit,
    kept,
    reconstruction,
    tell,
    vae_step,
)
from engine.training.spectral_vae_scene import patch_rows, pixels, principal, scene

LANE = "training"
QUICK = {"epochs": 1}
NO_LENS = "Training is many steps with random codes; the Gradients tab shows what the ELBO sends back to one spectrum."
SIZE = 40  # side of the scene that is trained on
PARAMETERS = (
    Choice("kind", "peaks", ("mixtures", "peaks"), "five fixed spectra mixed, or a peak that moves"),
    Integer("bands", 15, 3, 64, "channels of the picture"),
    Integer("latent", 5, 1, 64, "numbers that a pixel is packed into"),
    Integer("hidden", 32, 4, 128, "units of the dense layers"),
    Choice("encoder", "dense", ("dense", "Conv1D"), "dense layers over the spectrum, or Conv1D along it"),
    Real("beta", 1.0, 0, 4, "weight of the KL divergence"),
    Choice("likelihood", "gaussian", ("gaussian", "bernoulli"), "of a band given the code"),
    Choice("layout", "transpose", ("transpose", "reshape"), "how the cube becomes a table of spectra"),
    Choice("mode", "pixel", ("pixel", "patch"), "batches of single pixels, or of whole patches"),
    Integer("patch", 8, 8, 128, "side of a patch, in pixels"),
    Integer("stride", 4, 1, 128, "from one patch to the next, in pixels"),
    Real("fraction", 0.5, 0.01, 1, "share of the pixels that are trained on", 0.01),
    Integer("epochs", 40, 1, 400, "how often every one of them is seen"),
    Real("rate", 0.01, 0.0001, 100, "learning rate of Adam", 0.001),
    Pair("pixel", (12, 20), 0, SIZE - 1, "row and column of the pixel that is looked at"),
    Real("noise", 0.02, 0, 0.5, "standard deviation of the camera's noise", 0.01),
    Real("gain", 1.0, 0.1, 5, "what the largest reflectance is stored as"),
    Integer("broken", 0, 0, 200, "pixels without a value, NaN"),
    Toggle("masked", True, "whether pixels without a value are left out"),
    Integer("model_bands", None, 1, 128, "bands the model was built for; left out: those of the picture"),
    Integer("full", 2500, 1, 100_000, "side of the whole picture, for the budget"),
    Integer("seed", 0, 0, 9999, "seed of scene, weights, batches and codes"),
)


def check(**p: Any) -> None:
    """Sizes fit together, and the values suit the likelihood. Raises `Rejected`."""
    if p["latent"] > p["bands"]:
        fix = f"choose {p['bands']} or less: more numbers than bands are no compression"
        raise Rejected("latent", str(p["latent"]), f"1 to {p['bands']}", fix, {"latent": p["bands"]})
    built = p["model_bands"]
    if built is not None and built != p["bands"]:
        fix = (
            f"build the model for {p['bands']} bands. Keras says: expected shape=(None, {built}), "
            f"found shape=(128, {p['bands']})"
        )
        raise Rejected("model_bands", str(built), str(p["bands"]), fix, {"model_bands": None})
    if p["mode"] == "patch" and p["patch"] > SIZE:
        fix = "choose a smaller patch; with padding VALID not one would fit, and nothing be trained on"
        raise Rejected("patch", str(p["patch"]), f"at most {SIZE}, the scene's side", fix, {"patch": SIZE})
    if p["likelihood"] == "bernoulli" and p["gain"] > 1:
        fix = (
            "scale the bands to 0 … 1, or take the Gaussian: beyond 1 the cross-entropy has no lower end "
            "and goes below 0"
        )
        received = f"values up to {p['gain']:g} with Bernoulli"
        raise Rejected("gain", received, "values from 0 to 1", fix, {"likelihood": "gaussian"})
    if p["broken"] and not p["masked"]:
        fix = "leave them out: one NaN in a batch makes every weight NaN with the first step"
        raise Rejected("broken", f"{p['broken']} pixels of NaN", "finite pixels", fix, {"masked": True})


def counts(bands: int, hidden: int, latent: int, encoder: str, **_: Any) -> tuple[int, int]:
    """Weights of encoder and decoder, biases among them."""
    if encoder == "dense":
        into = (bands + 1) * hidden + 2 * (hidden + 1) * latent
    else:
        into = (3 + 1) * 8 + (3 * 8 + 1) * 16 + 2 * (-(-bands // 2) * 16 + 1) * latent
    return into, (latent + 1) * hidden + (hidden + 1) * bands


def cost(**p: Any) -> Cost:
    """Forward and twice as much backward for each pixel and epoch; convolutions meet their weights at every band."""
    often = p["bands"] if p["encoder"] == "Conv1D" else 1
    total, samples = sum(counts(**p)), SIZE**2
    if p["mode"] == "patch":
        samples = len(range(0, SIZE - p["patch"] + 1, p["stride"])) ** 2 * p["patch"] ** 2
    work = 6 * total * often * (samples * p["fraction"] + SIZE**2) * p["epochs"]
    memory = 8 * (SIZE**2 * (12 * p["bands"] + 8 * p["hidden"] + 40 * p["bands"]) + samples + 6 * total)
    return Cost(int(memory), int(work))


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    made = {name: p[name] for name in ("kind", "bands", "noise", "gain", "broken", "seed")}
    names = ("latent", "hidden", "encoder", "beta", "likelihood", "fraction", "epochs", "rate", "seed")
    return {
        "cube": Made(scene, {**made, "size": SIZE}),
        "layout": p["layout"],
        "patches": None if p["mode"] == "pixel" else (p["patch"], p["stride"]),
        "plan": {name: p[name] for name in names},
        "pixel": p["pixel"],
    }


SHOWN = (
    *(tell, scene, pixels, patch_rows, principal, first_weights, encode, decode),
    *(divergence, reconstruction, vae_step, batches_of, fit),
)
fit = kept(fit)  # what the code tab shows trains; a worker does so once for all pixels


def spectral_vae(cube, layout, patches, plan, pixel, report=tell):  # type: ignore[no-untyped-def]
    """Train on some pixels of a cube, pack all of them, and look at one.

    cube: float32[band, row, column]; patches: (side, stride) or None; plan: the model and its training.
    """
    import tensorflow as tf

    bands, size, _ = cube.shape
    table = pixels(cube, layout).astype("float64")
    right = pixels(cube, "transpose").astype("float64")
    usable = np.isfinite(table).all(axis=1)
    filled = np.where(usable[:, np.newaxis], table, 0)
    rows = None if patches is None else patch_rows(size, *patches)
    seen = usable.astype("float64")
    if rows is not None:
        seen = np.bincount(rows.ravel(), minlength=size * size) * seen
    place = pixel[0] * size + pixel[1]

    def results_of(w, train):  # type: ignore[no-untyped-def]
        found = {name: value.numpy() for name, value in encode(tf.constant(filled), w).items()}
        rebuilt = found["rebuilt"] = decode(found["mu"], w)[1].numpy()
        if plan["likelihood"] == "bernoulli":
            rebuilt = found["rebuilt"] = tf.sigmoid(rebuilt).numpy()
        flat, share = principal(filled[train], filled, plan["latent"])
        unseen = usable.copy()
        unseen[train] = False
        held = unseen if unseen.any() else usable
        errors = [np.mean((other - filled)[some] ** 2) for other in (rebuilt, flat) for some in (train, held)]
        with tf.GradientTape() as tape:
            x = tf.constant(filled[place : place + 1])
            tape.watch(x)
            here = encode(x, w)
            unpacked, output = decode(here["mu"], w)
            kl = divergence(here["mu"], here["logvar"])
            parts = [reconstruction(x, output, plan["likelihood"])[0], kl[0]]
            loss = parts[0] + plan["beta"] * parts[1]
        picture = (size, size)
        return {
            "cube": np.nan_to_num(cube),
            "code": found["mu"].reshape(*picture, -1).astype("float32"),
            "deviation": np.exp(found["logvar"] / 2).reshape(*picture, -1).astype("float32"),
            "rebuilt": rebuilt.reshape(*picture, bands).astype("float32"),
            "error": ((rebuilt - filled) ** 2).mean(axis=1).reshape(picture).astype("float32"),
            "seen": seen.reshape(picture).astype("float32"),
            "spectrum": filled[place].astype("float32"),
            "true_spectrum": np.nan_to_num(right[place]).astype("float32"),
            "by_vae": rebuilt[place].astype("float32"),
            "by_pca": flat[place].astype("float32"),
            "packed": here["packed"][0],
            "mu": here["mu"][0],
            "sigma": tf.exp(here["logvar"] / 2)[0],
            "unpacked": unpacked[0],
            "output": output[0],
            "gradient": tape.gradient(loss, x)[0],
            "elbo": tf.stack(parts),
            "errors": np.array(errors),
            "variance": np.array(share),
            "clipped": np.mean(found["raw_logvar"] != found["logvar"]),
            "right_rows": np.sum((table == right).all(axis=1)),
            "trained_on": np.array(len(train)),
            **{
                name: w[name].astype("float32")
                for name in ("w_mu", "b_mu", "w_unpack", "b_unpack", "w_out", "b_out")
            },
            **(
                {"w_in": w["w_in"].astype("float32"), "b_in": w["b_in"].astype("float32")}
                if "w_in" in w
                else {}
            ),
        }

    weights, trained_on, told = fit(filled, usable, rows, plan, report, results_of)
    return {**results_of(weights, trained_on), **told}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see spectral_vae_story.py."""
    return spectral_vae_story.story(parameters, results, counts(**parameters), SIZE)
