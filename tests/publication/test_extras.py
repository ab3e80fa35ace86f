import json

import h5py
import matplotlib as mpl
import numpy as np
import pytest

from hh4b.core import contracts
from hh4b.core.errors import ConfigError, ContractError
from hh4b.core.files import Provenance, read_json
from hh4b.publication import embeddings, embeddings_stage
from hh4b.publication.catalogue import default_settings
from hh4b.publication.inputs import Inputs
from hh4b.publication.kinds.cutflow import read_cutflow
from hh4b.publication.registry import function_of
from hh4b.publication.style import FigureStyle
from hh4b.spanet import checkpoints
from hh4b.spanet.checkpoints import Checkpoint
from hh4b.spanet.event import EventDescription
from hh4b.spanet.network import Network
from hh4b.spanet.options import Options
from hh4b.spanet.settings import EmbeddingSettings

FAST = FigureStyle(dpi=60)
OPTIONS = EmbeddingSettings(points=60, clusters=[2, 3])


def draw(name, texts, **changes):
    settings = default_settings("figure", name).model_copy(update=changes)
    with mpl.rc_context(FAST.rc()):
        inputs = Inputs.parse(f"figure {name}", texts)
        figure = function_of(settings.kind, "figure")(inputs, settings, FAST)
        figure.canvas.draw()
    return figure


@pytest.fixture(scope="module")
def predicted(run):
    """Predictions with embedding vectors, built from two observables and noise."""
    rng = np.random.default_rng(7)
    for sample in ("signal", "background"):
        features = contracts.read_table(
            run / f"features/mixing_spanet/{sample}.h5", contracts.FEATURES
        )["features"]
        vectors = rng.normal(0, 0.1, (len(features), 6))
        vectors[:, 0] += 0.05 * features[:, 0]
        vectors[:, 1] += features[:, 1]
        with h5py.File(run / f"prediction_{sample}.h5", "w") as file:
            file["EMBEDDINGS/EVENT"] = vectors.astype(np.float32)
    triples = [
        f"{run}/datasets/{s}.h5:{run}/prediction_{s}.h5:{run}/features/mixing_spanet/{s}.h5"
        for s in ("signal", "background")
    ]
    embeddings_stage.write_embeddings(triples, run / "embeddings.json", OPTIONS)
    return triples


def test_components_find_what_the_vectors_were_made_of(run, predicted):
    content = read_json(run / "embeddings.json")
    share = content["variance_ratio"]
    assert share == sorted(share, reverse=True)
    assert sum(share) == pytest.approx(1.0)
    assert share[0] + share[1] > 0.99
    r = np.array(content["correlation"]["all"]["value"], dtype=float)
    assert abs(r[0, content["features"].index("h1_pt")]) > 0.99
    assert abs(r[1, content["features"].index("h1_eta")]) > 0.95
    # A constant observable has no correlation, and says so.
    assert content["correlation"]["all"]["value"][0][content["features"].index("n_muons")] is None
    assert set(content["map"]["silhouette"]) == {"2", "3"}
    assert len(content["map"]["x"]) == 60


def test_principal_components_equal_scikit_learn():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(211, 5)) @ rng.normal(size=(5, 5))
    share, projected = embeddings.principal_components(vectors, np.ones(211))
    pca = PCA().fit(vectors)
    np.testing.assert_allclose(share, pca.explained_variance_ratio_, rtol=1e-10)
    np.testing.assert_allclose(np.abs(projected), np.abs(pca.transform(vectors)), atol=1e-9)


def test_a_weight_of_two_is_an_event_twice():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(47, 3)), rng.normal(size=(47, 2))
    weights = rng.integers(1, 4, 47)
    one, _ = embeddings.correlations(x, y, weights.astype(float))
    repeated = np.repeat(np.arange(47), weights)
    two, _ = embeddings.correlations(x[repeated], y[repeated], np.ones(len(repeated)))
    np.testing.assert_allclose(one, two)


def test_embeddings_need_both_classes_and_vectors(run, predicted, tmp_path):
    with pytest.raises(ContractError, match="only one class"):
        embeddings_stage.write_embeddings(predicted[:1], tmp_path / "e.json", OPTIONS)
    with pytest.raises(ConfigError, match="DATASET:PREDICTION:FEATURES"):
        embeddings_stage.read_embedded(["a.h5:b.h5"])
    dataset = f"{run}/datasets/signal.h5"
    with pytest.raises(ContractError, match="--output-vectors"):
        embeddings_stage.read_embedded([f"{dataset}:{dataset}:{run}/features/min_dr/signal.h5"])


@pytest.mark.parametrize("name", ["7", "8", "9", "embedding"])
def test_embedding_figures(run, predicted, name):
    figure = draw(name, [f"embeddings={run}/embeddings.json"])
    assert figure.axes


def test_figures_against_luminosity_take_limits_or_a_scan(run):
    files = [f"min_dr_dnn={run}/limits/min_dr_dnn_13tev_{x}ifb.json" for x in (139, 300, 3000)]
    assert draw("5", files).axes
    assert draw("14", [f"min_dr_dnn={run}/scans/min_dr_dnn.json"]).axes
    with pytest.raises(ContractError, match="luminosities at 14 TeV"):
        draw("14", files)


def test_curves_of_one_figure_share_energy_and_luminosity(run):
    files = [
        f"min_dr_dnn={run}/limits/min_dr_dnn_13tev_139ifb.json",
        f"mixing_spanet={run}/limits/mixing_spanet_13tev_300ifb.json",
    ]
    with pytest.raises(ConfigError, match="different energies or luminosities"):
        draw("likelihood", files)
    assert draw("likelihood", files[:1]).axes
    assert len(draw("limits", files).axes) == 2


def test_roc_and_cutflow(run):
    legend = draw("roc", [f"min_dr_dnn={run}/classifier/min_dr_dnn_0.json"]).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["min dr dnn: 0.870 ± 0.003"]
    texts = [f"{s}={run}/datasets/{s}.h5" for s in ("signal", "background")]
    axes = draw("cutflow", texts).axes[0]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["generated", "four b tags"]


def test_the_cutflow_of_the_cuts_starts_at_what_was_generated(tmp_path):
    steps = [
        {"name": "four_tag", "efficiency": 0.08, "efficiency_error": 0.001},
        {"name": "delta_eta_hh", "efficiency": 0.06, "efficiency_error": 0.001},
    ]
    path = tmp_path / "cuts.json"
    path.write_text(json.dumps({"steps": steps}))
    assert [(round(v, 3), e) for _, v, e in read_cutflow(path)] == [
        (1.0, 0.0),
        (0.08, 0.001),
        (0.06, 0.001),
    ]
    path.write_text(json.dumps({"steps": [{**steps[0], "efficiency": None}]}))
    with pytest.raises(ContractError, match="efficiencies are unknown"):
        read_cutflow(path)


def test_shapes_by_kappa(run):
    texts = [f"{kappa}={run}/partons/hh_13tev.json" for kappa in (5, -1)]
    legend = draw("kappa", texts).axes[0].get_legend().get_texts()
    assert [text.get_text()[-2:].strip() for text in legend] == ["−1", "5"]
    with pytest.raises(ConfigError, match="keys must be values of kappa_lambda"):
        draw("kappa", [f"sm={run}/partons/hh_13tev.json"])


def test_scores_of_a_dataset(run, tmp_path):
    rng = np.random.default_rng(6)
    for sample, n in (("signal", 4000), ("background", 3000)):
        contracts.write_table(
            tmp_path / f"{sample}.h5",
            contracts.SCORES,
            {"kappa_lambda": np.array([-5.0, 1.0]), "score": rng.random((n, 2))},
            Provenance("test", {}),
        )
    texts = [
        f"min_dr_dnn.{s}={run}/datasets/{s}.h5:{tmp_path}/{s}.h5" for s in ("signal", "background")
    ]
    assert draw("scores", texts).axes
    swapped = [texts[0].replace("datasets/signal", "datasets/background"), texts[1]]
    with pytest.raises(ContractError, match="has 4000 events"):
        draw("scores", swapped)


def test_learning_curves(tmp_path):
    dnn, spanet = tmp_path / "dnn.csv", tmp_path / "spanet.csv"
    dnn.write_text("epoch,train_loss,validation_loss,validation_auc\n0,0.7,0.69,0.6\n1,0.6,0.6,\n")
    spanet.write_text(
        "epoch,loss/total,validation/event_efficiency,validation/EVENT/signal/auc\n"
        "1,1.5,0.1,0.6\n2,1.4,0.2,0.7\n"
    )
    alone = draw("learning", [f"min_dr_dnn={dnn}"])
    assert [axes.get_ylabel().split()[0] for axes in alone.axes] == ["Loss", "AUC"]
    names = {"min_dr_dnn": "min-ΔR + DNN", "mixing_joint_tuned": "mixing κ SPANet2, tuned"}
    both = draw("learning", [f"min_dr_dnn={dnn}", f"mixing_joint_tuned={spanet}"], labels=names)
    assert len(both.axes) == 4
    names = [text.get_text() for text in both.legends[0].get_texts()]
    assert names[:2] == [r"min-$\Delta R$ + DNN", r"mixing $\kappa$ SPANet2, tuned"]
    assert [line.get_xdata().tolist() for line in both.axes[2].lines] == [[1, 2], [1, 2]]
    dnn.write_text("epoch,accuracy\n0,1\n")
    with pytest.raises(ContractError, match="no columns of epoch and loss"):
        draw("learning", [f"min_dr_dnn={dnn}"])


def test_the_structure_is_that_of_the_network(pytestconfig, tmp_path):
    folder = pytestconfig.rootpath / "config/spanet"
    event = EventDescription.read(folder / "event.yaml")
    options = Options.read(folder / "options/smoke.json")
    words = []
    for changes in ({}, {"assignment_loss_scale": 0.0, "pair_features": 3}):
        network = Network(options.changed(**changes), event, {"EVENT/signal": 2})
        path = tmp_path / f"{len(words)}.pt"
        checkpoints.save(path, Checkpoint(network), Provenance("test", {}))
        figure = draw("6", [f"model={path}"])
        words.append(" ".join(text.get_text() for text in figure.axes[0].texts))
    assert f"{options.num_encoder_layers} " in words[0]
    assert "switched off" in words[1]
    assert "switched off" not in words[0]
    assert "pairs with the 3 leading" in words[1]
    assert "pairs with" not in words[0]
