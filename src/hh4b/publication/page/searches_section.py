"""Section of the page: whether what is called tuned is tuned."""

from hh4b.publication.inputs import RunFile
from hh4b.publication.page.files import PageFiles
from hh4b.publication.settings import ShownSearch


def searches_section(files: PageFiles) -> list[str]:
    """Say of every search whether it won anything, and which tables show its outcome."""
    lines = []
    for name in files.names("search"):
        outcome, shown = files.one("search", name), files.settings.searches.get(name)
        if outcome is not None and shown is not None:
            lines.append(f"* {search_sentence(name, outcome, shown)}")
    return ["## Tuned", "", *lines, ""] if lines else []


def search_sentence(name: str, outcome: RunFile, shown: ShownSearch) -> str:
    """Say what a search won.

    Args:
        name: of the search.
        outcome: its file.
        shown: what it is compared by, and where it is shown.

    Raises:
        ContractError: if the file is no outcome of a search.
    """
    improved = outcome.get("improved")
    value, start = outcome.number("value"), outcome.optional("start_value")
    trials = _trials(outcome)
    where = f" Shown in {_tables(shown.tables)}." if shown.tables else ""
    if improved is False:
        return (
            f"`{name}`: the search returned its start after {trials}"
            f" ({shown.objective} {value:.4f}): **tuned is untuned here**.{where}"
        )
    best = f"{shown.objective} {value:.4f}, best of {trials}"
    if improved is None:
        return (
            f"`{name}`: {best}; the start was not among the trials, so what the search won is not"
            f" known.{where}"
        )
    if start is None:
        return f"`{name}`: {best}; the start failed.{where}"
    gain = start - value if shown.lower_is_better else value - start
    return (
        f"`{name}`: the search won {gain:.4f} over its start ({best}; the start has {start:.4f})."
        f" The gain is that of the best trial, and so too large by chance.{where}"
    )


def _trials(outcome: RunFile) -> str:
    number = int(outcome.number("n_trials"))
    states = outcome.get("n_by_state")
    cut = [f"{count} {state}" for state, count in states.items() if state != "complete"]
    text = f"{number} trial{'' if number == 1 else 's'}"
    return f"{text}, of which {', '.join(cut)}" if cut else text


def _tables(keys: list[str]) -> str:
    return f"Table{'s' if len(keys) > 1 else ''} {', '.join(keys)}"
