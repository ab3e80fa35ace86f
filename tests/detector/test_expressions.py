import numpy as np
import pytest

from hh4b.core.errors import ConfigError
from hh4b.detector.expressions import evaluate


def test_card_formula_by_hand():
    value = evaluate("0.80*tanh(0.003*pt)*30/(1+0.086*pt)", {"pt": np.array([100.0]), "abs_eta": 0})
    assert value == pytest.approx([0.8 * np.tanh(0.3) * 30 / 9.6])


@pytest.mark.parametrize(
    ("text", "value"),
    [("2-3-4", -5), ("-x**2", -9), ("min(x, 2)*2", 4), (0.77, 0.77), ("8/4/2", 1)],
)
def test_precedence(text, value):
    assert evaluate(text, {"x": 3.0}) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "pt.real", "phi", "pt if pt else 1", "'a'", "pt[0]", "lambda: 1", "1 +",
     "exec(pt)", "True", "max(pt, key=1)"],
)  # fmt: skip
def test_nothing_else_is_understood(text):
    with pytest.raises(ConfigError, match="expression"):
        evaluate(text, {"pt": 1.0})
