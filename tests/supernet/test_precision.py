"""bfloat16: what is computed in it, what stays in float32, and where it is slow."""

from dataclasses import replace

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from shareornot.errors import SettingsError
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import EvaluationSettings, Evaluator, NASBench101SuperNet, OptimizerSettings, TrainingSettings
from shareornot.supernet import precision as module
from shareornot.supernet.contract import used_regions
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.precision import computing_in, processor_flags, slowness_warning
from shareornot.supernet.training import Batch

CPU = torch.device("cpu")
OPTIMIZERS = (OptimizerSettings(), OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True))


def test_convolutions_are_in_bfloat16_and_everything_that_is_kept_in_float32(images, network_config, some_cells):
    network = NASBench101SuperNet(network_config(), 0)
    network.train()
    computed = set()

    def note(_module, _inputs, output):
        computed.add(output.dtype)

    for one in network.modules():
        if isinstance(one, nn.Linear):
            one.register_forward_hook(note)
    batch = Batch(images.normalize(images.train_images), images.train_labels)
    with computing_in("bfloat16", CPU):
        loss, _ = path_gradients(network, some_cells("A_FULL", 2).tolist(), batch)
    assert computed == {torch.bfloat16}
    assert loss.dtype == torch.float32
    used = used_regions(network)
    assert {parameter.grad.dtype for parameter in used} == {torch.float32}
    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float32}
    assert network.stem.running_mean.abs().sum() > 0


def test_gradients_point_where_those_of_float32_do(images, network_config, some_cells):
    cells, gradients = some_cells("A_FULL", 1).tolist(), []
    batch = Batch(images.normalize(images.train_images), images.train_labels)
    for precision in ("float32", "bfloat16"):
        network = NASBench101SuperNet(network_config(), 0)
        network.train()
        with computing_in(precision, CPU):
            path_gradients(network, cells, batch)
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert not torch.equal(*gradients)
    assert nn.functional.cosine_similarity(*gradients, dim=0) > 0.97


def test_scores_agree_up_to_rounding(images, network_config, some_cells):
    network, cells = NASBench101SuperNet(network_config(), 0), some_cells("A_FULL", 8)
    settings = EvaluationSettings(batch_size=8, num_batches=2)
    exact = list(Evaluator(network, images, settings).scores(cells))
    rounded = list(Evaluator(network, images, replace(settings, precision="bfloat16")).scores(cells))
    assert max(abs(a - b) for a, b in zip(exact, rounded, strict=True)) < 0.2


def test_slow_precision_is_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "processor_flags", lambda: frozenset({"avx2"}))
    assert "does not compute bfloat16 natively" in slowness_warning("bfloat16", CPU)
    assert slowness_warning("float32", CPU) is None
    monkeypatch.setattr(module, "processor_flags", lambda: frozenset({"avx512_bf16"}))
    assert slowness_warning("bfloat16", CPU) is None
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\nFeatures\t: bf16\n")
    assert processor_flags(file) == {"fpu", "avx512_bf16", "bf16"}
    assert processor_flags(tmp_path / "none") == set()


@pytest.mark.parametrize("settings", [TrainingSettings, EvaluationSettings])
def test_an_unknown_precision_is_refused(settings):
    with pytest.raises((SettingsError, TypeCheckError), match=r"precision.*'half'"):
        settings(precision="half")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_goes_with_any_optimizer(optimizer, images, network_config, some_cells):
    settings = TrainingSettings(epochs=1, batch_size=8, precision="bfloat16", optimizer=optimizer)
    network = NASBench101SuperNet(network_config(), 0)
    one = make_trainer(network, open_space("A_FULL"), some_cells("A_FULL", 9), images, settings)
    losses = torch.stack([one.step() for _ in range(3)])
    assert losses.dtype == torch.float32
    assert torch.isfinite(losses).all()
