"""Independent random streams, derived from one seed and the name of the work."""

import hashlib

import numpy as np


def derive_seed(seed: int, *labels: str | int, bits: int = 63) -> int:
    """Turn the study's seed and a path of labels into a seed of its own.

    Streams depend on labels only, never on the order or number of jobs, so that a result is the
    same on any number of cores.

    Args:
        seed: the study's seed.
        labels: what the stream is for, e.g. ``("background", "shower", 3)``.
        bits: width of the returned integer; Pythia, for one, takes less than 30.

    Returns:
        An integer in [0, 2**bits).

    >>> derive_seed(1, "a", 2) == derive_seed(1, "a", 2) != derive_seed(1, "a", 3)
    True
    """
    text = "\x1f".join([str(int(seed)), *map(str, labels)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big") % (1 << bits)


def stream(seed: int, *labels: str | int) -> np.random.Generator:
    """Return the random generator of the work named by ``labels`` (see `derive_seed`)."""
    return np.random.default_rng(derive_seed(seed, *labels))
