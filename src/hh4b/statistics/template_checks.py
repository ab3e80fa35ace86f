"""Whether the samples of templates fit the processes and systematics."""

from collections.abc import Sequence

from hh4b.core.errors import ConfigError
from hh4b.statistics.settings import TemplateSettings
from hh4b.statistics.systematics import DIRECTIONS


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
                wanted += [f"{name}.{direction}.{process}" for direction in DIRECTIONS]
    for key in keys:
        if key not in wanted:
            raise ConfigError(
                f"--varied {key}=…: expected SYSTEMATIC.up.PROCESS or SYSTEMATIC.down.PROCESS of a"
                f" detector or shower systematic, one of {wanted}"
            )
    for key in wanted:
        if key not in keys:
            raise ConfigError(f"--varied {key}=… is missing; a variation needs both up and down")
