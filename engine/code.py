"""The code people paste: the technique's own source, the current values, and the call."""

from __future__ import annotations

import base64
import inspect
import json
import re
import textwrap
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.door import check
from engine.technique import Made, technique

WRITTEN_OUT = 64  # an array of more numbers than this is packed into text


def code(name: str, **parameters: object) -> str:
    """A whole program that computes this technique's tensors and prints them.

    It needs NumPy and TensorFlow only. Raises `Rejected` as the door does.
    """
    found = technique(name)
    read = check(name, parameters)
    arguments = found.arguments(read)
    packed = any(isinstance(v, np.ndarray) and v.size > WRITTEN_OUT for v in arguments.values())
    call = "".join(f"    {key}={literal(value)},\n" for key, value in arguments.items())
    sources = "\n\n".join(_source(part) for part in found.shown)
    return (
        f'"""{found.about}\n\nMade by Tensorscope: {name} with {_settings(found.parameters, read)}\n"""\n\n'
        + "from __future__ import annotations\n\n"
        + _imports(sources, packed)
        + f"import numpy as np\n\n\n{sources}\n\n"
        + f"results = {found.function.__name__}(\n{call})\n"
        + "for name, value in results.items():\n"
        + '    print(name, tuple(np.shape(value)), np.asarray(value), sep="\\n", end="\\n\\n")\n'
    )


def _imports(sources: str, packed: bool) -> str:
    """What the sources and the packed arrays use of the standard library."""
    used = [name for name in ("functools", "math") if re.search(rf"\b{name}\.", sources)]
    names = sorted(used + (["base64", "zlib"] if packed else []))
    return "".join(f"import {name}\n" for name in names) + ("\n" if names else "")


def _source(function: Callable[..., Any]) -> str:
    return re.sub(r" +# type: ignore.*", "", textwrap.dedent(inspect.getsource(function)))


def _settings(parameters: Any, read: Mapping[str, Any]) -> str:
    changed = [f"{p.name}={p.text(read[p.name])}" for p in parameters if read[p.name] != p.default]
    said = ", ".join(changed) or "its defaults"
    return said.replace("\\", "\\\\").replace(
        '"', '\\"'
    )  # typed text must not end the docstring it stands in


def literal(value: Any) -> str:
    """A value as Python source that evaluates to an equal value."""
    if isinstance(value, Made):
        given = ", ".join(f"{key}={literal(item)}" for key, item in value.given.items())
        return f"{value.by.__name__}({given})"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(literal(item) for item in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise TypeError(f"{type(value).__name__} has no literal")


def _array(array: np.ndarray[Any, Any]) -> str:
    if array.size <= WRITTEN_OUT:
        return f'np.array({array.tolist()}, dtype="{array.dtype}")'.replace("nan", "np.nan").replace(
            "inf", "np.inf"
        )
    text = base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
    lines = "\n".join(f'        "{line}"' for line in textwrap.wrap(text, 88))
    return (
        f"np.frombuffer(zlib.decompress(base64.b64decode(\n{lines}\n    )), "
        f'dtype="{array.dtype}").reshape({array.shape})'
    )


def notebook(program: str) -> str:
    """A program as a Jupyter notebook (format 4.5): one cell for the code, its text as lines."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "technique",
        "metadata": {},
        "outputs": [],
        "source": program.splitlines(keepends=True),
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1)
