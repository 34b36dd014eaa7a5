"""The layers of a network as plain facts, read off Keras objects that were really built.

Inside `keras.StatelessScope(initialize_variables=False)` Keras registers variables without allocating
them, so that ResNet152 is built in half a second and no weight is ever filled. (With the scope's
default they are filled on leaving it: half a gigabyte for VGG16.) These functions are shown in the
code tab, so they are free of anything of ours.
"""

from __future__ import annotations

from typing import Any


def built_model(network: str, size: tuple[int, int], rows: tuple[Any, ...] = ()) -> Any:
    """A network of keras.applications for images of this size, or the layers in `rows`, without weights."""
    import keras

    keras.backend.clear_session()  # names count from the beginning, and nothing is left to be filled
    with keras.StatelessScope(initialize_variables=False):
        if not rows:
            model = getattr(keras.applications, network)(weights=None, input_shape=(*size, 3))
        else:
            made = [keras.Input((*size, 3), name="image")]
            for name, kind, sources, config in rows:
                layer = getattr(keras.layers, kind)(name=name, **dict(config))
                inputs = [made[place] for place in sources]
                made.append(layer(inputs if len(inputs) > 1 else inputs[0]))
            model = keras.Model(made[0], made[1:])  # every row is an output: none is left out
    keras.backend.clear_session()
    return model


def network_graph(network: str, size: tuple[int, int], rows: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """Every layer of a network in order: type, what it reads, settings, shape and parameters from Keras."""
    model = built_model(network, size, rows)
    operations = model.operations
    if rows:  # in the order of the table, so that numbers of rows and layers agree
        order = ["image", *(row[0] for row in rows)]
        operations = sorted(operations, key=lambda operation: order.index(operation.name))
    places = {operation.name: place for place, operation in enumerate(operations)}
    return [layer_facts(operation, places) for operation in operations]


def layer_facts(operation: Any, places: dict[str, int]) -> dict[str, Any]:
    """One Keras layer as a dict; `shape` is (height, width, channels), 1 × 1 for a vector."""
    config = operation.get_config() if hasattr(operation, "count_params") else {}
    node = operation._inbound_nodes[0]  # the networks call every layer once
    shape = tuple(operation.output.shape[1:])
    pair = {"kernel_size": "kernel", "pool_size": "kernel", "strides": "stride", "dilation_rate": "dilation"}
    found = {
        "name": operation.name,
        "type": type(operation).__name__,
        "from": [places[parent.operation.name] for parent in node.parent_nodes],
        "shape": shape if len(shape) == 3 else (1, 1, *shape),
        "parameters": operation.count_params() if config else 0,
    }
    found |= {name: tuple(config[key]) for key, name in pair.items() if key in config}
    if found["type"] in ("ZeroPadding2D", "Cropping2D"):
        found["sides"] = config.get("padding") or config.get("cropping")
    if found["type"] == "Normalization":
        found["learned"] = config["mean"] is None  # given numbers are no weights
    kept = ("padding", "filters", "units", "groups", "depth_multiplier", "use_bias", "scale", "center")
    return found | {key: config[key] for key in kept if key in config and key != found.get("sides")}
