"""What people say about packing one hyperspectral picture, each with the measurement that decides."""

from __future__ import annotations

from pages.kit.declare import Claim, Measured, Run
from pages.training.spectral_vae_words import number

SHORT = {"epochs": 1}


def _samples(run: Run) -> Measured:
    told = run(**SHORT).facts
    value = (
        f"{told['samples']:,} spectra, {told['bytes_in']:,} bytes in, {told['bytes_code']:,} bytes of code"
    )
    return Measured(value, "holds" if told["samples"] == 6_250_000 else "wrong")


def _conv(run: Run) -> Measured:
    dense, conv = run(), run(encoder="Conv1D")
    value = "; ".join(
        f"{name}: {trace.facts['parameters'][0]:,} weights in the encoder, MSE held out {number(trace.facts['vae'][1])}"
        for name, trace in (("dense", dense), ("Conv1D", conv))
    )
    good = all(trace.facts["vae"][1] < 0.01 for trace in (dense, conv))
    return Measured(value, "holds" if good else "wrong")


def _patches(run: Run) -> Measured:
    trace = run(mode="patch", patch=32, stride=8, **SHORT)
    big = run(mode="patch", patch=9, stride=4, **SHORT)
    whole = run(patch=64, stride=32, **SHORT).facts
    value = f"patches of 64 every 32 of 2500: {whole['full_patches']:,}, the last {whole['full_uncovered']} rows and columns in "
    value += f"none; here, 9 every 4 of 40: {big.facts['never_seen']} pixels in none, 32 every 8: {trace.facts['never_seen']}"
    return Measured(value, "holds" if whole["full_patches"] == 5929 else "wrong")


def _pca(run: Run) -> Measured:
    linear, curved = run(kind="mixtures", noise=0), run()
    value = "; ".join(
        f"{name}: PCA {number(trace.facts['pca'][1])}, VAE {number(trace.facts['vae'][1])}"
        for name, trace in (("five spectra mixed", linear), ("moving peaks", curved))
    )
    first, second = linear.facts, curved.facts
    depends = first["pca"][1] < first["vae"][1] and second["vae"][1] < second["pca"][1]
    return Measured(value, "depends" if depends else "holds")


def _overfit(run: Run) -> Measured:
    told = run(fraction=0.1).facts
    other = run(seed=1)
    here = run()
    apart = float(abs(here["code"].mean(axis=(0, 1)) - other["code"].mean(axis=(0, 1))).max())
    value = f"a tenth of the pixels: MSE {number(told['vae'][0])} on them, {number(told['vae'][1])} on the rest; but a model of "
    value += f"another picture has other axes: mean codes differ by up to {number(apart)} standard deviations of the prior"
    trained, rest = told["vae"]
    return Measured(value, "depends" if rest < 1.5 * trained and apart > 0.1 else "holds")


def _output(run: Run) -> Measured:
    trace = run(**SHORT)
    rows, columns, latent = trace["code"].shape
    value = f"[{rows * columns:,}, {latent}] → [{rows}, {columns}, {latent}] → ({latent}, {rows}, {columns}); whole: "
    value += f"({latent}, 2500, 2500), {trace.facts['bytes_code']:,} bytes"
    return Measured(value, "holds" if latent == 5 else "wrong")


def _reshape(run: Run) -> Measured:
    trace = run(layout="reshape")
    told = trace.facts
    first, last = float(trace["losses"][0, 0]), told["reconstruction"]
    value = f"{told['right_rows']} of {told['rows']:,} rows are a pixel's spectrum, and the loss falls from {number(first)} to {number(last)}"
    return Measured(value, "wrong" if told["right_rows"] < told["rows"] / 20 and last < first else "holds")


CLAIMS = (
    Claim("A picture of 2500 × 2500 gives 6,250,000 samples of length 15.",
          "counted, with bytes of float32", "holds", _samples),
    Claim("Conv1D along the spectrum is sensible, dense layers are too.", "both encoders trained", "holds", _conv),
    Claim("Take patches with a stride of half the patch.", "patches, and pixels in none of them", "holds", _patches),
    Claim("PCA does not perform so well.",
          "five numbers a pixel, on a linear scene and on moving peaks, pixels held out", "depends", _pca),
    Claim("Overfitting does not matter, since it is the same picture.",
          "a tenth of the pixels trained on; codes of two pictures", "depends", _overfit),
    Claim("The compressed picture is (5, 2500, 2500).", "posterior means, reshaped", "holds", _output),
    Claim("cube.reshape(-1, 15) gives one spectrum a row; a loss that falls proves it.",
          "rows that are a pixel's spectrum, and the loss", "wrong", _reshape),
)  # fmt: skip
