"""NASNet-A by formula: every cell's channels and parameters, without building anything.

Follows Zoph et al., 2018, "Learning Transferable Architectures for Scalable Image Recognition",
https://arxiv.org/abs/1707.07012, as keras.applications builds it: a cell first squeezes both of its
inputs to its own number of filters; a separable convolution is applied twice, each time followed by
batch normalization. Held against Keras' own model in the tests and on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Rejected

NORMAL = (("h", 5), ("p", 3), ("p", 5), ("p", 3), ("h", 3))  # separable convolutions: input, kernel
REDUCTION = (("h", 5), ("p", 7), ("p", 7), ("p", 5), ("x1", 3))


@dataclass(frozen=True)
class Network:
    """A NASNet-A's settings, by the names keras.applications gives them."""

    penultimate: int
    blocks: int
    multiplier: int
    stem: int
    image: int
    classes: int
    skip: bool

    @property
    def filters(self) -> int:
        """Filters of the first normal cells: penultimate / 24."""
        return self.penultimate // 24

    def settings(self) -> dict[str, object]:
        """The arguments of Keras' NASNet."""
        return {
            "input_shape": (self.image, self.image, 3),
            "penultimate_filters": self.penultimate,
            "num_blocks": self.blocks,
            "stem_block_filters": self.stem,
            "skip_reduction": self.skip,
            "filter_multiplier": self.multiplier,
            "classes": self.classes,
        }


@dataclass(frozen=True)
class Cell:
    """One cell's ledger. `squeeze`, `adjust`, `separable` and `norm` are parameters.

    `before` and `previous` are the channels of its two inputs, `side` the height of its output. The
    stem's convolution and the dense layer at the top stand under `squeeze`: they bring the channels
    to what the next needs.
    """

    name: str
    kind: str
    before: int
    previous: int
    filters: int
    squeeze: int
    adjust: int
    separable: int
    norm: int
    depth: int
    side: int

    @property
    def parameters(self) -> int:
        return self.squeeze + self.adjust + self.separable + self.norm


def separable(kernel: int, before: int, after: int) -> int:
    """Weights of one separable convolution without bias: depthwise k²·C_in, pointwise C_in·C_out."""
    return kernel**2 * before + before * after


def check_network(network: Network) -> None:
    """What Keras' NASNet needs. Raises `Rejected`."""
    multiple = 24 * network.multiplier**2
    if network.penultimate % multiple:
        nearest = max(1, round(network.penultimate / multiple)) * multiple
        raise Rejected(
            "penultimate",
            str(network.penultimate),
            f"a multiple of 24 * (filter_multiplier ** 2) = {multiple}",
            f"the nearest is {nearest}",
            {"penultimate": nearest},
        )
    if network.filters % 2:
        raise Rejected(
            "penultimate",
            str(network.penultimate),
            f"an even number of filters in each cell; penultimate / 24 is {network.filters}",
            "after a reduction the previous path is joined from two halves of filters // 2 channels, and "
            f"{network.filters // 2} + {network.filters // 2} cannot be added to {network.filters}: "
            f"choose {network.penultimate + multiple}",
            {"penultimate": network.penultimate + multiple},
        )


def ledger(network: Network) -> list[Cell]:
    """Every cell in order, with the stem before and the dense layer after them."""
    side, wide = (network.image - 3) // 2 + 1, network.stem
    cells = [Cell("stem", "conv 3×3", 3, 0, wide, 3 * 3 * 3 * wide, 0, 0, 4 * wide, wide, side)]

    def add(name: str, kind: str, filters: int, previous: Cell | None) -> None:
        last = cells[-1]
        smaller = previous is not None and previous.side != last.side
        cells.append(_cell(name, kind, filters, last, previous, smaller))

    f, by, blocks = network.filters, network.multiplier, network.blocks
    add("stem_1", "reduction", f // by**2, None)
    add("stem_2", "reduction", f // by, cells[-2])
    before = cells[-2]  # what a cell gets beside its input: the input of the cell before it
    for group in range(3):
        for block in range(blocks):
            number = group * blocks + block + (1 if group else 0)  # as Keras numbers them
            add(str(number), "normal", f * by**group, before)
            before = cells[-2]
        if group < 2:
            add(f"reduce_{(group + 1) * blocks}", "reduction", f * by ** (group + 1), before)
            before = before if network.skip else cells[-2]
    depth, classes = cells[-1].depth, network.classes
    return [*cells, Cell("top", "dense", depth, 0, classes, (depth + 1) * classes, 0, 0, 0, classes, 1)]


def _cell(name: str, kind: str, filters: int, last: Cell, previous: Cell | None, smaller: bool) -> Cell:
    """One cell of `filters` on the output of `last`; `previous` is its second input."""
    other = previous.depth if previous else last.depth
    p, adjust, norms = other, 0, 1
    if smaller:  # two 1x1 convolutions on every second pixel, joined
        p, adjust, norms = 2 * (filters // 2), other * 2 * (filters // 2), 2
    elif previous and other != filters:
        p, adjust, norms = filters, other * filters, 2
    inputs = {"h": filters, "p": p, "x1": filters}
    uses = NORMAL if kind == "normal" else REDUCTION
    weights = sum(separable(k, inputs[x], filters) + separable(k, filters, filters) for x, k in uses)
    norm = 4 * (filters + (p if norms == 2 else 0) + 2 * len(uses) * filters)
    reduced = kind == "reduction"
    return Cell(
        name=name,
        kind=kind,
        before=last.depth,
        previous=other,
        filters=filters,
        squeeze=last.depth * filters,
        adjust=adjust,
        separable=weights,
        norm=norm,
        depth=4 * filters if reduced else p + 5 * filters,
        side=-(-last.side // 2) if reduced else last.side,
    )


def trainable(cells: list[Cell]) -> int:
    """All parameters but the moving mean and variance: half of every batch normalization."""
    return sum(cell.parameters - cell.norm // 2 for cell in cells)
