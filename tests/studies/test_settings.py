"""Presets say what the paper did, and settings survive a file."""

import json

import pytest

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.studies.settings import (
    RECIPES,
    VARIANTS,
    RunSettings,
    digits_settings,
    paper_settings,
    read_settings,
    with_seed,
    write_settings,
)
from shareornot.supernet.settings import OptimizerSettings

PRESETS = {f"{variant} {recipe}": paper_settings("A3", variant=variant, recipe=recipe, seed=4)
           for variant in VARIANTS for recipe in RECIPES}  # fmt: skip


def test_the_papers_setting():
    settings = paper_settings("A2", seed=3)
    network, training, evaluation = settings.network, settings.training, settings.evaluation
    assert (network.num_filters, network.num_stacks, network.cells_per_stack) == (16, 3, 3)
    assert (network.min_output_edges, network.bn_momentum, network.bn_epsilon) == (2, 0.003, 1e-5)
    assert (training.epochs, training.batch_size, training.paths_per_step) == (432, 256, 1)
    optimizer = training.optimizer
    assert (optimizer.name, optimizer.learning_rate, optimizer.momentum) == ("rmsprop", 0.2, 0.9)
    assert (optimizer.smoothing, optimizer.epsilon, optimizer.weight_decay) == (0.99, 1, 1e-4)
    assert (evaluation.adaptation, evaluation.num_batches, evaluation.batch_size) == ("average", 4, 256)
    assert (training.seed, evaluation.seed, settings.num_cells) == (3, 3, 1000)


def test_recipes_differ_where_the_published_code_did():
    described, published = (paper_settings("A_FULL", recipe=recipe) for recipe in RECIPES)
    assert described.training.optimizer == OptimizerSettings()
    assert published.training.optimizer == OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True)
    assert (described.evaluation.adaptation, published.evaluation.adaptation) == ("average", "last-batch")
    assert (described.with_replacement, published.with_replacement) == (False, True)


@pytest.mark.parametrize(
    ("variant", "recipe", "expected"),
    [
        ("baseline", "as-described", (False, "uniform", 1)),
        ("single-k", "as-described", (True, "uniform", 1)),
        ("pro-rata", "as-described", (False, "pro-rata", 1)),
        ("avg-3", "as-described", (False, "uniform", 3)),
        ("s-k+p-r", "as-described", (True, "pro-rata", 1)),
        ("s-k+p-r", "as-published", (True, "pro-rata", 3)),
        ("pro-rata", "as-published", (False, "pro-rata", 1)),
    ],
)
def test_variants(variant, recipe, expected):
    settings = paper_settings("A1", variant=variant, recipe=recipe)
    assert (settings.network.single_kernel, settings.training.method, settings.training.paths_per_step) == expected


@pytest.mark.parametrize(("space", "edges"), [("A1", 1), ("A4", 4), ("A_FULL^RES", 1), ("num_output_edges>=2", 2)])
def test_the_space_bounds_the_channels(space, edges):
    assert paper_settings(space).network.min_output_edges == edges


def test_a_benchmark_of_smaller_cells_takes_a_smaller_network():
    network = paper_settings("depth>=3, num_output_edges>=2", max_vertices=5).network
    assert (network.max_vertices, network.min_output_edges) == (5, 2)


def test_the_digits_have_the_network_of_their_benchmark():
    settings = digits_settings("A3", variant="avg-3", epochs=7, seed=2)
    network = settings.network
    assert (network.num_filters, network.num_stacks, network.cells_per_stack) == (8, 2, 1)
    assert (network.max_vertices, network.image_channels, network.min_output_edges) == (5, 1, 3)
    assert (settings.training.epochs, settings.training.paths_per_step, settings.training.seed) == (7, 3, 2)
    assert settings.num_cells is None


@pytest.mark.parametrize("settings", [*PRESETS.values(), digits_settings(seed=9)], ids=[*PRESETS, "digits"])
def test_settings_survive_a_file(settings, tmp_path):
    path = tmp_path / "new folder" / "settings.json"
    write_settings(path, settings)
    assert read_settings(path) == settings
    assert json.loads(path.read_text())["training"]["optimizer"]["momentum"] == 0.9


def test_another_seed_is_all_that_differs():
    settings = with_seed(paper_settings("A1"), 5)
    assert (settings.training.seed, settings.evaluation.seed) == (5, 5)
    assert settings == paper_settings("A1", seed=5)


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("surprise",), 1),
        (("training", "surprise"), 1),
        (("training", "optimizer", "surprise"), 1),
        (("training", "epochs"), 0),
        (("training", "epochs"), "many"),
        (("training", "optimizer", "name"), "adam"),
        (("network", "max_vertices"), 9),
        (("evaluation", "adaptation"), "best"),
        (("images",), "imagenet"),
        (("num_cells",), 0),
    ],
)
def test_unknown_names_and_values_in_a_file_are_refused(names, value, tmp_path):
    path = tmp_path / "settings.json"
    write_settings(path, paper_settings("A1"))
    content = json.loads(path.read_text())
    part = content
    for name in names[:-1]:
        part = part[name]
    part[names[-1]] = value
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=rf"settings\.json: expected the settings of a super-net(.|\n)*{names[-1]}"):
        read_settings(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x80\x04", b"<html>"])
def test_something_else_is_refused(content, tmp_path):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"settings\.json: expected the settings"):
        read_settings(path)


def test_a_folder_without_settings_says_so(tmp_path):
    with pytest.raises(MissingDataError, match=r"expected the folder of a super-net, found no settings\.json"):
        read_settings(tmp_path / "settings.json")


def test_unknown_choices_are_refused():
    with pytest.raises(SettingsError, match="space: expected one of A1"):
        paper_settings("A5")
    with pytest.raises(SettingsError, match="num_cells: expected at least 1, got 0"):
        RunSettings(benchmark="digits", images="digits", space="A1", num_cells=0)
