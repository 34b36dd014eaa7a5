"""A hyperspectral scene made from a seed, with known endmembers or moving peaks; and its pixels as samples."""

from __future__ import annotations

import numpy as np


def scene(kind, bands, size, noise, gain, broken, seed):  # type: ignore[no-untyped-def]
    """A cube as cameras store it, channels first: float32[band, row, column], from 0 to `gain`.

    "mixtures": every pixel is a mixture of five fixed spectra (a linear model of rank 5). "peaks": one
    Gaussian peak whose place along the bands moves over the picture: a curve, no plane. `broken` pixels are NaN.
    """
    generator = np.random.default_rng([seed, 7])
    place = np.linspace(0, 1, bands)
    rows, columns = np.mgrid[0:size, 0:size] / size

    def smooth():  # type: ignore[no-untyped-def]
        waves = generator.normal(size=(6, 4))
        return sum(a * np.cos(2 * np.pi * (b * rows + c * columns) + 3 * d) for a, b, c, d in waves)

    if kind == "mixtures":
        centres, widths = np.linspace(0.05, 0.95, 5), generator.uniform(0.08, 0.2, 5)
        spectra = np.exp(-0.5 * ((place - centres[:, None]) / widths[:, None]) ** 2)
        amounts = np.exp(np.stack([smooth() for _ in range(5)]))
        cube = np.einsum("erc,eb->brc", amounts / amounts.sum(axis=0), spectra)
    else:
        field = smooth()
        centre = (field - field.min()) / (field.max() - field.min())
        cube = np.exp(-0.5 * ((place[:, None, None] - centre) / 0.06) ** 2)
    cube = np.clip(cube + noise * generator.normal(size=cube.shape), 0, 1) * gain
    cube.reshape(bands, -1)[:, generator.permutation(size * size)[:broken]] = np.nan
    return cube.astype("float32")


def pixels(cube, layout):  # type: ignore[no-untyped-def]
    """The cube as a table of spectra, one row a pixel: float32[pixel, band].

    "transpose" moves the bands last first. "reshape" does not, and each row is then a run of neighbours in one band.
    """
    bands = len(cube)
    return cube.transpose(1, 2, 0).reshape(-1, bands) if layout == "transpose" else cube.reshape(-1, bands)


def patch_rows(size, patch, stride):  # type: ignore[no-untyped-def]
    """The pixels of each patch, as rows of that table: int64[patch, pixel]. What does not fit is left out."""
    starts = np.arange(0, size - patch + 1, stride)
    inside = np.arange(patch)[:, None] * size + np.arange(patch)
    corners = starts[:, None] * size + starts
    return corners.reshape(-1, 1) + inside.reshape(-1)


def principal(train, everything, latent):  # type: ignore[no-untyped-def]
    """PCA: every row rebuilt from its `latent` largest components, and the share of variance they hold."""
    middle = train.mean(axis=0)
    _, singular, axes = np.linalg.svd(train - middle, full_matrices=False)
    axes = axes[:latent]
    share = (singular[:latent] ** 2).sum() / max((singular**2).sum(), 1e-300)
    return middle + (everything - middle) @ axes.T @ axes, share
