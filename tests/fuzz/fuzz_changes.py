"""Damage to files: of bytes, of numbers in text, of the structure of JSON, YAML and HDF5."""

import copy
import gzip
import json
import re

import h5py
import numpy as np
import yaml

_NUMBER = re.compile(rb"[-+]?\d[\d.eE+-]*")
_WORDS = (
    b"nan", b"inf", b"-inf", b"0", b"-1", b"1e400", b"-1e30", b"99999999999999999999", b"1_0",
    b"", b"x", b"0x10", b"1.5", b"2147483648",
)  # fmt: skip
VALUES = (
    None, "", "x", "nan", True, False, 0, -1, 1, 1e308, -1e308, float("nan"), float("inf"),
    10**30, 2**63, [], {}, [[]], [None], {"a": None}, "é" * 100, 1e-300,
)  # fmt: skip


def damage_bytes(rng, data, kind=None):
    """Return damaged bytes: some turned, overwritten, cut, taken out, twice, or put in."""
    data = bytearray(data)
    size = len(data)
    start = int(rng.integers(size))
    length = int(min(size - start, 1 + rng.geometric(0.02)))
    kind = int(rng.integers(8)) if kind is None else kind
    if kind <= 1:
        for place in rng.integers(size, size=1 + int(rng.integers(8))):
            data[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        data[start : start + length] = rng.bytes(length)
    elif kind == 3:
        data[start : start + length] = bytes([(0, 255)[int(rng.integers(2))]]) * length
    elif kind == 4:
        del data[start:]
    elif kind == 5:
        del data[start : start + length]
    elif kind == 6:
        data[start:start] = data[start : start + length]
    else:
        data[start:start] = rng.bytes(length)
    return bytes(data)


def damage_text(rng, data):
    """Return text with a number replaced, a line out or twice, or with damaged bytes."""
    kind = int(rng.integers(4))
    if kind <= 1:
        found = list(_NUMBER.finditer(data))
        one = found[int(rng.integers(len(found)))]
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        return data[: one.start()] + word + data[one.end() :]
    if kind == 2:
        lines = data.split(b"\n")
        place, other = (int(rng.integers(len(lines))) for _ in range(2))
        if rng.random() < 0.5:
            del lines[place]
        else:
            lines.insert(other, lines[place])
        return b"\n".join(lines)
    return damage_bytes(rng, data)


def damage_zipped(rng, data):
    """Return a gzip file, damaged inside or outside."""
    if rng.random() < 0.3:
        return damage_bytes(rng, gzip.compress(data, 1))
    return gzip.compress(damage_text(rng, data), 1)


def _places(content, path=()):
    yield path
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _places(value, (*path, key))
        else:
            yield (*path, key)


def damage_tree(rng, content):
    """Return a copy of nested lists and mappings with one or two places changed."""
    content = copy.deepcopy(content)
    for _ in range(1 + int(rng.random() < 0.3)):
        places = [place for place in _places(content) if place]
        if not places:
            break
        place = places[int(rng.integers(len(places)))]
        parent = content
        for key in place[:-1]:
            parent = parent[key]
        key, kind = place[-1], int(rng.integers(5))
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        elif kind == 1:
            parent[f"{key}x"] = parent.pop(key)
        elif kind == 2:
            other = content
            for step in places[int(rng.integers(len(places)))]:
                other = other[step] if _has(other, step) else other
            parent[key] = copy.deepcopy(other) if other is not content else None
        else:
            parent[key] = VALUES[int(rng.integers(len(VALUES)))]
    return content


def _has(content, key):
    if isinstance(content, dict):
        return key in content
    return isinstance(content, list) and isinstance(key, int) and key < len(content)


def damage_json(rng, data):
    """Return JSON, damaged in its structure mostly."""
    if rng.random() < 0.25:
        return damage_text(rng, data)
    return json.dumps(damage_tree(rng, json.loads(data))).encode()


def damage_yaml(rng, data):
    """Return YAML, damaged in its structure mostly."""
    if rng.random() < 0.3:
        return damage_text(rng, data)
    content = damage_tree(rng, yaml.safe_load(data))
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()


def _columns(file):
    names = []
    file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    return names


def break_hdf5(rng, path, required):
    """Break the structure of an HDF5 file in place, so that no reader may take it."""
    with h5py.File(path, "r+") as file:
        name = required[int(rng.integers(len(required)))]
        column = file[name]
        shape, dtype = column.shape, column.dtype
        values = column[()]
        kind = int(rng.integers(10))
        del file[name]
        if kind == 0:
            pass
        elif kind == 1:
            file.create_group(name)
        elif kind == 2:
            file[name] = h5py.SoftLink("/nowhere/at/all")
        elif kind == 3:
            file[name] = h5py.ExternalLink("absent.h5", "/x")
        elif kind == 4:
            file.create_dataset(name, (10**11, *shape[1:]), dtype, chunks=(64, *shape[1:]))
        elif kind == 5:
            file[name] = np.zeros((*shape, 2), dtype)
        elif kind == 6:
            file[name] = [b"text"] * max(len(values), 1)
        elif kind == 7:
            file[name] = h5py.Empty(dtype)
        elif kind == 8:
            file.create_dataset(name, shape, dtype, chunks=(1, *shape[1:]))
        else:
            wrong = np.zeros(shape, "c16")
            file[name] = wrong


def break_numbers(rng, path, beyond):
    """Put a number that cannot be meant into a column of an HDF5 file."""
    with h5py.File(path, "r+") as file:
        name, wrong = beyond[int(rng.integers(len(beyond)))]
        values = file[name][()]
        values.reshape(-1)[int(rng.integers(values.size))] = wrong
        file[name][...] = values
