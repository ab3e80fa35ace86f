"""Templates, styles and scripts of the page: files beside this module."""

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "look"


def design_digest() -> str:
    """Return a digest of all of them, so that a page of other ones is made again."""
    found = sha256()
    for path in sorted(FOLDER.iterdir()):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]
