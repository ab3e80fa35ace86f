"""The event description: inputs, particles with their products, symmetries, further outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.strict_yaml import read_strictly
from hh4b.spanet import permutations
from hh4b.spanet.permutations import Permutation

_SECTIONS = {"INPUTS", "EVENT", "PERMUTATIONS", "REGRESSIONS", "CLASSIFICATIONS"}
_FEATURE_OPTIONS = {
    "none": (False, False), "log": (False, True), "normalize": (True, False),
    "log_normalize": (True, True),
}  # fmt: skip
EVENT = "EVENT"
PARTICLE = "PARTICLE"
#: What a regression takes its errors to be like; the first is that of a name alone.
REGRESSION_KINDS = ("gaussian", "laplacian", "log_gaussian")


@dataclass(frozen=True)
class Feature:
    """One observable of an input.

    Attributes:
        name: dataset in the HDF5 group of the input.
        normalize: subtract the mean and divide by the deviation of the training set.
        log: take log(1 + x) before.
    """

    name: str
    normalize: bool
    log: bool


@dataclass(frozen=True)
class Input:
    """A kind of observed object: vectors of features, one per event or a sequence."""

    name: str
    sequential: bool
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Particle:
    """Something to be reconstructed from assigned vectors.

    Attributes:
        name: as in the event file.
        products: names of what it decays to, in order.
        sources: name of the sequential input each product must be found in; None: any.
        group: permutations of the products that leave the particle the same.
    """

    name: str
    products: tuple[str, ...]
    sources: tuple[str | None, ...]
    group: tuple[Permutation, ...]

    @property
    def degree(self) -> int:
        """Return the number of products."""
        return len(self.products)

    @property
    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """Return the sets of interchangeable products."""
        return permutations.orbits(self.degree, self.group)


@dataclass(frozen=True)
class Regression:
    """A number to be predicted for the event, a particle or a product.

    Attributes:
        name: like ``EVENT/neutrino_pz``, ``h1/PARTICLE/mass`` or ``h1/b1/pt``.
        kind: one of `REGRESSION_KINDS`, see `hh4b.spanet.regressions`.
    """

    name: str
    kind: str


@dataclass(frozen=True)
class EventDescription:
    """What goes into a network and what comes out.

    Attributes:
        inputs: in the order of the file.
        particles: in the order of the file.
        group: permutations of the particles that leave the event the same.
        classifications: names like ``EVENT/signal`` or ``h1/PARTICLE/kind``.
        regressions: in the order of the file.
    """

    inputs: tuple[Input, ...]
    particles: tuple[Particle, ...]
    group: tuple[Permutation, ...]
    classifications: tuple[str, ...]
    regressions: tuple[Regression, ...] = ()

    @classmethod
    def read(cls, path: Path | str) -> "EventDescription":
        """Read an event ``.yaml`` of the reference.

        Raises:
            InputFileError: if the file cannot be read or is no YAML.
            ConfigError: naming what the file says and should not.
        """
        content = read_strictly(path, unreadable=InputFileError)
        return cls.from_mapping(content, where=str(path))

    @classmethod
    def from_mapping(cls, content: Any, *, where: str = "event") -> "EventDescription":
        """Build from the plain content of an event file.

        Raises:
            ConfigError: naming what the content says and should not.
        """
        sections = _mapping(content, where)
        unknown = sorted(set(sections) - _SECTIONS)
        if unknown:
            raise ConfigError(f"{where}: unknown section {unknown[0]!r}, expected {_SECTIONS}")
        inputs = _read_inputs(_mapping(sections.get("INPUTS"), f"{where}: INPUTS"), where)
        symmetries = _mapping(sections.get("PERMUTATIONS") or {}, f"{where}: PERMUTATIONS")
        particles = _read_particles(
            _mapping(sections.get("EVENT"), f"{where}: EVENT"), symmetries, inputs, where
        )
        names = [particle.name for particle in particles]
        stray = sorted(set(symmetries) - {*names, EVENT})
        if stray:
            raise ConfigError(
                f"{where}: PERMUTATIONS names the unknown particle {stray[0]!r}, known: {names}"
            )
        group = _read_group(symmetries.get(EVENT), names, f"{where}: PERMUTATIONS/EVENT")
        for element in group:
            for i, j in enumerate(element):
                if particles[i].group != particles[j].group:
                    raise ConfigError(
                        f"{where}: {names[i]} and {names[j]} are interchangeable but their"
                        " products or symmetries differ"
                    )
        classes = [
            f"{place}/{word}"
            for place, leaves in _read_places(sections, "CLASSIFICATIONS", particles, where)
            for word in _words(leaves, f"{where}: CLASSIFICATIONS/{place}")
        ]
        _require_unique(classes, f"{where}: CLASSIFICATIONS")
        regressions = [
            _read_regression(leaf, place, f"{where}: REGRESSIONS/{place}")
            for place, leaves in _read_places(sections, "REGRESSIONS", particles, where)
            for leaf in _listed(leaves, f"{where}: REGRESSIONS/{place}")
        ]
        _require_unique([one.name for one in regressions], f"{where}: REGRESSIONS")
        return cls(inputs, particles, group, tuple(classes), tuple(regressions))

    @property
    def sequential(self) -> tuple[Input, ...]:
        """Return the inputs whose vectors can be assigned."""
        return tuple(item for item in self.inputs if item.sequential)

    @property
    def global_inputs(self) -> tuple[Input, ...]:
        """Return the inputs with one vector an event."""
        return tuple(item for item in self.inputs if not item.sequential)

    @cached_property
    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """Return the sets of interchangeable particles."""
        return permutations.orbits(len(self.particles), self.group)

    def as_mapping(self) -> dict[str, Any]:
        """Return plain data from which `from_mapping` makes the same description."""
        words = {value: key for key, value in _FEATURE_OPTIONS.items()}
        inputs: dict[str, Any] = {}
        for item in self.inputs:
            # The order of the file is the order of the weights: global inputs may come first.
            kind = inputs.setdefault("SEQUENTIAL" if item.sequential else "GLOBAL", {})
            kind[item.name] = {
                feature.name: words[feature.normalize, feature.log] for feature in item.features
            }
        regressions = [
            (one.name, [one.name.rsplit("/", 1)[1], one.kind]) for one in self.regressions
        ]
        mapping = {
            "INPUTS": inputs,
            "EVENT": {
                particle.name: [
                    product if source is None else {product: source}
                    for product, source in zip(particle.products, particle.sources, strict=True)
                ]
                for particle in self.particles
            },
            "PERMUTATIONS": {
                EVENT: _as_cycles(self.group, [p.name for p in self.particles]),
                **{p.name: _as_cycles(p.group, p.products) for p in self.particles},
            },
            "CLASSIFICATIONS": _as_tree(
                [(name, name.rsplit("/", 1)[1]) for name in self.classifications]
            ),
        }
        # Left out where there are none: checkpoints of such networks stay what they were.
        return mapping | ({"REGRESSIONS": _as_tree(regressions)} if regressions else {})


def _as_tree(leaves: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the nested mapping of an event file for (name, what stands in the list)."""
    tree: dict[str, Any] = {}
    for name, leaf in leaves:
        *path, last, _ = name.split("/")
        node = tree
        for key in path:
            node = node.setdefault(key, {})
        node.setdefault(last, []).append(leaf)
    return tree


def _as_cycles(group: Sequence[Permutation], names: Sequence[str]) -> list[list[list[str]]]:
    result = []
    for element in group:
        cycles, seen = [], set()
        for start in range(len(element)):
            cycle = [start]
            while element[cycle[-1]] != start:
                cycle.append(element[cycle[-1]])
            if len(cycle) > 1 and start not in seen:
                cycles.append([names[i] for i in cycle])
            seen.update(cycle)
        if cycles:
            result.append(cycles)
    return result


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: expected a mapping, got {type(value).__name__}")
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _listed(value: Any, where: str) -> list[Any]:
    """Return a list, empty for nothing; text is no list of its letters."""
    if value is None:
        return []
    if not _is_list(value):
        raise ConfigError(f"{where}: expected a list, got {value!r}; write it in brackets")
    return list(value)


def _words(value: Any, where: str) -> list[str]:
    """Return a list of names, which may be numbers too."""
    for word in _listed(value, where):
        if isinstance(word, bool) or not isinstance(word, str | int) or "/" in str(word):
            raise ConfigError(f"{where}: {word!r} is no name")
    return [str(word) for word in _listed(value, where)]


def _read_inputs(section: Mapping[str, Any], where: str) -> tuple[Input, ...]:
    inputs = []
    for kind, members in section.items():
        if str(kind).upper() not in {"SEQUENTIAL", "GLOBAL"}:
            raise ConfigError(
                f"{where}: INPUTS/{kind} is not supported; known are SEQUENTIAL and GLOBAL"
            )
        for name, features in _mapping(members or {}, f"{where}: INPUTS/{kind}").items():
            place = f"{where}: INPUTS/{kind}/{name}"
            described = []
            for feature, word in _mapping(features, place).items():
                if str(word).lower() not in _FEATURE_OPTIONS:
                    raise ConfigError(
                        f"{place}/{feature}: {word!r} is none of {sorted(_FEATURE_OPTIONS)}"
                    )
                described.append(Feature(str(feature), *_FEATURE_OPTIONS[str(word).lower()]))
            inputs.append(Input(str(name), str(kind).upper() == "SEQUENTIAL", tuple(described)))
    for item in inputs:
        if not item.features:
            raise ConfigError(f"{where}: INPUTS/…/{item.name} names no feature")
    if not any(item.sequential for item in inputs):
        raise ConfigError(f"{where}: INPUTS/SEQUENTIAL names no input; nothing could be assigned")
    names = [item.name for item in inputs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{where}: input {name!r} occurs twice")
    return tuple(inputs)


def _read_particles(
    section: Mapping[str, Any],
    symmetries: Mapping[str, Any],
    inputs: Sequence[Input],
    where: str,
) -> tuple[Particle, ...]:
    sequential = [item.name for item in inputs if item.sequential]
    particles = []
    for name, members in section.items():
        if not _is_list(members) or not members:
            raise ConfigError(f"{where}: EVENT/{name} must list at least one product")
        products, sources = [], []
        for member in members:
            named = isinstance(member, Mapping) and len(member) == 1
            if not named and not isinstance(member, str | int):
                raise ConfigError(
                    f"{where}: EVENT/{name}: {member!r} is neither a product nor one with its input"
                )
            product, source = (
                next(iter(member.items())) if isinstance(member, Mapping) else (member, None)
            )
            if source is not None and source not in sequential:
                raise ConfigError(
                    f"{where}: EVENT/{name}/{product} comes from the unknown sequential input"
                    f" {source!r}, known: {sequential}"
                )
            products.append(str(product))
            sources.append(source)
        if len(set(products)) < len(products):
            raise ConfigError(f"{where}: EVENT/{name} names a product twice: {products}")
        group = _read_group(symmetries.get(name), products, f"{where}: PERMUTATIONS/{name}")
        particles.append(Particle(str(name), tuple(products), tuple(sources), group))
    return tuple(particles)


def _read_group(entries: Any, names: Sequence[str], where: str) -> tuple[Permutation, ...]:
    """Read generators: flat lists are full symmetric groups, nested ones products of cycles."""
    generators = []
    for entry in _listed(entries, where):
        if not _is_list(entry) or not entry:
            raise ConfigError(f"{where}: {entry!r} is not a list of names or of cycles")
        nested = _is_list(entry[0])
        cycles = [_listed(cycle, where) for cycle in entry] if nested else [list(entry)]
        moved = [name for cycle in cycles for name in cycle]
        if any(moved.count(name) > 1 for name in moved):
            raise ConfigError(f"{where}: {entry!r} names one twice")
        if not all(cycles):
            raise ConfigError(f"{where}: {entry!r} has an empty cycle; name what it exchanges")
        for name in moved:
            if name not in names:
                raise ConfigError(f"{where}: unknown particle {name!r}, known: {list(names)}")
        numbers = [[names.index(name) for name in cycle] for cycle in cycles]
        if nested:
            generators.append(permutations.from_cycles(len(names), numbers))
        else:
            generators += [
                permutations.from_cycles(len(names), [pair]) for pair in combinations(numbers[0], 2)
            ]
    return permutations.generate(len(names), generators)


def _read_places(
    sections: Mapping[str, Any], section: str, particles: Sequence[Particle], where: str
) -> list[tuple[str, Any]]:
    """Return places like ``EVENT`` and ``h1/b1`` with what a section lists there."""
    tree = _mapping(sections.get(section) or {}, f"{where}: {section}")
    known = {particle.name: particle for particle in particles}
    places = [(EVENT, tree.get(EVENT))]
    for particle, nodes in tree.items():
        if particle == EVENT:
            continue
        if particle not in known:
            raise ConfigError(f"{where}: {section} names the unknown particle {particle!r}")
        for node, leaves in _mapping(nodes or {}, f"{where}: {section}/{particle}").items():
            if node not in {PARTICLE, *known[particle].products}:
                raise ConfigError(
                    f"{where}: {section}/{particle} names the unknown product {node!r}"
                )
            places.append((f"{particle}/{node}", leaves))
    return places


def _read_regression(entry: Any, place: str, where: str) -> Regression:
    """Read a name, or a list of a name and the kind of regression."""
    name, kind = entry, REGRESSION_KINDS[0]
    if _is_list(entry):
        if len(entry) not in {1, 2}:
            raise ConfigError(f"{where}: {entry!r} is neither a name nor [name, kind]")
        name, kind = entry[0], (entry[1] if len(entry) == 2 else kind)
    if kind not in REGRESSION_KINDS:
        raise ConfigError(f"{where}/{name}: kind {kind!r} is none of {', '.join(REGRESSION_KINDS)}")
    return Regression(f"{place}/{_words([name], where)[0]}", kind)


def _require_unique(names: Sequence[str], where: str) -> None:
    # Weights are named by what they belong to, with "_" in place of a dot.
    seen = [name.replace(".", "_") for name in names]
    for name, flat in zip(names, seen, strict=True):
        if names.count(name) > 1:
            raise ConfigError(f"{where}: {name!r} occurs twice")
        if seen.count(flat) > 1:
            raise ConfigError(f"{where}: {name!r} differs from another name by a dot only")
