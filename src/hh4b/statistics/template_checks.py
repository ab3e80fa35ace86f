"""Whether the samples of templates fit the processes and systematics."""

from collections.abc import Mapping, Sequence

from hh4b.core.errors import ConfigError
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.systematics import Systematic
from hh4b.statistics.template_inputs import LoadedSample


def signal_process(names: Sequence[str], settings: TemplateSettings) -> str:
    """Return the one signal process among the processes of samples.

    Raises:
        ConfigError: if a process is unknown or no part of templates, or there is not one signal and
            at least one background.
    """
    kinds: dict[str, list[str]] = {"signal": [], "background": []}
    for name in dict.fromkeys(names):
        if name not in settings.processes:
            raise ConfigError(
                f"--sample {name}=…: expected one of the processes {sorted(settings.processes)}"
            )
        kind = settings.processes[name].kind
        if kind not in kinds:
            raise ConfigError(f"--sample {name}=…: a {kind} is not part of templates; leave it out")
        kinds[kind].append(name)
    if len(kinds["signal"]) != 1:
        raise ConfigError(
            f"--sample: exactly one signal process makes templates, got {kinds['signal']}"
        )
    if not kinds["background"]:
        raise ConfigError("--sample: no background process is among the samples; give one")
    return kinds["signal"][0]


def check_varied(keys: Sequence[str], processes: set[str], settings: TemplateSettings) -> None:
    """Refuse varied samples that nothing asks for, and systematics without their samples.

    Args:
        keys: ``SYSTEMATIC.up.PROCESS`` or ``SYSTEMATIC.down.PROCESS`` of the varied samples.
        processes: those of the nominal samples.
        settings: of the templates.

    Raises:
        ConfigError: naming the first that is wrong.
    """
    wanted = []
    for name, systematic in settings.systematics.items():
        for process in systematic.processes:
            if process not in processes:
                raise ConfigError(
                    f"systematics.{name}.processes: no --sample of process {process!r} is given,"
                    f" only of {sorted(processes)}"
                )
            if systematic.effect in ("detector", "shower"):
                wanted += [f"{name}.{direction}.{process}" for direction in systematic.sides()]
    for key in keys:
        if key not in wanted:
            raise ConfigError(
                f"--varied {key}=…: expected SYSTEMATIC.up.PROCESS or SYSTEMATIC.down.PROCESS of a"
                f" detector or shower systematic, one of {wanted}"
            )
    for key in wanted:
        if key not in keys:
            raise ConfigError(
                f"--varied {key}=… is missing; a variation needs both up and down, or down: mirror"
            )


def require_all_samples(
    loaded: Mapping[str, Sequence[LoadedSample]],
    changed: Mapping[str, Sequence[LoadedSample]],
    systematics: Mapping[str, Systematic],
) -> None:
    """Refuse variations of some of the samples: templates of m_HH alone are of all of them.

    Args:
        loaded: nominal samples by process.
        changed: varied ones by ``SYSTEMATIC.DIRECTION.PROCESS``.
        systematics: of the templates.

    Raises:
        ConfigError: naming the first sample that is missing.
    """
    for key, samples in changed.items():
        name, _, process = key.split(".")
        if getattr(systematics[name], "kappa_lambda", None) is None:
            continue
        there = {one.shower.sample for one in samples}
        missing = [one.shower.sample for one in loaded[process] if one.shower.sample not in there]
        if missing:
            raise ConfigError(
                f"systematics.{name}.kappa_lambda: --varied {key}=… lacks sample {missing[0]!r};"
                " these templates need all samples of a process; leave kappa_lambda out, or take"
                " hh4b likelihood templates"
            )
