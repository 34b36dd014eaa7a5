"""The numbers of a state as files: every tensor as .npz, one tensor as .csv for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine import Tensor, Trace

TENSOR = "tensor"  # in the address of a .csv: which one
MOST_BYTES = 128 * 2**20  # of all tensors together
MOST_ROWS = 500_000  # of a .csv; spreadsheets end at a million
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same numbers are the same file
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


class TooLarge(ValueError):
    """More than a download may hold; the text says what to do."""


def file_name(*parts: str) -> str:
    """A file's name of plain letters: it travels in a header."""
    return "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-")[:60] or "x" for part in parts)


def npz(trace: Trace) -> bytes:
    """Every tensor under its name, as `numpy.load` reads it without pickle.

    Written by hand, since `numpy.savez` takes no tensor that is called `file`.
    """
    size = sum(tensor.values.nbytes for tensor in trace.tensors.values())
    if size > MOST_BYTES:
        raise TooLarge(
            f"{size / 2**20:.0f} MiB of tensors; at most {MOST_BYTES / 2**20:.0f}; choose smaller sizes"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, tensor in trace.tensors.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", EPOCH), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, plain(tensor.values), allow_pickle=False)
    return packed.getvalue()


def plain(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values of a kind that NumPy alone can store: bfloat16 as float32, objects as text."""
    if values.dtype.kind in "biufcSU":
        return np.ascontiguousarray(values).reshape(values.shape)
    return values.astype("U" if values.dtype.kind == "O" else "float32")


def table(tensor: Tensor) -> str:
    """A tensor in long form: a row for each cell, with its place on every axis and its value.

    Of a piece of something larger, places are those in the whole, as on the page.
    """
    if tensor.values.size > MOST_ROWS:
        raise TooLarge(f"{tensor.values.size:,} cells; at most {MOST_ROWS:,} as CSV; take the .npz")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow([safe(axis) for axis in tensor.axes] + ["value"])
    rows.writerows(_rows(tensor))
    return text.getvalue()


def _rows(tensor: Tensor) -> Iterator[list[object]]:
    origin = tensor.origin or (0,) * len(tensor.axes)
    numbers = tensor.values.dtype.kind not in "SUO"
    for index, value in np.ndenumerate(tensor.values):
        place = (at + start for at, start in zip(index, origin, strict=True))
        yield [*place, str(value) if numbers else safe(str(value))]


def safe(text: str) -> str:
    """Text that a spreadsheet shows and never runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
