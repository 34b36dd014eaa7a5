"""A memory for training runs of one process: the same question is not trained twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

Results = dict[str, Any]


def keeping(make: Callable[..., Results], most: int) -> Callable[..., Results]:
    """The function with its last answers; `heard`, who is told of its progress, is no part of the question."""
    memory: OrderedDict[str, Results] = OrderedDict()

    @wraps(make)
    def remembered(heard: Callable[..., object], **asked: Any) -> Results:
        key = repr(sorted(asked.items()))
        if key not in memory:
            memory[key] = make(**asked, heard=heard)
        memory.move_to_end(key)
        while len(memory) > most:
            memory.popitem(last=False)
        return memory[key]

    return remembered
