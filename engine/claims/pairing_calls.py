"""What tf.data does with random numbers, seeds, copies and wrong lists. A claim asks here instead of remembering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (Integer("seed", 0, 0, 9999, "seed of everything that takes one"),)


def check(seed: int) -> None:
    """Nothing to hold beyond the bounds."""


def cost(seed: int) -> Cost:
    """A few small pipelines."""
    return Cost(memory=2**22, work=10**9)


def arguments(seed: int) -> dict[str, Any]:
    return {"seed": seed}


def refusal(call):  # type: ignore[no-untyped-def]
    """What TensorFlow says to a call, its first line."""
    try:
        return f"no error: {call()}"
    except Exception as error:
        return str(getattr(error, "message", "") or error).partition("\n")[0]


def passes(dataset, epochs=4):  # type: ignore[no-untyped-def]
    """Whether all passes over a data set give the same."""
    import numpy as np

    every = [[int(value) for value in dataset] for _ in range(epochs)]
    return bool(np.all(np.array(every) == every[0]))


def copies(count):  # type: ignore[no-untyped-def]
    """Seconds to read `count` data sets of 6 elements, concatenated one after the other."""
    import time

    import tensorflow as tf

    whole = tf.data.Dataset.range(6)
    for _ in range(count - 1):
        whole = whole.concatenate(tf.data.Dataset.range(6))
    start = time.perf_counter()
    read = sum(1 for _ in whole)
    return read, time.perf_counter() - start


def repeatable(seed, stateless, tries=20):  # type: ignore[no-untyped-def]
    """Whether seeded draws in a parallel map are the same when the program runs again."""
    import numpy as np
    import tensorflow as tf

    def draws():  # type: ignore[no-untyped-def]
        generator = tf.random.Generator.from_seed(seed)

        def one(n):  # type: ignore[no-untyped-def]
            if stateless:
                return tf.random.stateless_uniform([], [seed, n], 0, 10**6, tf.int32)
            return generator.uniform([], 0, 10**6, tf.int32)

        whole = tf.data.Dataset.range(500).map(one, 8, deterministic=True).batch(500)
        options = tf.data.Options()
        options.threading.private_threadpool_size = 8  # as many threads on a single core
        return next(iter(whole.with_options(options))).numpy()

    first = draws()
    return all(np.array_equal(first, draws()) for _ in range(tries if not stateless else 2))


def pairing_calls(seed):  # type: ignore[no-untyped-def]
    """Frozen or not, bool[way]; seconds, float64[copies]; three refusals; the same again in parallel, bool[kind]."""
    import keras
    import tensorflow as tf

    base = tf.data.Dataset.range(10)

    def draws():  # type: ignore[no-untyped-def]
        return base.map(lambda _: tf.random.uniform([], 0, 1000, tf.int32))

    tf.random.set_seed(seed)
    frozen = {"tf.random.set_seed": passes(draws()), "shuffle, seeded": passes(base.shuffle(10, seed=seed))}
    keras.utils.set_random_seed(seed)
    frozen["keras.utils.set_random_seed"] = passes(draws())
    tf.random.set_seed(None)
    frozen["no seed"] = passes(draws())
    table = tf.range(10)
    refusals = [
        refusal(lambda: tf.random.uniform([], 0, 0, tf.int32)),
        refusal(lambda: tf.gather(table, 12)),
        refusal(lambda: tf.gather(table, 10)),
    ]
    timed = [copies(count) for count in (10, 100)]
    return {
        "ways": tf.constant(list(frozen)),
        "frozen": tf.constant(list(frozen.values())),
        "refusals": tf.constant(refusals),
        "read": tf.constant([read for read, _ in timed]),
        "seconds": tf.constant([seconds for _, seconds in timed], tf.float64),
        "repeatable": tf.constant([repeatable(seed, stateless) for stateless in (False, True)]),
    }


SHOWN = (refusal, passes, copies, repeatable)


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `frozen` by way, `empty`, `outside`, `one_based`: refusals, `seconds` of 10 and 100 copies."""
    ways = [bytes(name).decode() for name in results["ways"]]
    said = [bytes(text).decode() for text in results["refusals"]]
    told: dict[str, Any] = dict(zip(("empty", "outside", "one_based"), said, strict=True))
    told["frozen"] = dict(zip(ways, results["frozen"].tolist(), strict=True))
    told["repeatable"] = dict(zip(("stateful", "stateless"), results["repeatable"].tolist(), strict=True))
    return Story({}, (), told | {"seconds": results["seconds"].tolist(), "read": results["read"].tolist()})
