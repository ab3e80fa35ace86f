"""The loss of validation events, as that of training events but without what is random."""

from dataclasses import replace

import numpy as np
import torch

from hh4b.spanet import losses, pair_features
from hh4b.spanet.batches import EventStore
from hh4b.spanet.data import Events
from hh4b.spanet.losses import Balance, Targets
from hh4b.spanet.network import Network, Parts
from hh4b.spanet.preparation import TargetStore

#: Events computed at a time.
BLOCK = 4096


class ValidationLoss:
    """Validation events packed once, and the loss that a network has on them."""

    def __init__(self, network: Network, events: Events, balance: Balance, parts: Parts) -> None:
        """Pack the events that the training would learn from.

        Args:
            network: of the training; says which inputs and options there are.
            events: to validate on.
            balance: weights of the training events, which count here too.
            parts: what the training learns.
        """
        options, event = network.options, network.event
        learns_pairs = parts.assignment or parts.detection
        if learns_pairs and not options.partial_events and events.target_valid:
            events = events.select(np.asarray(np.stack(events.target_valid).all(axis=0)))
        self.balance, self.parts, self.number = balance, parts, len(events)
        seen = pair_features.add(events, event, options.pair_features)
        self.store = EventStore(seen, network.seen)
        self.targets = TargetStore(events, self.store, options, event, lenient=True)

    def total(self, network: Network) -> float | None:
        """Return the mean of the terms over all events, without dropout; None without events.

        Blocks of events count by their number; a set of one block, as those of most studies, is
        one batch.
        """
        if not self.number:
            return None
        device = next(network.parameters()).device
        training, total = network.training, 0.0
        network.eval()
        try:
            for start in range(0, self.number, BLOCK):
                index = np.arange(start, min(start + BLOCK, self.number))
                batch = self.store.batch(index).to(device)
                with torch.inference_mode():
                    output = network(batch, self.parts)
                    targets = self._known(self.targets.take(batch), network)
                    found = losses.compute(
                        output, targets, batch, network.event, network.options, self.balance
                    )
                total += len(index) * float(found.total)
        finally:
            network.train(training)
        return total / self.number

    def _known(self, targets: Targets, network: Network) -> Targets:
        """Return targets without what no training event has: classes, numbers of vectors."""
        classes = {
            name: values.masked_fill(values >= network.classes[name], -1)
            for name, values in targets.classes.items()
        }
        multiplicity = targets.multiplicity
        if self.balance.multiplicity is not None:
            multiplicity = multiplicity.clamp(max=len(self.balance.multiplicity) - 1)
        return replace(targets, classes=classes, multiplicity=multiplicity)
