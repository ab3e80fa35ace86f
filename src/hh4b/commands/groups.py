"""The command tree that the modules of this package hang their commands on."""

from collections.abc import Callable
from typing import Any

import typer
import typer.core

from hh4b.commands.examples import STAGES, Example, stage_of
from hh4b.commands.guard import guarded


class ByStage(typer.core.TyperGroup):
    """The top level, whose help lists the commands by stage, in the order of the data."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each stage; what has none comes last."""
        places = {name: number for names in STAGES.values() for number, name in enumerate(names)}
        for stage in (*STAGES, None):
            names = [name for name in self.list_commands(ctx) if stage_of(name) == stage]
            names.sort(key=lambda name: places.get(name, 0))
            limit = formatter.width - 6 - max(map(len, self.commands))
            rows = [(name, self.commands[name].get_short_help_str(limit)) for name in names]
            if rows:
                with formatter.section(stage or "Other"):
                    formatter.write_dl(rows)


class Commands(typer.Typer):
    """A group whose commands all check their files before they start, see `guarded`."""

    def command(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """Register a function as a command of this group, with its guard."""
        register = super().command(*args, **{"cls": Example, **options})

        def decorate(function: Any) -> Any:
            register(guarded(function))
            return function

        return decorate


def _group(help_text: str, **options: Any) -> Commands:
    return Commands(
        help=help_text,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        **{"add_completion": False, **options},
    )


app = _group(
    "HH -> 4b: from generated events to an interval on kappa_lambda.",
    cls=ByStage,
    add_completion=True,
)
generate = _group("Parton-level events as Les Houches files.")
cross_section = _group("Cross sections from the own amplitudes.")
datasets = _group("Split, merge and describe SPANet-layout datasets.")
pair = _group("Pair jets into Higgs candidates.")
spanet = _group("SPANet2: train, predict, evaluate, import.")
config = _group("The configuration of a study.")
dnn = _group("The dense network on high-level features.")
select = _group("Selections without training.")
baseline = _group("Classical classifiers, or yours, on high-level features.")
likelihood = _group("The likelihood in kappa_lambda: templates, models, fits, toys, exchange.")
numbers = _group("Key numbers of finished studies: in documents, and side by side.")

app.add_typer(generate, name="generate")
app.add_typer(cross_section, name="cross-section")
app.add_typer(datasets, name="datasets")
app.add_typer(pair, name="pair")
app.add_typer(spanet, name="spanet")
app.add_typer(config, name="config")
app.add_typer(dnn, name="dnn")
app.add_typer(select, name="select")
app.add_typer(baseline, name="baseline")
app.add_typer(likelihood, name="likelihood")
app.add_typer(numbers, name="numbers")
