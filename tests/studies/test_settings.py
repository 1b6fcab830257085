"""Presets state what the paper did; dictionaries override them before anything is validated."""

import pytest

from shareornot.errors import SettingsError
from shareornot.studies.overrides import differences, merged, parse_value
from shareornot.studies.recipes import RECIPES, evaluation_layer, evaluation_text
from shareornot.studies.settings import PoolSettings, as_values
from shareornot.studies.study_settings import StudySettings, decode_values
from shareornot.supernet.settings import OptimizerSettings


def chapter(space="A_FULL", variant="baseline", recipe="as-described", images="cifar10", **values):
    """The only chapter of a study."""
    benchmark = "digits" if images == "digits" else "nasbench101"
    study = StudySettings(
        name="a", benchmark=benchmark, images=images, spaces=(space,), variants=(variant,), recipe=recipe, **values
    )
    return study.chapters()[0]


def test_the_papers_setting():
    found = chapter("A2", seed=3)
    network, training, evaluation = found.supernet.network, found.supernet.training, found.scoring
    assert (network.num_filters, network.num_stacks, network.cells_per_stack) == (16, 3, 3)
    assert (network.min_output_edges, network.bn_momentum, network.bn_epsilon) == (2, 0.003, 1e-5)
    assert (training.epochs, training.batch_size, training.paths_per_step) == (432, 256, 1)
    optimizer = training.optimizer
    assert (optimizer.name, optimizer.learning_rate, optimizer.momentum) == ("rmsprop", 0.2, 0.9)
    assert (optimizer.smoothing, optimizer.epsilon, optimizer.weight_decay) == (0.99, 1, 1e-4)
    assert (evaluation.adaptation, evaluation.num_batches, evaluation.batch_size) == ("average", 4, 256)
    assert (training.seed, evaluation.seed, found.pool) == (3, 3, PoolSettings(num_cells=1000))


def test_recipes_differ_where_the_published_code_did():
    described, published = (chapter(recipe=recipe) for recipe in ("as-described", "as-published"))
    assert described.supernet.training.optimizer == OptimizerSettings()
    published_optimizer = OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True)
    assert published.supernet.training.optimizer == published_optimizer
    assert (described.scoring.adaptation, published.scoring.adaptation) == ("average", "last-batch")
    assert (described.pool.with_replacement, published.pool.with_replacement) == (False, True)
    assert RECIPES.keys() >= {"as-described", "as-published"}


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
    supernet = chapter("A1", variant, recipe).supernet
    assert (supernet.network.single_kernel, supernet.training.method, supernet.training.paths_per_step) == expected


@pytest.mark.parametrize(("space", "edges"), [("A1", 1), ("A4", 4), ("A_FULL^RES", 1), ("num_output_edges>=2", 2)])
def test_the_space_bounds_the_channels(space, edges):
    assert chapter(space).supernet.network.min_output_edges == edges


def test_a_benchmark_of_smaller_cells_takes_a_smaller_network():
    network = chapter("depth>=3, num_output_edges>=2", network={"max_vertices": 5}).supernet.network
    assert (network.max_vertices, network.min_output_edges) == (5, 2)


def test_the_digits_have_the_network_of_their_benchmark():
    found = chapter("A3", "avg-3", images="digits", training={"epochs": 7}, seed=2)
    network, training = found.supernet.network, found.supernet.training
    assert (network.num_filters, network.num_stacks, network.cells_per_stack) == (8, 3, 2)
    assert (network.max_vertices, network.image_channels, network.min_output_edges) == (5, 1, 3)
    assert (training.epochs, training.paths_per_step, training.seed) == (7, 3, 2)
    assert (training.optimizer.name, training.optimizer.learning_rate) == ("sgd", 0.05)
    assert found.pool.num_cells == "all"


def test_what_a_study_states_wins_over_recipe_and_variant():
    found = chapter(
        variant="avg-3",
        recipe="as-published",
        training={"paths_per_step": 2, "optimizer": {"learning_rate": 0.1}},
        evaluation={"num_batches": 9},
    )
    assert found.supernet.training.paths_per_step == 2
    assert found.supernet.training.optimizer == OptimizerSettings(
        learning_rate=0.1, accumulate_epsilon=True, move_whole_tensors=True
    )
    assert (found.scoring.adaptation, found.scoring.num_batches) == ("last-batch", 9)


@pytest.mark.parametrize(
    ("text", "adaptation", "num_batches", "steps"),
    [
        ("no-ft", "none", 4, 0),
        ("bns-ft", "average", 4, 0),
        ("bns-ft num_batches=8", "average", 8, 0),
        ("ft", "average", 4, 20),
        ("ft adaptation=none fine_tuning_steps=40", "none", 4, 40),
    ],
)
def test_evaluations_by_name_and_with_changes(text, adaptation, num_batches, steps):
    scoring = chapter(evaluations=(text,)).scoring
    assert (scoring.adaptation, scoring.num_batches, scoring.fine_tuning_steps) == (adaptation, num_batches, steps)
    usual = as_values(chapter().scoring)
    asked = {name: value for name, value in as_values(scoring).items() if usual[name] != value}
    assert evaluation_text(usual, asked) == text


def test_fine_tuning_steps_of_a_study_are_those_of_ft():
    by_name = {
        name: chapter(evaluations=(name,), evaluation={"fine_tuning_steps": 7}).scoring.fine_tuning_steps
        for name in ("no-ft", "bns-ft", "ft")
    }
    assert by_name == {"no-ft": 0, "bns-ft": 0, "ft": 7}


def test_an_evaluation_is_called_what_it_is():
    with pytest.raises(SettingsError, match=r"evaluation 'bns-ft': expected settings of that name, .*call it 'no-ft'"):
        chapter(evaluation={"adaptation": "none"})
    with pytest.raises(SettingsError, match="evaluation: expected one of no-ft, bns-ft, ft, got 'nsb-ft'"):
        chapter(evaluations=("nsb-ft",))
    with pytest.raises(SettingsError, match="expected a name and settings, as in 'bns-ft num_batches=8', got '8'"):
        evaluation_layer("bns-ft 8")


def test_nothing_is_loaded_that_a_setting_only_names():
    assert chapter(training={"method": "of-a-package"}).supernet.training.method == "of-a-package"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": "as-printed"}, "recipe: expected one of tuned, .*; try 'as-"),
        ({"variants": ["avg-4"]}, "variant: expected one of baseline, .*; try 'avg-3'"),
        ({"spaces": ["a2", "A2"]}, "spaces: expected no duplicates, got a2, A2"),
        ({"spaces": ["depth>=3", "depth >= 3"]}, "spaces: expected no duplicates"),
        ({"training": {"seed": 3}}, "training.seed: expected no seed of its own; set 'seed' instead"),
        ({"pool": {"num_cells": 0}}, "pool.num_cells: expected at least 1, or 'all', got 0"),
        ({"training": {"epochs": 0}}, "epochs: expected at least 1, got 0"),
        ({"training": {"optimizer": {"name": "sdg"}}}, "training.optimizer.name: .*got 'sdg'"),
        ({"network": {"max_vertices": "many"}}, "network.max_vertices: .*got 'many'"),
        ({"shard_size": 0}, "shard_size: expected at least 1, got 0"),
    ],
)
def test_given_settings_are_checked(values, message):
    with pytest.raises(SettingsError, match=message):
        decode_values({"name": "a", "benchmark": "nasbench101", "images": "cifar10"} | values, "a.toml")


def test_layers_are_merged_key_by_key_and_left_as_they_are():
    first, second = {"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": {"e": 3}}
    assert merged(first, second) == {"a": {"b": 1, "c": [2]}, "d": {"e": 3}}
    assert (first, second) == ({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": {"e": 3}})
    assert merged({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}


def test_values_and_differences_in_words():
    texts = ("3", "0.5", "average", "true", "[1, 2]")
    assert [parse_value(text) for text in texts] == [3, 0.5, "average", True, [1, 2]]
    before, after = (as_values(chapter(training={"epochs": epochs}).supernet) for epochs in (3, 4))
    assert list(differences(before, after)) == ["training.epochs: 3, now 4"]
