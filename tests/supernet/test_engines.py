"""The choice of engine."""

from dataclasses import replace

import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.supernet import EvaluationConfig, Evaluator, SuperNet, TrainingConfig, engines
from shareornot.supernet.engines import EngineKind, engines_for, make_evaluator, make_trainer
from shareornot.supernet.training import Trainer

CPU = torch.device("cpu")


@pytest.fixture
def training() -> TrainingConfig:
    """A step or two."""
    return TrainingConfig(epochs=1, batch_size=8)


@pytest.fixture
def fresh(monkeypatch):
    """As if nothing had been measured in this process, and measuring took no time."""
    monkeypatch.setattr(engines, "_fastest", {})
    monkeypatch.setattr(engines, "TRIAL_S", 0.0)
    monkeypatch.setattr(engines, "MAX_TRIALS", 3)


@pytest.mark.parametrize("engine", engines_for(CPU))
def test_an_engine_that_is_asked_for_is_taken(engine, images, network_config, some_cells, training):
    network = SuperNet(network_config(), 0)
    assert make_trainer(network, images, some_cells("A_FULL", 5), training, engine).engine == engine
    assert make_evaluator(network, images, EvaluationConfig(), engine).engine == engine


def test_engine_of_another_device(monkeypatch, images, network_config, some_cells, training):
    kinds = {"plain": engines.KINDS["plain"], "fused": EngineKind(Trainer, Evaluator, lambda _: False)}
    monkeypatch.setattr(engines, "KINDS", kinds)
    with pytest.raises(SettingsError, match="expected auto or, on cpu, plain, got 'fused'"):
        make_trainer(SuperNet(network_config(), 0), images, some_cells("A_FULL", 5), training, "fused")


@pytest.mark.usefixtures("fresh")
def test_auto_leaves_the_network_alone(images, network_config, some_cells, training):
    network = SuperNet(network_config(), 0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainer = make_trainer(network, images, some_cells("A_FULL", 5), training)
    assert trainer.engine in engines_for(CPU)
    assert trainer.network is network
    assert trainer.steps_done == 0
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.usefixtures("fresh")
def test_double_precision_decides_where_rounding_is_large(monkeypatch, images, network_config, some_cells, training):
    compared = []
    monkeypatch.setattr(engines, "_quickest", lambda works: compared.extend(works) or "plain")
    monkeypatch.setattr(engines, "KINDS", {name: engines.KINDS[name] for name in ("plain", "masked")})
    monkeypatch.setitem(engines.KINDS, "masked", replace(engines.KINDS["masked"], suits=lambda _: True))
    monkeypatch.setattr(engines, "TOLERANCE", 0.0)
    network = SuperNet(network_config(), 0)
    make_trainer(network, images, some_cells("A_FULL", 5), training)
    assert compared == ["masked", "plain"]
    engines._fastest.clear()
    compared.clear()
    monkeypatch.setattr(engines, "EXACT_TOLERANCE", 0.0)
    make_trainer(network, images, some_cells("A_FULL", 5), training)
    assert compared == ["plain"]


@pytest.mark.usefixtures("fresh")
def test_auto_copes_with_what_is_no_number(images, network_config, some_cells, training):
    network = SuperNet(network_config(), 0)
    with torch.no_grad():
        network.stem.weight[:] = torch.nan
    assert make_trainer(network, images, some_cells("A_FULL", 5), training).engine == "plain"


@pytest.mark.usefixtures("fresh")
def test_auto_drops_an_engine_that_is_wrong(monkeypatch, images, network_config, some_cells, training):
    class Wrong(Trainer):
        """Quick, because it does not do the work."""

        engine = "wrong"

        def learn(self, *_):
            return torch.zeros(())

    kinds = {"plain": engines.KINDS["plain"], "wrong": EngineKind(Wrong, Evaluator, lambda _: True)}
    monkeypatch.setattr(engines, "KINDS", kinds)
    trainer = make_trainer(SuperNet(network_config(), 0), images, some_cells("A_FULL", 5), training)
    assert trainer.engine == "plain"


@pytest.mark.usefixtures("fresh")
def test_auto_remembers(monkeypatch, images, network_config, some_cells, training):
    cells = some_cells("A_FULL", 5)
    first = make_trainer(SuperNet(network_config(), 0), images, cells, training)
    monkeypatch.setattr(engines, "_quickest", lambda _: pytest.fail("measured twice"))
    assert make_trainer(SuperNet(network_config(), 1), images, cells, training).engine == first.engine


def test_auto_takes_the_quickest():
    now = 0.0

    def work(seconds):
        def do():
            nonlocal now
            now += seconds

        return do

    assert engines._quickest({"slow": work(0.2), "quick": work(0.1)}, lambda: now) == "quick"
    assert now == pytest.approx(1.2)  # four turns take it beyond the second


def test_noise_does_not_choose():
    now = 0.0

    def work(seconds):
        def do():
            nonlocal now
            now += seconds

        return do

    assert engines._quickest({"plain": work(0.11), "fused": work(0.1)}, lambda: now) == "plain"


@pytest.mark.usefixtures("fresh")
def test_auto_scores_on_an_engine_that_is_right(monkeypatch, images, network_config, some_cells):
    class Wrong(Evaluator):
        """Quick, because it does not do the work."""

        def scores(self, cells):
            return iter([0.123] * len(cells))

    network, config = SuperNet(network_config(), 0), EvaluationConfig(num_batches=2, batch_size=8)
    kinds = {"plain": engines.KINDS["plain"], "wrong": EngineKind(Trainer, Wrong, lambda _: True)}
    monkeypatch.setattr(engines, "KINDS", kinds)
    assert make_evaluator(network, images, config).engine == "plain"
    monkeypatch.undo()
    scores = [
        list(make_evaluator(network, images, config, name).scores(some_cells("A_FULL", 3)))
        for name in ("auto", "plain")
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1.5 / len(images.validation_images))
