"""Files of background events: pp -> b b~ b b~."""

import logging
from pathlib import Path

from hh4b.core.files import Provenance
from hh4b.generation.acceptance import AcceptanceBias
from hh4b.generation.four_b import generator
from hh4b.generation.four_b.integrand import FourBProcess
from hh4b.generation.lhe import write_lhe
from hh4b.generation.settings import FourBSettings

log = logging.getLogger(__name__)


def write_four_b(path: Path | str, settings: FourBSettings) -> None:
    """Write unweighted events (times 1/bias, if one is given); weights average to sigma in pb.

    Raises:
        ConfigError: if there is no phase space for the settings.
        GeneratorFailed: if hardly any point is accepted.
        InputFileError: if the file cannot be written.
    """
    process = FourBProcess.of(settings)
    bias = AcceptanceBias.from_optional_file(settings.acceptance_bias)
    result = generator.generate(process, settings.events, seed=settings.seed, bias=bias)
    decided = {
        **settings.model_dump(mode="json", exclude={"seed", "events"}),
        "acceptance_bias": bias.model_dump() if bias else None,
    }
    write_lhe(
        path,
        result.events,
        sqrt_s_gev=process.sqrt_s_gev,
        cross_section_error_pb=result.cross_section_error_pb,
        provenance=Provenance("generate 4b", decided, settings.seed, result.counts),
    )
    log.info("%d events written to %s", settings.events, path)
