r"""Labels are plain Unicode; LaTeX and matplotlib get theirs from here.

>>> latex("min-ΔR, 95 %")
'min-$\\Delta R$, 95\\,\\%'
>>> math_text("gg → HH at κλ = 5")
'gg $\\to$ HH at $\\kappa_\\lambda$ = 5'
"""

import re
import unicodedata
from collections.abc import Callable

# Longer ones first: the first that fits is taken.
_MATH = {
    "Δκλ": r"\Delta\kappa_\lambda", "κλ": r"\kappa_\lambda", "√s": r"\sqrt{s}", "ΔR": r"\Delta R",
    "Δη": r"\Delta\eta", "→": r"\to", "≥": r"\geq", "≤": r"\leq", "×": r"\times", "±": r"\pm",
    "√": r"\surd", "∞": r"\infty", "−": "-", "∈": r"\in", "σ": r"\sigma", "κt": r"\kappa_t",
    "c₂": "c_2",
}  # fmt: skip
#: Mathematics only as whole words.
_WORDS = {"c_g": "c_g", "c_gg": "c_{gg}", "D_HH": "D_{HH}"}
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_BAR = "\N{COMBINING MACRON}"
_ESCAPED = {
    "%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    "“": "``", "”": "''", "…": r"\dots{}", "—": "---", "–": "--", "′": r"$'$",
}  # fmt: skip
_TOKEN = re.compile(
    "|".join(
        [
            *map(re.escape, _MATH),
            r"κ\d",
            *(rf"\b{word}\b" for word in _WORDS),
            "[₀₁₂₃₄₅₆₇₈₉]+",
            "[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+",
            f"\\w{_BAR}",
            "[Α-Ωα-ω]",
        ]
    )
)


def latex(label: str) -> str:
    """Return a label for LaTeX: mathematics in dollars, special characters escaped."""
    spaced = re.sub(r"(?<=\d) %", "\N{THIN SPACE}%", label)
    text = _translated(spaced, lambda plain: "".join(_ESCAPED.get(c, c) for c in plain))
    return text.replace("\N{THIN SPACE}", r"\,")


def math_text(label: str) -> str:
    """Return a label for matplotlib, which knows mathematics in dollars and escapes only them."""
    return _translated(label, lambda plain: plain.replace("$", r"\$"))


def spelled(key: str) -> str:
    """Return what stands for a key that has no label.

    >>> spelled("my_selection")
    'my selection'
    """
    return key.replace("_", " ")


def _translated(label: str, escape: Callable[[str], str]) -> str:
    label = unicodedata.normalize("NFC", label).replace("\N{COMBINING OVERLINE}", _BAR)
    parts: list[str] = []
    place, formula = 0, ""
    for found in _TOKEN.finditer(label):
        if found.start() > place:
            parts += [_dollars(formula), escape(label[place : found.start()])]
            formula = ""
        formula += _math(found.group())
        place = found.end()
    return "".join([*parts, _dollars(formula), escape(label[place:])])


def _dollars(formula: str) -> str:
    return f"${formula.strip()}$" if formula else ""


def _math(token: str) -> str:
    known = _MATH.get(token) or _WORDS.get(token)
    if known:
        return known
    if token[0] == "κ" and token[1:].isdecimal():
        return rf"\kappa {token[1:]}"
    if token[0] in "₀₁₂₃₄₅₆₇₈₉":
        return f"_{{{token.translate(_SUBSCRIPTS)}}}"
    if token[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺":
        return f"^{{{token.translate(_SUPERSCRIPTS)}}}"
    if token.endswith(_BAR):
        return rf"\bar{{\mathrm{{{token[0]}}}}}"
    name = unicodedata.name(token).removeprefix("GREEK SMALL LETTER ")
    capital = name.removeprefix("GREEK CAPITAL LETTER ")
    word = name.lower() if capital == name else capital.capitalize()
    # Greek capitals that look like Latin ones have no command of their own.
    return f"\\{word.replace('lamda', 'lambda').replace('Lamda', 'Lambda')} "
