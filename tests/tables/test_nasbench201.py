"""Made-up files in the official layout; the real ones take gigabytes."""

import bz2
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.tables import import_official_201, open_table
from shareornot.tables.nasbench201 import is_official_201

NAMES = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}


def accuracy(architecture, data_set, seed, epochs, name):
    """A made-up percentage for each evaluation."""
    return float(hash((architecture, data_set, seed, epochs, name)) % 10_000) / 100


def results(architecture, data_set, seed, epochs):
    evaluations = {
        f"{name}@{epoch}": accuracy(architecture, data_set, seed, epochs, name) if epoch == epochs - 1 else 1.0
        for name in NAMES[data_set]
        for epoch in range(epochs)
    }
    return {
        "name": "infer.tiny",
        "net_state_dict": None,
        "train_acc1es": dict.fromkeys(range(epochs), 50.0),
        "train_acc5es": {},
        "train_losses": {epoch: np.float64(1.5) for epoch in range(epochs)},
        "train_times": dict.fromkeys(range(epochs), 2.5),
        "arch_config": {"name": "infer.tiny", "C": 16, "N": 5},
        "params": 0.1,
        "flop": 15.6,
        "seed": seed,
        "epochs": epochs,
        "latency": [],
        "eval_names": list(NAMES[data_set]),
        "eval_acc1es": evaluations,
        "eval_times": {},
        "eval_losses": {},
    }


def seeds_of(architecture, data_set, epochs):
    """A third of the architectures have one seed, a third two, a third three; 12 epochs always one."""
    return (777, 888, 999)[: 1 + architecture % 3] if epochs == 200 and data_set == "cifar10-valid" else (777,)


def trained(architecture, epochs):
    (text,) = FAMILY.texts(np.array([architecture]))
    seeds = {data_set: seeds_of(architecture, data_set, epochs) for data_set in NAMES}
    return {
        "arch_index": architecture,
        "arch_str": text,
        "all_results": {
            (data_set, seed): results(architecture, data_set, seed, epochs)
            for data_set in NAMES
            for seed in seeds[data_set]
        },
        "dataset_seed": {data_set: list(own) for data_set, own in seeds.items()},
        "clear_net_done": True,
    }


ARCHITECTURES = (2, 0, 7, 5_000, 15_624)


def one_file(folder):
    torch = pytest.importorskip("torch")
    content = {
        "meta_archs": FAMILY.texts(FAMILY.members[:10]),
        "arch2infos": OrderedDict(
            (one, {"full": trained(one, 200), "less": trained(one, 12)}) for one in ARCHITECTURES
        ),
        "evaluated_indexes": set(ARCHITECTURES),
    }
    content["arch2infos"][2]["less"]["all_results"]["cifar10", 777]["net_state_dict"] = {"weight": torch.zeros(3)}
    torch.save(content, folder / "NAS-Bench-201-v1_1-096897.pth")
    return folder / "NAS-Bench-201-v1_1-096897.pth"


def one_folder(folder):
    source = folder / "NATS-tss-v1_0-3ffb9-simple"
    source.mkdir(exist_ok=True)
    (source / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"meta_archs": []})))
    for one in ARCHITECTURES:
        content = {"12": trained(one, 12), "200": trained(one, 200)}
        (source / f"{one:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content)))
    return source


@pytest.fixture(params=[one_file, one_folder])
def source(request, tmp_path):
    return request.param(tmp_path)


def test_everything_is_kept_and_nothing_is_filled_in(source, tmp_path):
    assert is_official_201(source)
    table = import_official_201(source, tmp_path / "nasbench201.arrow")
    assert table.architectures.tolist() == sorted(ARCHITECTURES)
    assert table.settings == tuple(f"{data_set}:{epochs}" for data_set in sorted(NAMES) for epochs in (12, 200))
    opened = open_table(f"{tmp_path / 'nasbench201.arrow'}:cifar10-valid:200")
    assert opened.metrics == ("train_accuracy", "validation_accuracy", "test_accuracy", "training_time")
    assert opened.column("validation_accuracy").runs == ("777", "888", "999")
    for row, architecture in enumerate(sorted(ARCHITECTURES)):
        seeds = seeds_of(architecture, "cifar10-valid", 200)
        for metric, name in (("validation_accuracy", "x-valid"), ("test_accuracy", "ori-test")):
            expected = [accuracy(architecture, "cifar10-valid", seed, 200, name) / 100 for seed in seeds]
            expected += [np.nan] * (3 - len(seeds))
            np.testing.assert_allclose(opened.values(metric)[row], expected, rtol=1e-6)
        assert opened.mean("training_time")[row] == pytest.approx(500)
        assert opened.mean("train_accuracy")[row] == pytest.approx(0.5)


def test_test_accuracies_are_those_of_the_images_held_out(source, tmp_path):
    import_official_201(source, tmp_path / "nasbench201.arrow")
    table = open_table(tmp_path / "nasbench201.arrow")
    own = table.select(data_set="cifar100", epochs=12).values("test_accuracy")[:, 0]
    expected = [accuracy(one, "cifar100", 777, 12, "x-test") / 100 for one in sorted(ARCHITECTURES)]
    np.testing.assert_allclose(own, expected, rtol=1e-6)
    assert table.select(data_set="cifar10", epochs=200).metrics == ("train_accuracy", "test_accuracy", "training_time")
    with pytest.raises(SettingsError, match="select one"):
        table.mean("test_accuracy")


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile-has-run",)


def with_change(folder, change):
    source = one_folder(folder)
    path = source / "000007.pickle.pbz2"
    content = pickle.loads(bz2.decompress(path.read_bytes()))
    change(content["200"])
    path.write_bytes(bz2.compress(pickle.dumps(content)))
    return source


RESULTS = ("cifar100", 777)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.update(arch_str="|conv~0|"), "arch_str: architecture 1 of 1, .*expected six operations"),
        (lambda one: one.update(all_results=None), "expected a dictionary with arch_str and all_results"),
        (lambda one: one["all_results"].update({"cifar10": {}}), "expected results by data set and seed"),
        (
            lambda one: one["all_results"][RESULTS].update(epochs="many"),
            "expected a dictionary with a number of epochs",
        ),
        (lambda one: one["all_results"][RESULTS].update(eval_acc1es=[1]), "expected eval_acc1es"),
        (
            lambda one: one["all_results"][RESULTS]["eval_acc1es"].update({"x-valid@199": 101.0}),
            "expected a percentage",
        ),
        (lambda one: one["all_results"][RESULTS]["eval_acc1es"].update({"x-valid@199": "9"}), "expected a percentage"),
        (lambda one: one["all_results"][RESULTS]["train_times"].update({3: -1.0}), "expected seconds"),
        (lambda one: one.update(arch_str=FAMILY.texts(np.array([5_000]))[0]), "results of another architecture"),
        (lambda one: one.update(extra=Hostile()), r"refers to (posix|nt)\.system"),
    ],
)
def test_other_contents_are_refused(tmp_path, monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    source = with_change(tmp_path, change)
    with pytest.raises(DataError, match=message):
        import_official_201(source, tmp_path / "table.arrow")
    assert not (tmp_path / "table.arrow").exists()
    assert not (tmp_path / "hostile-has-run").exists()


def test_a_run_that_is_missing_is_missing(tmp_path):
    def change(one):
        del one["all_results"]["cifar100", 777]["eval_acc1es"]["x-valid@199"]

    import_official_201(with_change(tmp_path, change), tmp_path / "table.arrow")
    mean = open_table(f"{tmp_path / 'table.arrow'}:cifar100:200").mean("validation_accuracy")
    assert np.isnan(mean).tolist() == [False, False, True, False, False]


def test_wrong_places(tmp_path):
    with pytest.raises(MissingDataError, match="found none"):
        import_official_201(tmp_path / "none.pth", tmp_path / "table.arrow")
    with pytest.raises(MissingDataError, match=r"expected files such as 000000\.pickle\.pbz2"):
        import_official_201(tmp_path, tmp_path / "table.arrow")
    (tmp_path / "odd.pth").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="expected a dictionary with arch2infos"):
        import_official_201(tmp_path / "odd.pth", tmp_path / "table.arrow")
