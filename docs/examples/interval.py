# %% [markdown]
# # From datasets to an interval on κ_λ
#
# Each `# %%` begins a cell for Jupyter, VS Code or Spyder; `python docs/examples/interval.py` runs
# all of them. The events are toys from a seed (`toy_events.py`), so that nothing is to be had from
# elsewhere; with datasets of `hh4b ingest`, or of a study in `results/datasets/`, only the first
# two cells change.

# %%
import sys
import tempfile
from pathlib import Path

import hh4b

sys.path.insert(0, str(Path(__file__).parent))
from toy_events import write_background, write_signal

# %%
folder = Path(tempfile.mkdtemp())
kappas = [-1.0, 1.0, 5.0]
for seed, kappa in enumerate(kappas):
    write_signal(folder / f"hh_{kappa:g}.h5", kappa, 3000, seed)
write_background(folder / "four_b.h5", kappas, 6000, 10)

# %% [markdown]
# ## Load, pair, and see how often the pairing is right

# %%
signal = [hh4b.read_dataset(folder / f"hh_{kappa:g}.h5") for kappa in kappas]
background = hh4b.read_dataset(folder / "four_b.h5")
for dataset in signal:
    pairing = hh4b.pair(dataset, "min_dr")
    total = hh4b.pairing_efficiency(dataset, pairing)["total"]
    print(dataset, f"event efficiency {total['event_efficiency']:.3f}")

# %% [markdown]
# ## Train a dense network on the features of paired events, and score all events

# %%
signal_tables = [hh4b.compute_features(one, hh4b.pair(one)) for one in signal]
background_table = hh4b.compute_features(background, hh4b.pair(background))
trained = hh4b.train(
    signal=signal_tables, background=background_table, max_epochs=12, hidden_dim=64, seed=1
)
print(f"AUC {trained.epochs[trained.best_epoch]['validation_auc']:.3f}")

# %%
told = {"fixed_kappa_input": 1.0}  # the value of kappa_lambda that the network is told, always
scored_signal = [hh4b.predict(trained, table, [1.0]) for table in signal_tables]
scored_background = hh4b.predict(trained, background_table, [1.0])

# %% [markdown]
# ## Cut, fill m_HH, and find the interval

# %%
threshold = hh4b.find_threshold(signal=scored_signal, background=scored_background, **told)
templates = hh4b.make_templates(
    signal=scored_signal, background={"four_b": scored_background}, threshold=threshold,
    kappa_input="fixed", background_kappa="fixed", background_kappa_values=kappas, **told,
)  # fmt: skip
limit = hh4b.find_limit(templates, luminosity_ifb=3000)
print(f"score above {threshold:.2f}; kappa_lambda in {limit.profile} (profile), {limit.cls} (CLs)")
