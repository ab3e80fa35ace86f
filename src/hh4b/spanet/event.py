"""The event description: inputs, particles with their products, symmetries, classifications."""

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
class EventDescription:
    """What goes into a network and what comes out.

    Attributes:
        inputs: in the order of the file.
        particles: in the order of the file.
        group: permutations of the particles that leave the event the same.
        classifications: names like ``EVENT/signal`` or ``h1/PARTICLE/kind``.
    """

    inputs: tuple[Input, ...]
    particles: tuple[Particle, ...]
    group: tuple[Permutation, ...]
    classifications: tuple[str, ...]

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
        if _has_leaves(sections.get("REGRESSIONS")):
            raise ConfigError(f"{where}: REGRESSIONS are not supported; leave the section empty")
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
        classes = _read_classifications(sections.get("CLASSIFICATIONS"), particles, where)
        return cls(inputs, particles, group, classes)

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
        classes: dict[str, Any] = {}
        for name in self.classifications:
            *path, leaf = name.split("/")
            node = classes
            for key in path[:-1]:
                node = node.setdefault(key, {})
            node.setdefault(path[-1], []).append(leaf)
        return {
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
            "CLASSIFICATIONS": classes,
        }


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


def _has_leaves(tree: Any) -> bool:
    if isinstance(tree, Mapping):
        return any(_has_leaves(value) for value in tree.values())
    return bool(tree)


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
        for cycle in cycles:
            if not cycle:
                raise ConfigError(f"{where}: {entry!r} has an empty cycle; name what it exchanges")
            for name in cycle:
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


def _read_classifications(
    section: Any, particles: Sequence[Particle], where: str
) -> tuple[str, ...]:
    tree = _mapping(section or {}, f"{where}: CLASSIFICATIONS")
    known = {particle.name: particle for particle in particles}
    place = f"{where}: CLASSIFICATIONS"
    names = [f"{EVENT}/{leaf}" for leaf in _words(tree.get(EVENT), f"{place}/{EVENT}")]
    for particle, nodes in tree.items():
        if particle == EVENT:
            continue
        if particle not in known:
            raise ConfigError(f"{where}: CLASSIFICATIONS names the unknown particle {particle!r}")
        for node, leaves in _mapping(nodes or {}, f"{where}: CLASSIFICATIONS/{particle}").items():
            if node not in {PARTICLE, *known[particle].products}:
                raise ConfigError(
                    f"{where}: CLASSIFICATIONS/{particle} names the unknown product {node!r}"
                )
            words = _words(leaves, f"{place}/{particle}/{node}")
            names += [f"{particle}/{node}/{leaf}" for leaf in words]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{place}: {name!r} occurs twice")
    return tuple(names)
