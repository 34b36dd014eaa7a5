"""**What you see.** A hyperspectral picture has a whole spectrum in every pixel. This one is generated from a seed (no real
data): five known spectra mixed, or one peak whose place moves. Each pixel is one sample of a **variational autoencoder**
(VAE): an encoder gives each of a few numbers, the *code*, a mean and a standard deviation, a decoder rebuilds the spectrum.

The means of all pixels are the compressed picture, one map for each number. Beside it, PCA, the best linear compression,
with as many numbers.

**What to try.**

- Click a pixel: its spectrum, code and rebuilt spectrum follow.
- Switch the scene to mixtures: PCA is exact up to noise, and the VAE cannot be better.
- Take the **Bernoulli** likelihood and see numbers fall asleep: the **KL divergence**, the second part of the loss, charges
  each for what it says, and that likelihood pays little for being exact.
- Choose **reshape** without a transpose: the loss falls, the maps are nonsense.

**What it means for your code.**

- One picture is enough samples: 2500 × 2500 pixels are 6,250,000 spectra.
- A cube stored channels first needs `transpose(1, 2, 0)` before `reshape(-1, bands)`; compare one row with one pixel before
  you train.
- Use the mean as the code, not a sample; and a Gaussian likelihood with the noise you expect (0.05 here): with plain mean
  squared error the KL wins.
- Compare with PCA first. And the code of another picture, by another model, has other axes.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Curve, Grid, Lab, Panel, Prediction, Preset
from pages.training.spectral_vae_charts import CHARTS, TABLES
from pages.training.spectral_vae_claims import CLAIMS
from pages.training.spectral_vae_words import number


def _map(trace: Trace, tensor: str, title: str) -> Grid:
    """A picture of one number a pixel, where a click chooses the pixel."""
    pixel, band = trace.parameters["pixel"], {"band": trace.parameters["bands"] // 2}
    at = band if "band" in trace.tensors[tensor].axes else {}
    return Grid(tensor, title, "sequential", "row", "column", at=at, picks="pixel", mark=pixel)


def panels(trace: Trace) -> Sequence[Panel]:
    """The scene, the code as maps, what is rebuilt; then one pixel."""
    pixel = trace.parameters["pixel"]
    patches = [_map(trace, "seen", "patches over each pixel")] if trace.parameters["mode"] == "patch" else []
    maps = Grid(
        "code",
        "the code: posterior means",
        rows="row",
        columns="column",
        beside="latent",
        line="The compressed picture",
    )
    return [
        _map(trace, "cube", "the scene, one band"),
        _map(trace, "rebuilt", "rebuilt by the VAE"),
        _map(trace, "error", "squared error of each row"),
        *patches,
        maps,
        Bars(
            ("spectrum", "by_vae", "by_pca"),
            f"pixel {pixel[0]}, {pixel[1]}: given, VAE, PCA",
            line="One pixel",
        ),
        Bars(("mu", "sigma"), "its code: mean and standard deviation"),
        Grid("mu", "mean"),
        Grid("packed", "encoder"),
        Grid("output", "decoder's output"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the loss says to one spectrum."""
    return [Bars(("gradient",), "d (reconstruction + beta · KL) / d spectrum of the chosen pixel")]


def gradient_note(trace: Trace) -> str:
    """The two parts of the ELBO, and what is zero."""
    told, slope = trace.facts, trace["gradient"]
    return (
        f"For this pixel the reconstruction costs **{number(told['elbo'][0])}** and the KL **{number(told['elbo'][1])}**. "
        f"{int((slope == 0).sum())} of {slope.size} bands get exactly 0. No slope is **None**: the sample mean + deviation · noise "
        "is a smooth function of both (the reparameterisation); were the code drawn without it, TensorFlow would answer None."
    )


def curves(trace: Trace) -> Sequence[Curve]:
    """Both parts of the ELBO."""
    losses = trace["losses"]
    return [
        Curve("reconstruction", losses[0], "reconstruction", log=True),
        Curve("KL", losses[1], "KL divergence"),
    ]


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Errors, ELBO, sizes."""
    told = trace.facts
    return [
        ("MSE of pixels held out, VAE", number(told["vae"][1])),
        (
            "MSE of pixels held out, PCA",
            f"{number(told['pca'][1])} ({100 * told['variance']:.1f} % of variance)",
        ),
        ("reconstruction and KL", f"{number(told['reconstruction'])} and {number(told['kl'])}"),
        ("numbers asleep", f"{told['asleep']} of {trace.parameters['latent']}"),
        ("rows that are a pixel", f"{told['right_rows']:,} of {told['rows']:,}"),
        ("pixels trained on", f"{told['trained_on']:,}"),
        ("weights", " + ".join(f"{count:,}" for count in told["parameters"])),
        ("epochs", str(told["epochs_done"])),
        *([("stopped", told["stopped"])] if told["stopped"] else []),
    ]


def _better(trace: Trace) -> Sequence[str]:
    vae, pca = trace.facts["vae"][1], trace.facts["pca"][1]
    return ["the VAE", "PCA"] if vae < pca else ["PCA", "the VAE"]


def _weights(trace: Trace) -> Sequence[str]:
    into, out = trace.facts["parameters"]
    return list(
        dict.fromkeys(
            f"{guess:,}" for guess in (into + out, 2 * into, into, (into + out) * trace.facts["rows"])
        )
    )


def _code(trace: Trace) -> Sequence[str]:
    told, p = trace.facts, trace.parameters
    guesses = (
        told["bytes_code"],
        told["bytes_in"],
        told["bytes_code"] // 4,
        told["samples"] * p["latent"] * 8,
    )
    return list(dict.fromkeys(f"{guess:,} B" for guess in guesses))


PREDICTIONS = (
    Prediction(lambda t: f"Who rebuilds pixels held out better from {t.parameters['latent']} numbers?", _better,
               lambda t: f"Mean squared error {number(t.facts['vae'][1])} by the VAE, {number(t.facts['pca'][1])} by PCA. Mixtures of "
               "fixed spectra lie on a plane, which PCA finds; a moving peak draws a curve."),
    Prediction(lambda t: f"How large is the code of {t.parameters['full']:,} × {t.parameters['full']:,} pixels in float32?", _code,
               lambda t: f"{t.facts['samples']:,} · {t.parameters['latent']} · 4 bytes."),
    Prediction(lambda _: "How many weights do encoder and decoder have together?", _weights,
               lambda t: " + ".join(f"{count:,}" for count in t.facts["parameters"]) + ": the encoder ends twice, in mean and log variance."),
)  # fmt: skip

PRESETS = (
    Preset("Reshape without a transpose", {"layout": "reshape"},
           "The popular mistake: rows are runs of neighbours in one band, the loss falls, and the maps mean nothing."),
    Preset("PCA wins", {"kind": "mixtures", "noise": 0},
           "Mixtures of five spectra lie on a plane: PCA with five numbers is exact, and the VAE is not."),
    Preset("One number", {"latent": 1},
           "The moving peak has one degree of freedom. With one number each, the VAE's error is half of PCA's."),
    Preset("No KL", {"beta": 0},
           "A plain autoencoder: the standard deviations shrink towards 0, and the code spreads out as it likes."),
    Preset("Beta 4", {"beta": 4},
           "Four times the price for saying something: the KL falls, the codes blur, the error about doubles."),
    Preset("Conv1D", {"encoder": "Conv1D"},
           "Two convolutions along the bands: 15 × 1, 15 × 8, 8 × 16, then mean and log variance; 1,722 weights."),
    Preset("Patches", {"mode": "patch", "patch": 9},
           "Patches of 9 every 4 pixels: the last rows and columns fit into none and are never trained on."),
    Preset("Bernoulli", {"likelihood": "bernoulli"},
           "A likelihood as wide as a coin's: some numbers of the code fall asleep, the same for every pixel, and PCA is as good."),
)  # fmt: skip

CONTROLS = (
    Control("kind", "Scene", labels={"mixtures": "mixtures", "peaks": "moving peaks"}),
    Control("layout", "Cube to table", labels={"transpose": "transpose", "reshape": "reshape only"}),
    Control("bands", "Bands", help="Channels of the picture: places of a spectrum"),
    Control("latent", "Numbers a pixel", high=16),
    Control("hidden", "Hidden units"),
    Control("encoder", "Encoder"),
    Control("beta", "Beta, weight of the KL", help="What the KL divergence in the loss is multiplied by"),
    Control("likelihood", "Likelihood", help="How a band is taken to vary around its rebuilt value"),
    Control("epochs", "Epochs", help="How often every sample is seen", high=200),
    Control("rate", "Learning rate", low=0.001, high=1, log=True),
    Control("fraction", "Share trained on"),
    Control("mode", "Samples", labels={"pixel": "pixels", "patch": "patches"}),
    Control("patch", "Patch", "px", high=40),
    Control("stride", "Patch stride", "px", high=40),
    Control("noise", "Noise"),
    Control("gain", "Largest value"),
    Control("broken", "Broken pixels", high=50),
    Control("masked", "Leave broken pixels out"),
    Control("model_bands", "Bands of the model", auto="as the picture"),
    Control("full", "Side of the whole picture", "px", low=100, high=10000),
    Control("pixel", "Pixel", labels={"height": "row", "width": "column"}),
    Control("seed", "Seed", high=99),
)

LAB = Lab(
    title="One picture, a million spectra: a VAE per pixel",
    question="How can one (15, 2500, 2500) image be compressed to 5 channels with a VAE?",
    technique="spectral-vae",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=TABLES,
    curves=curves,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "variational autoencoder", "VAE", "hyperspectral", "spectrum", "KL divergence", "ELBO", "reparameterisation", "PCA",
        "compression", "latent", "beta-VAE", "posterior collapse", "channels first", "transpose", "reshape", "patches",
        "endmember", "remote sensing", "Conv1D", "training",
    ),
    card=Grid("code", "the compressed picture", rows="row", columns="column"),
)  # fmt: skip
