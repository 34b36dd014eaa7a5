"""The device TensorFlow computes on: a GPU where it sees one, else the CPU. Worker side only."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

from engine.settings import settings


def _load() -> None:
    """Import TensorFlow in a thread that gives way, so that pages are served meanwhile."""
    if sys.platform == "linux":  # where a nice value is a thread's own
        os.setpriority(os.PRIO_PROCESS, 0, max(10, os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(ImportError):  # said by the import that follows
        import tensorflow as tf  # noqa: F401


def prepare() -> tuple[str, str]:
    """Import TensorFlow, choose the device, and name it: ("CPU", "2.21.0").

    A GPU's memory grows with need, so that several workers can share one. Raises RuntimeError
    when TENSORSCOPE_DEVICE asks for a device that is not there.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    loading = threading.Thread(target=_load)
    loading.start()
    loading.join()
    import tensorflow as tf

    wanted = settings().device
    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "cpu" or (not wanted and not gpus):
        tf.config.set_visible_devices([], "GPU")
        return "CPU", tf.__version__
    kind, _, number = (wanted or "gpu").partition(":")
    place = int(number) if number.isdigit() else 0
    if kind != "gpu" or place >= len(gpus):
        raise RuntimeError(
            f"TENSORSCOPE_DEVICE: received {wanted!r}; TensorFlow sees {len(gpus)} GPU(s); "
            "fix: unset it or choose cpu, gpu or gpu:0"
        )
    tf.config.set_visible_devices(gpus[place], "GPU")
    tf.config.experimental.set_memory_growth(gpus[place], True)
    details = tf.config.experimental.get_device_details(gpus[place])
    return f"GPU:{place} {details.get('device_name', '')}".strip(), tf.__version__
