"""Every case of Dumoulin & Visin's guide, and states that show where libraries part.

"A guide to convolution arithmetic for deep learning", https://arxiv.org/abs/1603.07285: its figures
in the numbering of chapters 2 (convolution), 3 (pooling), 4 (transposed) and 5 (dilated).
"""

from __future__ import annotations

from typing import Any

from pages.kit.declare import Preset


def case(i: int, k: int, s: int = 1, p: int = 0) -> dict[str, Any]:
    """Input i, kernel k, stride s, padding p, as the guide writes them."""
    given = {"size": i, "kernel": k, "stride": s}
    return given | ({"padding": "symmetric", "pad": p} if p else {})


def back(i: int, k: int, s: int = 1, p: int = 0, a: int | None = None) -> dict[str, Any]:
    """The transposed convolution of a case: from its output back to its input's size."""
    added = {} if a is None else {"output_padding": a}
    return {"operation": "transposed", **case(i, k, s, p), **added}


GUIDE = (
    Preset("Guide 2.1 · no padding, unit stride", case(4, 3),
           "o = (i − k) + 1 = 2: each side loses half a kernel."),
    Preset("Guide 2.2 · arbitrary padding", case(5, 4, p=2),
           "o = (i − k) + 2p + 1 = 6: padding can make the output larger than the input."),
    Preset("Guide 2.3 · half (same) padding", case(5, 3, p=1),
           "p = ⌊k/2⌋ with an odd kernel keeps the size, and every cell is still read."),
    Preset("Guide 2.4 · full padding", case(5, 3, p=2),
           "p = k − 1: every way the kernel can overlap the input, so the output grows to i + k − 1 = 7."),
    Preset("Guide 2.5 · strided, no padding", case(5, 3, 2),
           "o = ⌊(i − k)/s⌋ + 1 = 2: the windows share one row and one column."),
    Preset("Guide 2.6 · strided and padded", case(5, 3, 2, 1),
           "o = ⌊(i + 2p − k)/s⌋ + 1 = 3. These are the numbers of the guide's figure 1.2."),
    Preset("Guide 2.7 · strided and padded, odd", case(6, 3, 2, 1),
           "6 gives 3, as 5 did: the fraction is floored and the last row and column of padding are never read."),
    Preset("Guide 3 · average pooling", {"operation": "avg-pool"},
           "Pooling follows the same arithmetic, without weights: figure 1.5 of the guide."),
    Preset("Guide 3 · max pooling", {"operation": "max-pool"},
           "Figure 1.6: 3 wins almost everywhere. See which cell won: of equal ones, the first."),
    Preset("Guide 4.1 · transposed, no padding", back(2, 3),
           "2 back to 4: o′ = i′ + (k − 1). It is a convolution with full padding."),
    Preset("Guide 4.2 · transposed of arbitrary padding", back(6, 4, p=2),
           "6 back to 5: padding of the convolution is cut off by its transpose."),
    Preset("Guide 4.3 · transposed of half padding", back(5, 3, p=1),
           "5 back to 5: half padding is its own counterpart."),
    Preset("Guide 4.4 · transposed of full padding", back(7, 3, p=2),
           "7 back to 5: the transpose of full padding is no padding at all."),
    Preset("Guide 4.5 · transposed, strided", back(2, 3, 2, a=0),
           "2 back to 5: a stride of 2 puts a zero between the cells, and the window then moves by 1."),
    Preset("Guide 4.6 · transposed, strided, padded", back(3, 3, 2, 1),
           "3 back to 5: zeros between the cells, and one row and column cut off at each end."),
    Preset("Guide 4.7 · transposed with output padding", back(3, 3, 2, 1, a=1),
           "3 back to 6 needs output padding 1: both 5 and 6 gave 3, and the sizes alone cannot tell which it was."),
    Preset("Guide 5.1 · dilated", case(7, 3) | {"dilation": 2},
           "Nine taps span 5 × 5: o = ⌊(i − 5)/s⌋ + 1 = 3, and not one weight more."),
)  # fmt: skip

HERE = (
    Preset("SAME beside PyTorch's padding=1",
           {"size": 6, "stride": 2, "padding": "SAME", "compare": "symmetric"},
           "The popular mistake in porting weights: same sizes, other numbers. SAME pads 0 before and 1 after, so every "
           "window sits one cell further down and right."),
    Preset("The same two on an odd input", {"size": 7, "stride": 2, "padding": "SAME", "compare": "symmetric"},
           "With 7 cells SAME pads 1 and 1, and the two agree: the bug hides until the input size changes."),
    Preset("An even kernel has no middle", {"kernel": 4, "padding": "SAME", "compare": "symmetric", "pad": 2},
           "Padding ⌊k/2⌋ with an even kernel gives 6 × 6; SAME keeps 5 × 5 with 1 zero before and 2 after."),
    Preset("The dropped row", {"size": 8, "stride": 3, "kernel": 3},
           "⌊(8 − 3)/3⌋ + 1 = 2: rows and columns 7 and 8 are crossed out, no window reads them, and their gradient is 0."),
    Preset("1 × 1 with stride 2", {"size": 8, "kernel": 1, "stride": 2, "weights": "ones"},
           "Three quarters of the input are never read: what ResNet's shortcuts do."),
    Preset("Checkerboard", {"operation": "transposed", "size": 6, "kernel": 3, "stride": 2, "image": "ones",
                            "weights": "ones", "padding": "SAME"},
           "A constant input comes out as a checkerboard: with kernel 3 and stride 2 a cell sums 1, 2 or 4 products."),
    Preset("No checkerboard", {"operation": "transposed", "size": 6, "kernel": 4, "stride": 2, "image": "ones",
                               "weights": "ones", "padding": "SAME"},
           "Kernel 4 is a multiple of stride 2: away from the border every cell sums 4 products."),
    Preset("Causal", {"dimensions": "1-D", "size": 10, "padding": "causal", "dilation": 2, "image": "ramp"},
           "All zeros come before: output t reads t, t − 2 and t − 4, never the future."),
    Preset("Average pooling at the border", {"operation": "avg-pool", "padding": "SAME", "image": "ones"},
           "Everything stays 1: TensorFlow leaves padding out of the mean. Switch on counting, as PyTorch does: 4/9 in the corner."),
    Preset("Max pooling of negative numbers", {"operation": "max-pool", "padding": "SAME", "values": "-5,-1,-4,-2,-3"},
           "No zero appears: max pooling pads with −∞, so padding never wins."),
    Preset("Grouped", {"channels": 4, "filters": 4, "groups": 2},
           "Each filter reads only the channels of its group: half the weights of a full convolution."),
    Preset("Depthwise", {"operation": "depthwise", "channels": 3, "multiplier": 2, "weights": "random"},
           "Every channel has filters of its own, and channels are never summed: as many groups as channels."),
    Preset("3-D", {"dimensions": "3-D", "depth": "4.2.2.1.0.0.0", "size": 5},
           "A window with depth: 4 planes, kernel 2 and stride 2 along the depth leave 2."),
)  # fmt: skip

PRESETS = (*GUIDE, *HERE)
