"""Which names of TensorFlow, Keras and NumPy exist in the installed versions, and what they take.

Old answers use functions that are gone. A claim about one asks here instead of remembering.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import shown
from engine.technique import Cost, Story
from engine.trace import Tensor

# A root, then one to six parts. No part starts or ends with an underscore or holds two together,
# so nothing private and no dunder can be reached.
_PART = r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*"
_NAME = re.compile(rf"(?:tf|keras|np)(?:\.{_PART}){{1,6}}")
_LONGEST = 100  # characters of one name


@dataclass(frozen=True)
class Names:
    """A list of dotted names under tf, keras or np: `tf.get_variable,np.infty`."""

    name: str
    default: tuple[str, ...]
    most: int
    about: str = ""

    @property
    def expected(self) -> str:
        return f"1 to {self.most} names such as tf.nn.softmax or keras.layers.Softmax, separated by commas"

    def read(self, value: object) -> tuple[str, ...]:
        parts = self._parts(value)
        if parts is None or not 1 <= len(parts) <= self.most:
            raise Rejected(self.name, shown(value), self.expected, f"give {self.expected}")
        for part in parts:
            if not isinstance(part, str) or len(part) > _LONGEST or not _NAME.fullmatch(part):
                fix = "start with tf., keras. or np. and write public names only, no leading underscore"
                raise Rejected(self.name, shown(part), self.expected, fix)
        return tuple(parts)

    def _parts(self, value: object) -> list[Any] | None:
        if isinstance(value, str):
            too_long = len(value) > self.most * (_LONGEST + 2)
            return None if too_long else [part.strip() for part in value.split(",")]
        return list(value) if isinstance(value, Sequence) else None

    def text(self, value: tuple[str, ...]) -> str:
        return ",".join(value)


PARAMETERS = (
    Names(
        "names",
        default=("tf.get_variable", "keras.layers.Softmax", "np.infty"),
        most=32,
        about="dotted names to look for",
    ),
)


def check(names: tuple[str, ...]) -> None:
    """Nothing beyond what `Names` checks."""


def cost(names: tuple[str, ...]) -> Cost:
    return Cost(memory=4096 * len(names), work=1000 * len(names))


def arguments(names: tuple[str, ...]) -> dict[str, Any]:
    return {"names": list(names)}


def find(name: str) -> object:
    """The object a dotted name stands for, found one attribute at a time; None if there is none."""
    import keras
    import tensorflow as tf

    root, *parts = name.split(".")
    found: object = {"tf": tf, "keras": keras, "np": np}[root]
    for part in parts:
        try:
            found = getattr(found, part)
        except (AttributeError, ImportError):
            return None
    return found


def argument_names(found: object) -> str:
    """The argument names of a function or class, joined by commas; "" where Python cannot tell."""
    import inspect

    try:
        signature = inspect.signature(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    return ",".join(str(p).split(":")[0].split("=")[0] for p in signature.parameters.values())


SHOWN = (find, argument_names)


def installed_names(names):  # type: ignore[no-untyped-def]
    """For each name whether it exists, and the arguments of what it stands for.

    present: int32[name], 1 or 0; arguments: string[name], "" for what is absent or not callable.
    """
    import tensorflow as tf

    found = [find(name) for name in names]
    takes = [argument_names(item) if callable(item) else "" for item in found]
    return {
        "present": tf.constant([int(item is not None) for item in found], tf.int32),
        "arguments": tf.constant(takes, tf.string),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `present` and `absent` names, `arguments` of the callable ones by name."""
    names = parameters["names"]
    there = [bool(flag) for flag in results["present"]]
    takes = [bytes(text).decode() for text in results["arguments"]]
    facts = {
        "present": tuple(name for name, flag in zip(names, there, strict=True) if flag),
        "absent": tuple(name for name, flag in zip(names, there, strict=True) if not flag),
        "arguments": {n: tuple(t.split(",")) for n, t in zip(names, takes, strict=True) if t},
    }
    about = "1 for each name that exists, in the order asked"
    return Story({"present": Tensor(results["present"], ("name",), about)}, (), facts)
