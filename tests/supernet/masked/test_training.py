"""Steps of the masked engine against those of the plain one: the same numbers, and what must not move does not."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from shareornot.errors import SettingsError
from shareornot.supernet import Trainer, TrainingConfig
from shareornot.supernet.checkpoint import load_checkpoint, save_checkpoint
from shareornot.supernet.masked.batches import LaneDraws
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide

from .conftest import MIN_OUTPUT_EDGES, RECIPES

DOUBLE = 1e-9
"""How far numbers in double precision may be apart, as a part of the largest of a tensor."""
SINGLE = 2e-3
"""The same in single precision after three steps. Sums in another order differ by some 1e-6 of the largest term. Where
batch norm divides by a small deviation that grows, and where two pixels are almost equal, maximum and ReLU may choose
differently. Seen were differences up to 2e-4; a wrong mask or kernel changes a tensor by 1e-1 and more."""
VARIANTS = {
    "baseline": (False, "uniform", 1),
    "single-k": (True, "uniform", 1),
    "pro-rata": (False, "pro-rata", 1),
    "avg-3": (False, "uniform", 3),
    "s-k+p-r with avg-3": (True, "pro-rata", 3),
}
"""Whether one kernel serves for two, how cells are sampled, and how many in a step."""
CONFIG = TrainingConfig(epochs=3, batch_size=8, seed=1)


def tensors_of(trainer) -> dict[str, torch.Tensor]:
    """All that a training changes."""
    return trainer.network.state_dict() | {f"state.{n}": t for n, t in trainer.optimizer.state_dict().items()}


def copies(trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in tensors_of(trainer).items()}


def assert_close(one, other, apart, tolerance):
    tensors, others = tensors_of(one), tensors_of(other)
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        assert apart(tensor, others[name]) <= tolerance, name


def assert_same(one, other):
    tensors, others = tensors_of(one), tensors_of(other)
    assert one.steps_done == other.steps_done
    assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())


@pytest.fixture
def pair(images, network_for, some_cells):
    """A plain trainer and a masked one that start from the same weights."""

    def make(space="A_FULL", config=CONFIG, **changes):
        network = network_for(space, **changes)
        cells = some_cells(space, 40)
        return Trainer(deepcopy(network), images, cells, config), MaskedTrainer(network, images, cells, config)

    return make


@pytest.mark.usefixtures("in_double")
@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_are_those_of_the_plain_engine(variant, space, pair, apart):
    single_kernel, sampling, cells_per_step = VARIANTS[variant]
    # Each space meets each variant, and each recipe meets each of both.
    recipe = list(RECIPES)[(list(VARIANTS).index(variant) + list(MIN_OUTPUT_EDGES).index(space)) % len(RECIPES)]
    config = replace(CONFIG, optimizer=RECIPES[recipe], sampling=sampling, cells_per_step=cells_per_step)
    plain, masked = pair(space, config, single_kernel=single_kernel)
    num_kept = 0
    for _ in range(4):  # the third batch of an epoch is a small one, the fourth step is in the next epoch
        before, before_plain = copies(masked), copies(plain)
        loss, expected = masked.step(), plain.step()
        assert loss.item() == pytest.approx(expected.item(), rel=DOUBLE)
        assert_close(plain, masked, apart, DOUBLE)
        after, after_plain = tensors_of(masked), tensors_of(plain)
        for name, tensor in after_plain.items():
            kept = tensor == before_plain[name]
            if name in plain.network.state_dict():  # what the plain engine leaves alone, this one does, bit by bit
                assert torch.equal(after[name][kept], before[name][kept]), name
                num_kept += int(kept.sum())
    assert num_kept > 0


def test_steps_in_single_precision(space, pair, apart):
    config = replace(CONFIG, optimizer=RECIPES["sgd"])
    plain, masked = pair(space, config, double=False)
    for _ in range(3):
        plain.step()
        masked.step()
    assert_close(plain, masked, apart, SINGLE)


@pytest.mark.usefixtures("in_double")
@pytest.mark.parametrize(
    "changes",
    [{"cells_per_stack": 2, "num_stacks": 3}, {"max_vertices": 4}, {"max_vertices": 2}, {"image_channels": 1}],
    ids=["deep", "small cells", "no vertices", "grey"],
)
def test_other_networks(changes, images, network_config, some_cells, apart):
    from shareornot.spaces.nasbench101 import unique_codes
    from shareornot.supernet import SuperNet

    if "image_channels" in changes:
        parts = ("train_images", "validation_images", "test_images")
        grey = {part: getattr(images, part)[:, :1].contiguous() for part in parts}
        images = replace(images, mean=(0.5,), std=(0.25,), **grey)
    network = SuperNet(network_config(**changes), 0).double()
    num_cells = len(unique_codes(changes["max_vertices"])) if "max_vertices" in changes else 0
    cells = np.arange(num_cells, dtype=np.int32) if num_cells else some_cells("A_FULL", 40)
    plain, masked = (kind(deepcopy(network), images, cells, CONFIG) for kind in (Trainer, MaskedTrainer))
    for _ in range(3):
        plain.step()
        masked.step()
    assert_close(plain, masked, apart, DOUBLE)


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.usefixtures("in_double")
def test_side_by_side_each_trains_as_if_alone(single_kernel, images, network_for, some_cells, apart):
    config = replace(CONFIG, cells_per_step=2)
    cells = some_cells("A3", 40)
    configs = [replace(config, seed=seed) for seed in (1, 5, 6)]

    def trainers(kind):
        networks = [network_for("A3", seed=one.seed, single_kernel=single_kernel) for one in configs]
        return [kind(network, images, cells, one) for network, one in zip(networks, configs, strict=True)]

    alone, together = trainers(Trainer), trainers(MaskedTrainer)
    group = SideBySide(together)
    reports = list(group.run(lambda: group.steps_done == 7))
    expected = [list(one.run(lambda one=one: one.steps_done == 7)) for one in alone]
    assert len(reports) == 2
    for number, epoch in enumerate(reports):
        for report, theirs in zip(epoch, [one[number] for one in expected], strict=True):
            assert (report.epoch, report.num_steps) == (theirs.epoch, theirs.num_steps)
            assert report.loss == pytest.approx(theirs.loss, rel=DOUBLE)
    for one, other in zip(alone, together, strict=True):
        assert one.steps_done == other.steps_done == 7
        assert_close(one, other, apart, DOUBLE)
    assert group.notes == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_stop_after_any_step_and_resume(recipe, pair, tmp_path):
    config = replace(CONFIG, optimizer=RECIPES[recipe], cells_per_step=2)

    def masked() -> MaskedTrainer:
        return pair("A_FULL", config, double=False)[1]

    expected = masked()
    assert [report.epoch for report in expected.run()] == [1, 2, 3]
    assert expected.steps_done == expected.num_steps == 9
    for num_steps in (1, 3, 5):
        stopped, path = masked(), tmp_path / f"{num_steps}.safetensors"
        list(stopped.run(lambda stopped=stopped, num_steps=num_steps: stopped.steps_done == num_steps))
        save_checkpoint(path, stopped)
        resumed = masked()
        if num_steps == 5:  # also into one that has trained already, whose vectors are in place
            resumed.step()
        load_checkpoint(path, resumed)
        assert_same(stopped, resumed)
        list(resumed.run())
        assert_same(expected, resumed)


@pytest.mark.usefixtures("in_double")
def test_checkpoints_go_from_engine_to_engine(pair, tmp_path, apart):
    plain, masked = pair()
    for trainer in (plain, masked):
        list(trainer.run(lambda trainer=trainer: trainer.steps_done == 4))
        save_checkpoint(tmp_path / trainer.engine, trainer)
    crossed_plain, crossed_masked = pair()
    load_checkpoint(tmp_path / "masked", crossed_plain)
    load_checkpoint(tmp_path / "plain", crossed_masked)
    assert_same(crossed_plain, masked)
    assert_same(crossed_masked, plain)
    for trainer in (plain, crossed_masked, crossed_plain):
        list(trainer.run())
        assert trainer.steps_done == 9
    assert_close(plain, crossed_masked, apart, DOUBLE)
    assert_close(plain, crossed_plain, apart, DOUBLE)


@pytest.mark.usefixtures("in_double")
def test_one_traced_graph_does_all_cells(pair, apart):
    """Recorded once, for the first cells, and then run for others: so nothing in it depends on a number by a branch.

    Recording fails where Python asks a tensor for a number, and no recorded operation has a size that depends on data.
    """
    config = replace(CONFIG, cells_per_step=2)
    plain, masked = pair("A_FULL", config)
    group = SideBySide([masked])
    group._prepare()
    inputs, put = static_tensors(group)
    before = [tensor.clone() for tensor in inputs]

    def work(*tensors):
        put(tensors)
        group.work(8)
        return tensors[-1].clone()

    graph = make_fx(work)(*inputs)
    put(inputs)
    targets = {str(node.target) for node in graph.graph.nodes}
    asking = ("_local_scalar_dense", "nonzero", "unique", "masked_select", "is_nonzero", "equal")
    assert not [target for target in targets if any(word in target for word in asking)]
    for tensor, value in zip(inputs, before, strict=True):
        tensor.copy_(value)
    for step in range(8):
        position = step % 3
        plain.step()
        group._prepare()
        group.position.fill_(position)
        graph(*inputs) if position < 2 else group.work(6)
        masked.steps_done += 1
    assert_close(plain, masked, apart, 1e-8)


def static_tensors(group):
    """What a step reads and writes, and a function that puts others in their places."""
    storage = group.storage

    def put(tensors):
        draws = tensors[:3]
        group.draws = LaneDraws(*draws)
        group.rows, group.position, group.learning_rate, group.losses = tensors[3:7]
        storage.parameters, storage.means, storage.variances, *storage.states = tensors[7:]

    draws = (group.draws.order, group.draws.offsets, group.draws.flips)
    data = (group.rows, group.position, group.learning_rate, group.losses)
    return [*draws, *data, storage.parameters, storage.means, storage.variances, *storage.states], put


@pytest.mark.usefixtures("in_double")
def test_what_a_cell_does_not_use_is_not_read(pair, apart):
    plain, masked = pair("A_FULL", config=replace(CONFIG, epochs=1))
    steps = [plain.network.plan(int(index)) for index in masked.draw()[1]]
    used = plain.network.used_regions(steps)
    unused = [name for name, parameter in plain.network.named_parameters() if parameter not in used]
    assert unused
    for trainer in (plain, masked):
        for name in unused:
            trainer.network.get_parameter(name).data.fill_(float("nan"))
    for _ in range(3):
        plain.step()
        masked.step()
    for name, tensor in tensors_of(plain).items():
        assert name in unused or apart(tensor, tensors_of(masked)[name]) <= DOUBLE
        assert name not in unused or tensors_of(masked)[name].isnan().all()


def test_what_does_not_go_together(images, network_for, some_cells):
    cells = some_cells("A_FULL", 5)

    def trainer(config=CONFIG, **changes):
        return MaskedTrainer(network_for("A_FULL", **changes), images, cells, config)

    with pytest.raises(SettingsError, match="differ in their seed only"):
        SideBySide([trainer(), trainer(replace(CONFIG, epochs=4))])
    with pytest.raises(SettingsError, match="differ in their seed only"):
        SideBySide([trainer(), trainer(single_kernel=True)])
    pair = [trainer(double=False), trainer(double=False)]
    group = SideBySide(pair)
    pair[1].steps_done = 2
    with pytest.raises(SettingsError, match=r"as many steps, got \[0, 2\]"):
        group.step()
    with pytest.raises(SettingsError, match="at least one cell"):
        MaskedTrainer(network_for("A_FULL"), images, cells[:0], CONFIG)
    with pytest.raises(SettingsError, match="at most the 22 training images"):
        trainer(replace(CONFIG, batch_size=23))
