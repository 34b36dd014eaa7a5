"""How the skip-connection lab writes sizes and names repairs."""

from __future__ import annotations

from collections.abc import Sequence

REPAIRS = {
    "none": "none",
    "crop-encoder": "crop the encoder's map",
    "crop-decoder": "crop the decoder's map",
    "crop-both": "crop both",
    "pad-smaller": "pad the smaller map",
    "resize-decoder": "resize the decoder's map",
    "output-shape": "give output_shape",
    "pad-input": "pad the image",
    "another-size": "choose another size",
}


def two(pair: Sequence[object]) -> str:
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
