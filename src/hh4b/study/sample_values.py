"""Values of kappa_lambda that the samples of a study have, and others that something asks for."""

from collections.abc import Iterable

from hh4b.core.problems import Problems
from hh4b.study.model import Study
from hh4b.study.samples import expand_samples


def signal_values(study: Study, groups: Iterable[str] | None = None) -> set[float]:
    """Return the kappa_lambda of the signal samples of some groups; None = all."""
    chosen = None if groups is None else set(groups)
    return {
        info.kappa_lambda
        for info in expand_samples(study.samples, study.processes).values()
        if info.kappa_lambda is not None and (chosen is None or info.group in chosen)
    }


def find_unknown_values(
    values: Iterable[float] | None, there: set[float], key: str, problems: Problems
) -> None:
    """Find values of ``kappa_lambda`` below a key that no sample has."""
    for value in values or ():
        if value not in there:
            problems.add(
                f"{key}.kappa_lambda",
                f"value {value:g}: no signal sample has it, only {sorted(there)}",
            )
