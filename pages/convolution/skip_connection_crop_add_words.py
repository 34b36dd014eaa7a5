"""How the skip-connection lab writes sizes and names repairs."""

from __future__ import annotations

from collections.abc import Sequence

REPAIRS = {
    "none": "none: add as they are",
    "crop-encoder": "crop the encoder's map (crop_and_add)",
    "crop-decoder": "crop the decoder's map",
    "crop-both": "crop both to the smaller",
    "pad-smaller": "pad the smaller with zeros",
    "resize-decoder": "resize the decoder's map",
    "output-shape": "conv2d_transpose with output_shape",
    "pad-input": "pad the image to a multiple",
    "another-size": "choose another size",
}


def two(pair: Sequence[int]) -> str:
    """Height × width."""
    return f"{pair[0]} × {pair[1]}"


def sizes(numbers: Sequence[int]) -> str:
    """Numbers with runs written short: 0, 29–31."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    written = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    shown = written if len(written) <= 6 else [*written[:5], "…"]
    return "{" + ", ".join(shown) + "}"
