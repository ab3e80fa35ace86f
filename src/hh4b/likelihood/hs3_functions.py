"""Functions of an HS3 file as polynomials in kappa_lambda: what scales a signal.

Known are ``generic_function`` with arithmetic and powers, ``product`` and ``sum``.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hh4b.core.errors import ContractError
from hh4b.core.named_entries import by_name

Floats = NDArray[np.float64]
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
#: A quadratic is found from three values and holds at the others.
_POINTS = np.array([-2.0, 0.0, 1.0, 3.0, 7.0])
_DEEPEST = 50


class FunctionTable:
    """The functions of a file by name."""

    def __init__(
        self, functions: Sequence[Mapping[str, Any]], constants: Mapping[str, float], where: str
    ) -> None:
        """Take the section ``functions`` of a file, and its constant parameters.

        Args:
            functions: the section.
            constants: values by name.
            where: the file, for messages.
        """
        self._functions = by_name(functions, "functions", where)
        self._constants = dict(constants)
        self._where = where

    def needs(self, name: str, depth: int = 0) -> set[str]:
        """Return the free parameters that ``name``, a function or parameter, depends on.

        Raises:
            ContractError: if a function is of an unknown type, or cannot be read.
        """
        if name in self._constants:
            return set()
        if name not in self._functions:
            return {name}
        if depth > _DEEPEST:
            raise ContractError(f"{self._where}: function {name!r} needs itself")
        found: set[str] = set()
        for one in self._arguments(self._functions[name]):
            found |= self.needs(one, depth + 1)
        return found

    def _arguments(self, function: Mapping[str, Any]) -> list[str]:
        kind = function["type"]
        if kind == "generic_function":
            tree = self._tree(function)
            calls = {id(one.func) for one in ast.walk(tree) if isinstance(one, ast.Call)}
            names = [one for one in ast.walk(tree) if isinstance(one, ast.Name)]
            return [one.id for one in names if id(one) not in calls]
        if kind in ("product", "sum"):
            terms = function["factors" if kind == "product" else "summands"]
            return [one for one in terms if isinstance(one, str)]
        raise ContractError(
            f"{self._where}: function {function['name']!r} is of type {kind}, none of"
            " generic_function, product and sum; fit the file with pyhs3"
        )

    def _tree(self, function: Mapping[str, Any]) -> ast.Expression:
        try:
            # TFormula of ROOT writes powers with ^, which binds as ** of Python does.
            text = str(function["expression"]).strip().replace("^", "**")
            return ast.parse(text, mode="eval")
        except SyntaxError as error:
            raise self._unreadable(function["name"]) from error

    def _unreadable(self, name: str) -> ContractError:
        return ContractError(
            f"{self._where}: the expression of function {name!r} is more than arithmetic of numbers"
            " and parameters; fit the file with pyhs3"
        )

    def value(self, name: str, point: Mapping[str, float]) -> float:
        """Return the value of a function or parameter where the parameters are ``point``.

        Raises:
            ContractError: if a function cannot be read.
        """
        if name in self._constants:
            return self._constants[name]
        if name not in self._functions:
            return point[name]
        function = self._functions[name]
        kind = function["type"]
        if kind == "generic_function":
            return self._evaluate(self._tree(function).body, name, point)
        terms = function["factors" if kind == "product" else "summands"]
        values = [self.value(one, point) if isinstance(one, str) else float(one) for one in terms]
        return float(np.prod(values) if kind == "product" else np.sum(values))

    def _evaluate(self, node: ast.expr, name: str, point: Mapping[str, float]) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.Name):
            return self.value(node.id, point)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
            return sign * self._evaluate(node.operand, name, point)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            sides = [self._evaluate(one, name, point) for one in (node.left, node.right)]
            return float(_OPERATORS[type(node.op)](*sides))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "pow"
            and len(node.args) == 2
        ):
            base, exponent = (self._evaluate(one, name, point) for one in node.args)
            return float(base**exponent)
        raise self._unreadable(name)

    def quadratic(self, names: Sequence[str], kappa: str, strength: str) -> Floats:
        """Return the coefficients (3,) in kappa_lambda of the product of ``names`` at mu = 1.

        Args:
            names: functions or parameters.
            kappa: name of kappa_lambda.
            strength: name of mu.

        Raises:
            ContractError: if the product is not mu times a quadratic.
        """
        others = set().union(*(self.needs(one) for one in names)) - {kappa, strength}
        if others:
            raise ContractError(
                f"{self._where}: the factor {' * '.join(names)} of a signal depends on"
                f" {sorted(others)[0]!r} beside {kappa} and {strength}; fit the file with pyhs3"
            )

        def product(kappa_value: float, mu: float) -> float:
            point = {kappa: kappa_value, strength: mu}
            return float(np.prod([self.value(one, point) for one in names]))

        values = np.array([product(one, 1.0) for one in _POINTS])
        powers = _POINTS[:, None] ** np.arange(3)
        coefficients = np.linalg.solve(powers[:3], values[:3])
        scale = np.abs(values).max() + 1e-300
        bent = np.abs(powers @ coefficients - values).max() > 1e-9 * scale
        doubled = np.array([product(one, 2.0) for one in _POINTS])
        if bent or np.abs(doubled - 2 * values).max() > 1e-9 * scale:
            raise ContractError(
                f"{self._where}: the factor {' * '.join(names)} of a signal is not {strength} times"
                f" a quadratic in {kappa}; fit the file with pyhs3"
            )
        return coefficients
