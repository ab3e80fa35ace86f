"""What a call of the public functions was given: one clear sentence where it cannot be meant."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError

Kind = TypeVar("Kind")
_KINDS = {"b": "True or False", "i": "whole numbers", "f": "numbers"}
#: Kinds of NumPy types that serve where one of them is wanted.
_SERVES = {"b": "b", "i": "iu", "f": "fiu"}


def shown(value: Any) -> str:
    """Return in words what a value is.

    >>> shown(np.zeros((3, 2))), shown(1.5), shown([1, 2])
    ('an array of shape (3, 2)', 'the float 1.5', 'a list of 2')
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, str | int | float | bool):
        return f"the {type(value).__name__} {value!r}"
    return f"a {type(value).__name__}"


def require_kind(call: str, name: str, value: Any, kind: type[Kind], made_by: str) -> Kind:
    """Return ``value`` if it is of a kind.

    Args:
        call: the public function, for the message.
        name: of its argument.
        value: what was given.
        kind: what it has to be.
        made_by: how one gets such a thing.

    Raises:
        ContractError: if it is something else.
    """
    if isinstance(value, kind):
        return value
    raise ContractError(
        f"{call}: {name} is {shown(value)}, expected a {kind.__name__} (made by {made_by}); are"
        " arguments swapped?"
    )


def require_kinds(
    call: str, name: str, values: Any, kind: type[Kind], made_by: str
) -> Sequence[Kind]:
    """Return a list of things of a kind; one alone counts as a list of one.

    Raises:
        ContractError: if there is none, or one is something else.
    """
    listed = [values] if isinstance(values, kind) else values
    if not isinstance(listed, list | tuple) or not listed:
        raise ContractError(
            f"{call}: {name} is {shown(values)}, expected one {kind.__name__} or a list of them"
            f" (made by {made_by})"
        )
    return [
        require_kind(call, f"{name}[{place}]", one, kind, made_by)
        for place, one in enumerate(listed)
    ]


def require_array(
    call: str, name: str, value: Any, shape: tuple[int | str, ...], kind: str
) -> NDArray[Any]:
    """Return an array of a shape and kind of numbers.

    Args:
        call: the public function, for the message.
        name: of its argument.
        value: an array, or what becomes one.
        shape: sizes; a name stands for any size.
        kind: ``"f"`` for numbers, ``"i"`` for whole ones, ``"b"`` for True or False.

    Raises:
        ContractError: if it is not.

    >>> require_array("f", "x", [[1, 2]], ("event", 2), "i").shape
    (1, 2)
    """
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(value, dtype=object)
    wanted = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
    fits = array.ndim == len(shape) and all(
        isinstance(size, str) or size == got for size, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise ContractError(
            f"{call}: {name} has shape {array.shape}, expected {wanted}; is it of another dataset,"
            " or are arguments swapped?"
        )
    if array.dtype.kind not in _SERVES[kind]:
        raise ContractError(
            f"{call}: {name} is of type {array.dtype}, expected {_KINDS[kind]}; are arguments"
            " swapped?"
        )
    return array
