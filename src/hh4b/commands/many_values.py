"""Options that take several values: ``--option a b c`` as well as ``--option a --option b``."""

from typing import Any

from hh4b.commands.examples import Example


class ManyValues(Example):
    """A command whose list options may be followed by any number of values."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the name of a list option before each of its values, then parse as usual."""
        names = {
            name
            for parameter in self.params
            if getattr(parameter, "multiple", False)
            for name in parameter.opts
        }
        return super().parse_args(ctx, _repeat_names(args, names))


def _repeat_names(args: list[str], names: set[str]) -> list[str]:
    """Return arguments with the option's name before every value.

    >>> _repeat_names(["--k", "-1", "2", "--json"], {"--k"})
    ['--k', '-1', '--k', '2', '--json']
    """
    result: list[str] = []
    option = ""
    values = 0
    for word in args:
        if _is_option(word):
            result.append(word)
            name, equals, _ = word.partition("=")
            option, values = (name if name in names else ""), len(equals)
        else:
            if option and values:
                result.append(option)
            result.append(word)
            values += 1
    return result


def _is_option(word: str) -> bool:
    """Tell an option from a value; a value may be a negative number."""
    return word.startswith("-") and not word[1:].lstrip(".")[:1].isdigit()
