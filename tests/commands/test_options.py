"""Flags made from settings."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from hh4b.commands.options import takes_settings
from hh4b.core.errors import ConfigError
from hh4b.core.settings import Kappas, Positive, Settings


class Inner(Settings):
    depth: int = 3


class Toy(Settings):
    kappa_lambda: float = Field(description="coupling")
    pt_min_gev: Positive = Field(40.0, description="cut", json_schema_extra={"flags": ["--pt"]})
    tags: Literal["draw", "weight"] = "draw"
    values: Kappas = Field([1.0, 5.0])
    names: list[str] = Field([])
    background: bool = False
    bias: str | None = "file.yaml"
    inner: Inner = Inner()
    threshold: Literal["best"] | Annotated[float, Field(gt=0)] = "best"
    table: dict[str, float] = Field({})


seen = []
app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
@takes_settings(Toy)
def run(
    settings: Toy,
    file: Annotated[Path, typer.Argument()],
    output: Annotated[Path, typer.Option("-o")],
) -> None:
    """Run."""
    seen.append((settings, file, output))


def settings_of(*arguments: str) -> Toy:
    result = CliRunner().invoke(app, ["in.h5", "-o", "out.h5", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    settings, file, output = seen.pop()
    assert (file, output) == (Path("in.h5"), Path("out.h5"))
    return settings


def test_flags_of_every_kind():
    got = settings_of(
        "--kappa-lambda=-2.4", "--pt", "25", "--tags", "weight", "--values=-5,1", "--names", "a",
        "--names", "b", "--background", "--bias", "none", "--inner", '{"depth": 4}',
        "--threshold", "0.9", "--table", '{"13": 1.5}',
    )  # fmt: skip
    assert got == Toy(
        kappa_lambda=-2.4, pt_min_gev=25, tags="weight", values=[-5, 1], names=["a", "b"],
        background=True, bias=None, inner=Inner(depth=4), threshold=0.9, table={"13": 1.5},
    )  # fmt: skip


def test_settings_travel_whole_and_flags_go_over_them():
    whole = Toy(kappa_lambda=5, pt_min_gev=30, names=["x"])
    assert settings_of("--settings", whole.as_json()) == whole
    got = settings_of("--settings", whole.as_json(), "--pt-min-gev", "50")
    assert got == whole.model_copy(update={"pt_min_gev": 50.0})


def test_mappings_keep_their_order():
    """Rows of a table come in the order of a mapping."""
    whole = Toy(kappa_lambda=5, table={"sm": 1.0, "kappa5": 2.0})
    assert list(settings_of("--settings", whole.as_json()).table) == ["sm", "kappa5"]


def test_defaults_are_those_of_the_class():
    assert settings_of("--kappa-lambda", "1") == Toy(kappa_lambda=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "kappa_lambda: is missing"),
        (["--kappa-lambda", "1", "--pt", "-3"], "pt_min_gev: value -3.0: Input should be greater"),
        (["--settings", "[1]"], "expected a JSON object"),
        (["--settings", '{"kappa_lambda": 1, "kapa": 2}'], "kapa: unknown key, value 2"),
        (["--kappa-lambda", "1", "--values", "1,x"], "--values: 'x' is no number"),
        (["--kappa-lambda", "1", "--inner", "{"], "--inner is not JSON"),
    ],
)
def test_bad_flags_are_one_line(arguments, message):
    with pytest.raises(ConfigError) as caught:
        CliRunner().invoke(app, ["in.h5", "-o", "o.h5", *arguments], catch_exceptions=False)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
