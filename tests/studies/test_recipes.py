"""The recipes: what they set, on which images, and for which depth of the super-net."""

import pytest

from shareornot.errors import SettingsError
from shareornot.studies.recipes import DEEP, DEFAULT_RECIPE, RECIPES
from shareornot.studies.settings import identity_of
from shareornot.studies.study_settings import decode_values
from shareornot.supernet.settings import EvaluationSettings, NetworkSettings, TrainingSettings


def chapter(space="A4", images="cifar10", **values):
    asked = {"name": "x", "benchmark": "nasbench101", "images": images, "spaces": [space], "variants": ["baseline"]}
    return decode_values({**asked, **values}, "test").chapters()[0]


def test_tuned_is_the_default_and_what_the_page_describes():
    assert DEFAULT_RECIPE == "tuned"
    found = chapter()
    training, optimizer = found.supernet.training, found.supernet.training.optimizer
    assert (training.epochs, training.batch_size, training.schedule) == (16, 64, "by-step")
    assert (optimizer.name, optimizer.learning_rate, optimizer.weight_decay) == ("adamw", 3e-3, 0.05)
    assert (optimizer.momentum, optimizer.smoothing, optimizer.epsilon) == (0.9, 0.99, 1e-8)
    assert (found.scoring.num_images, found.scoring.adaptation) == ("auto", "average")


@pytest.mark.parametrize(
    ("space", "start", "learning_rate"),
    [("A1", "aligned", 2e-3), ("A2", "aligned", 2e-3), ("A3", "random", 3e-3), ("A4", "random", 3e-3)],
)
def test_the_start_follows_the_depth(space, start, learning_rate):
    supernet = chapter(space).supernet
    assert (supernet.network.depth >= DEEP) == (start == "aligned")
    assert supernet.network.initial_weights == start
    assert supernet.training.optimizer.learning_rate == learning_rate


def test_given_settings_override_the_recipe():
    asked = {
        "network": {"initial_weights": "random"},
        "training": {"batch_size": 128, "optimizer": {"learning_rate": 0.001, "name": "sgd"}},
        "evaluation": {"num_images": 500},
    }
    found = chapter("A1", **asked)
    assert found.supernet.network.initial_weights == "random"
    assert found.supernet.training.batch_size == 128
    assert found.supernet.training.optimizer.learning_rate == 0.001
    assert found.supernet.training.optimizer.name == "sgd"
    assert found.scoring.num_images == 500


def test_fewer_cells_in_a_row_make_a_network_shallow():
    assert chapter("A1", network={"cells_per_stack": 1}).supernet.network.initial_weights == "random"


def test_on_digits_tuned_is_the_setting_of_the_digits():
    tuned, described = (
        chapter("A_FULL", "digits", benchmark="digits", recipe=recipe) for recipe in ("tuned", "as-described")
    )
    assert tuned.supernet.training == described.supernet.training
    assert tuned.supernet.network == described.supernet.network
    assert tuned.scoring == described.scoring


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one != "tuned"])
def test_the_papers_recipes_have_its_start_and_score_on_all_images(recipe):
    found = chapter("A1", recipe=recipe)
    assert found.supernet.network.initial_weights == "random"
    assert (found.supernet.training.epochs, found.supernet.training.schedule) == (432, "by-epoch")
    assert found.scoring.num_images == "all"


def test_bfloat16_goes_with_any_recipe_and_is_recorded():
    found = chapter(recipe="as-published", training={"precision": "bfloat16"})
    assert identity_of(found.supernet.training)["precision"] == "bfloat16"


def test_settings_that_came_later_leave_the_names_of_older_results_alone():
    new = {"initial_weights", "schedule", "precision", "num_images"}
    for settings in (NetworkSettings(), TrainingSettings(), EvaluationSettings()):
        assert not new & identity_of(settings).keys()
    assert identity_of(NetworkSettings(initial_weights="aligned"))["initial_weights"] == "aligned"
    assert identity_of(EvaluationSettings(num_images=500))["num_images"] == 500


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": "tund"}, "recipe: expected one of tuned, .*got 'tund'; try 'tuned'"),
        ({"training": {"optimizer": {"weight_decai": 0.1}}}, "weight_decai.*try 'training.optimizer.weight_decay'"),
        ({"training": {"precision": "half"}}, "precision.*half"),
        ({"network": {"initial_weights": "zero"}}, "initial_weights.*zero"),
        ({"evaluation": {"num_images": 1}}, "num_images: expected at least 2"),
        ({"evaluation": {"num_images": "some"}}, "num_images"),
    ],
)
def test_mistakes_are_named(values, message):
    with pytest.raises(SettingsError, match=message):
        chapter(**values)


def test_the_evening_on_a_laptop_has_seven_supernets(tmp_path):
    from shareornot.studies import new_study, read_study

    new_study(tmp_path / "a.toml", "laptop-cifar10")
    chapters = read_study(tmp_path / "a.toml").chapters()
    assert [(one.supernet.space, len(one.seeds), one.supernet.training.epochs) for one in chapters] == [
        ("A4", 3, 32),
        ("A1", 3, 16),
        ("A_FULL", 1, 16),
    ]
    assert {one.supernet.recipe for one in chapters} == {"tuned"}
    assert {one.pool.num_cells for one in chapters} == {500}
