"""The picture of the result, `docs/figures/intervals.svg`, from the numbers of the default study.

`python docs/extensions/intervals_picture.py` draws it again.
"""

from pathlib import Path

from hh4b.publication.key_numbers import Numbers

DOCS = Path(__file__).parents[1]
PICTURE = DOCS / "figures/intervals.svg"
#: What the rows show, and where their numbers are.
ROWS = (
    ("min-ΔR + DNN", "default/tables/26/min_dr_dnn_tuned/profile"),
    ("SPANet2 + DNN", "default/tables/26/mixing_spanet_dnn_tuned/profile"),
    ("SPANet2", "default/tables/26/mixing_spanet_tuned/profile"),
)
_WIDTH, _LEFT, _ROW, _TOP = 720, 140, 46, 58
_RANGE = (-6.0, 13.0)
#: Readable on white and on black.
_STYLE = """
  text { font: 14px sans-serif; fill: #1f2328; }
  .axis { stroke: #1f2328; stroke-width: 1; }
  .ours { stroke: #0b6bcb; stroke-width: 7; }
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
    """Return the picture as SVG: a bar for this pipeline with its errors, one for the note."""
    bottom = _TOP + _ROW * len(ROWS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 56}" role="img"'
        ' aria-label="Expected 95 % intervals on kappa_lambda">',
        f"<style>{_STYLE}</style>",
        _text(_LEFT, 20, "Expected 95 % interval on κλ, 13 TeV, 139 fb⁻¹"),
        _line("ours", _LEFT, _LEFT + 24, 38),
        _text(_LEFT + 32, 43, "this pipeline, with errors"),
        _line("note", _LEFT + 240, _LEFT + 264, 38),
        _text(_LEFT + 272, 43, "arXiv:2401.14198"),
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


def _row(numbers: Numbers, label: str, key: str, y: float) -> list[str]:
    found = numbers.find(key)
    sides = [found[side] for side in ("lower", "upper")]
    return [
        _text(_LEFT - 12, y + 5, label, "end"),
        _line("ours", *(_place(side["value"]) for side in sides), y - 7),
        *(
            _line("error", *(_place(side["value"] + s * side["error"]) for s in (-1, 1)), y - 7)
            for side in sides
        ),
        _line("note", *(_place(side["note"]) for side in sides), y + 7),
    ]  # fmt: skip


def _place(value: float) -> float:
    low, high = _RANGE
    return _LEFT + (value - low) / (high - low) * (_WIDTH - 20 - _LEFT)


def _line(kind: str, start: float, end: float, y: float) -> str:
    return f'<line class="{kind}" x1="{start:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


if __name__ == "__main__":
    main()
