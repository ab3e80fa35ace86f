"""The command tree that the modules of this package hang their commands on."""

from collections.abc import Callable
from typing import Any

import typer

from hh4b.commands.guard import guarded


class Commands(typer.Typer):
    """A group whose commands all check their files before they start, see `guarded`."""

    def command(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """Register a function as a command of this group, with its guard."""
        register = super().command(*args, **options)

        def decorate(function: Any) -> Any:
            register(guarded(function))
            return function

        return decorate


def _group(help_text: str) -> Commands:
    return Commands(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


app = _group("HH -> 4b: from generated events to an interval on kappa_lambda.")
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
