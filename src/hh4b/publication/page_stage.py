"""Write the result page of a study."""

import logging
from pathlib import Path

from hh4b.core.errors import ConfigError
from hh4b.core.files import atomic_path
from hh4b.publication.result_page.content import page_content
from hh4b.publication.result_page.rendering import render
from hh4b.study.layout import Layout
from hh4b.study.model import Study

log = logging.getLogger(__name__)


def write_page(study: Study, output: Path, *, results: Path | None = None) -> None:
    """Write everything that a study found as one HTML file, which needs no other and no network.

    Of a study that is not finished it shows what is there, and says what is missing.

    Args:
        study: whose results are shown.
        output: page to write.
        results: folder of the results, if it is not the one that the study names.

    Raises:
        ConfigError: if there is no folder of results, or the causes are not valid.
        InputFileError: if a file of the results is damaged.
        ContractError: if a file is of another kind or version.
    """
    folder = Path(study.results) if results is None else results
    if not folder.is_dir():
        raise ConfigError(f"no results in {folder}; build the study first, or give --results")
    layout = Layout(study.model_copy(update={"results": str(folder)}))
    content = page_content(layout, output)
    if content.missing:
        log.warning("%d outputs are missing; the page names them", len(content.missing))
    with atomic_path(output) as temporary:
        temporary.write_text(render(content), encoding="utf-8")
    megabytes = output.stat().st_size / 1e6
    log.info("%s: %d sections, %.1f MB", output, len(content.sections), megabytes)
