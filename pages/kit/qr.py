"""A link as a QR code: an SVG of one path, black on white in every theme, with the quiet border readers need."""

from __future__ import annotations

import segno
from segno.encoder import DataOverflowError

QUIET = 4  # modules of white around the code, as the standard wants it


def qr_svg(text: str) -> str | None:
    """The code of a text; None for one that is too long (2,953 bytes are the most there is room for)."""
    try:
        code = segno.make(text, error="l", micro=False, boost_error=True)
    except DataOverflowError:
        return None
    rows = [bytes(row) for row in code.matrix]
    path = "".join(_row(row, place) for place, row in enumerate(rows))
    side = len(rows) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side * 16}" height="{side * 16}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )


def _row(row: bytes, place: int) -> str:
    """The dark modules of a row, neighbours as one stroke."""
    found, start = [], None
    for column, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            found.append(f"M{start + QUIET} {place + QUIET}h{column - start}v1h-{column - start}z")
            start = None
    return "".join(found)
