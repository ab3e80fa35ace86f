"""What somebody meant who wrote a word that nobody knows."""

import difflib
from collections.abc import Iterable

_ALIKE = 0.6


def did_you_mean(word: object, choices: Iterable[object]) -> str:
    """Return the end of a message on an unknown word: the choice that is most like it, if any is.

    >>> did_you_mean("Mixing_spanett", ["min_dr", "mixing_spanet"])
    "; did you mean 'mixing_spanet'?"
    >>> did_you_mean("bdt", ["min_dr", "mixing_spanet"])
    ''
    """
    by_letters = {str(choice).lower(): str(choice) for choice in choices}
    close = difflib.get_close_matches(str(word).lower(), by_letters, n=1, cutoff=_ALIKE)
    return f"; did you mean {by_letters[close[0]]!r}?" if close else ""
