"""Small arithmetic expressions of the configuration, evaluated on arrays."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hh4b.core.errors import ConfigError

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "min": np.minimum,
    "max": np.maximum,
}


def evaluate(expression: str | float, variables: Mapping[str, Any]) -> Any:
    """Evaluate numbers, ``+ - * / **``, parentheses, tanh, exp, log, sqrt, min and max.

    Nothing else is understood, so that a configuration file cannot run code.

    Args:
        expression: e.g. ``"0.2*tanh(0.02*pt)"``, or a number.
        variables: arrays or numbers by name.

    Raises:
        ConfigError: if the expression does not parse or holds anything else.

    >>> float(evaluate("2*x + max(1, 3)", {"x": 2.0}))
    7.0
    """
    try:
        tree = ast.parse(str(expression), mode="eval")
    except SyntaxError as error:
        raise ConfigError(f"expression {expression!r} does not parse: {error.msg}") from error
    return _evaluate(tree.body, variables, str(expression))


def _evaluate(node: ast.expr, variables: Mapping[str, Any], text: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](
                _evaluate(left, variables, text), _evaluate(right, variables, text)
            )
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, variables, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_evaluate(arg, variables, text) for arg in args))
    raise ConfigError(
        f"expression {text!r}: {ast.unparse(node)!r} is not understood; use numbers,"
        f" {sorted(variables)} and {sorted(_FUNCTIONS)}"
    )
