"""Errors a user meets: each says what is wrong, where, and what to do, in one line."""


class Hh4bError(Exception):
    """Base of every error that the command line turns into one line and exit code 1."""


class ConfigError(Hh4bError):
    """A key, value or combination in the configuration that cannot be meant."""


class InputFileError(Hh4bError):
    """A file that is missing, truncated, or not of the kind that was asked for."""


class ContractError(Hh4bError):
    """A file or array that breaks the contract between two stages."""


class GeneratorFailed(Hh4bError):
    """An event generator or shower that did not deliver."""


class TrainingFailed(Hh4bError):
    """A training that cannot start or has diverged."""


class FitFailed(Hh4bError):
    """A likelihood fit or interval that did not converge or does not exist."""
