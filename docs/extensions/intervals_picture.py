"""The picture of the result, `docs/figures/intervals.svg`, from the numbers of two runs.

`python docs/extensions/intervals_picture.py` draws it again.
"""

from pathlib import Path

from hh4b.publication.key_numbers import Numbers

DOCS = Path(__file__).parents[1]
PICTURE = DOCS / "figures/intervals.svg"
#: What the rows show, and where their numbers are in each run.
ROWS = (
    ("min-ΔR + DNN", "tables/26/min_dr_dnn_tuned/profile"),
    ("SPANet2 + DNN", "tables/26/mixing_spanet_dnn_tuned/profile"),
    ("SPANet2", "tables/26/mixing_spanet_tuned/profile"),
)
#: Runs with the class of their bars and their names.
RUNS = (
    ("night", "night", "the note's number of events"),
    ("default", "ours", "the default study"),
)
_NOTE = "arXiv:2401.14198"
_WIDTH, _LEFT, _ROW, _TOP, _BETWEEN, _KEY = 720, 140, 60, 58, 14, 190
_RANGE = (-6.0, 13.0)
#: Readable on white and on black.
_STYLE = """
  text { font: 14px sans-serif; fill: #1f2328; }
  .axis { stroke: #1f2328; stroke-width: 1; }
  .night { stroke: #0b6bcb; stroke-width: 7; }
  .ours { stroke: #5aa9e6; stroke-width: 7; }
  .note { stroke: #d9730d; stroke-width: 7; }
  .error { stroke: #1f2328; stroke-width: 1.5; }
  .standard { stroke: #808890; stroke-width: 1; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .axis, .error { stroke: #e6edf3; }
  }
"""


def main() -> None:
    """Draw the picture."""
    PICTURE.write_text(picture(Numbers.read([DOCS / "numbers"])), encoding="utf-8")


def picture(numbers: Numbers) -> str:
    """Return the picture as SVG: bars for both runs with their errors, one for the note."""
    bottom = _TOP + _ROW * len(ROWS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 56}" role="img"'
        ' aria-label="Expected 95 % intervals on kappa_lambda">',
        f"<style>{_STYLE}</style>",
        _text(_LEFT, 20, "Expected 95 % interval on κλ, 13 TeV, 139 fb⁻¹"),
        *_key(),
        f'<line class="standard" x1="{_place(1):.1f}" x2="{_place(1):.1f}" y1="{_TOP}"'
        f' y2="{bottom}"/>',
    ]
    for row, (label, key) in enumerate(ROWS):
        parts += _row(numbers, label, key, _TOP + _ROW * row + _ROW / 2)
    parts.append(_line("axis", _LEFT, _WIDTH - 20, bottom))
    for value in range(-5, 13, 5):
        x = _place(value)
        parts.append(
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 6}"/>'
        )
        parts.append(_text(x, bottom + 24, f"{value}".replace("-", "−"), "middle"))
    parts += [_text((_LEFT + _WIDTH - 20) / 2, bottom + 46, "κλ (dashed: 1)", "middle"), "</svg>"]
    return "\n".join(parts) + "\n"


def _key() -> list[str]:
    named = [(kind, text) for _, kind, text in RUNS] + [("note", _NOTE)]
    parts, x = [], _LEFT - 120
    for kind, text in named:
        parts += [_line(kind, x, x + 24, 38), _text(x + 32, 43, text)]
        x += _KEY + (70 if kind == RUNS[0][1] else 0)
    return parts


def _row(numbers: Numbers, label: str, key: str, y: float) -> list[str]:
    parts = [_text(_LEFT - 12, y + 5, label, "end")]
    for place, (run, kind, _) in enumerate(RUNS):
        found, height = numbers.find(f"{run}/{key}"), y + _BETWEEN * (place - 1)
        sides = [found[side] for side in ("lower", "upper")]
        parts.append(_line(kind, *(_place(side["value"]) for side in sides), height))
        parts += [
            _line("error", *(_place(side["value"] + s * side["error"]) for s in (-1, 1)), height)
            for side in sides
        ]
    return [*parts, _line("note", *(_place(side["note"]) for side in sides), y + _BETWEEN)]


def _place(value: float) -> float:
    low, high = _RANGE
    return _LEFT + (value - low) / (high - low) * (_WIDTH - 20 - _LEFT)


def _line(kind: str, start: float, end: float, y: float) -> str:
    return f'<line class="{kind}" x1="{start:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


if __name__ == "__main__":
    main()
