"""The build of digits-201: resumable, with a row for every architecture that is isomorphic to a trained one."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, SettingsError
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.studies.digits201_benchmark import build_digits201, digits_201
from shareornot.studies.standalone_parts import StandaloneBuild, part_path
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings

TEXTS = (
    "|none~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
)


@pytest.fixture(scope="module")
def build():
    """Two cheap architectures, in a part each."""
    classes = sorted(FAMILY.isomorphism_classes(FAMILY.parse(TEXTS)).tolist())
    return StandaloneBuild(
        family="nasbench201",
        architectures=classes,
        network=NetworkSettings(num_filters=2, cells_per_stack=1, image_channels=1, bn_momentum=0.1),
        training=StandaloneTrainingSettings(epochs=2, batch_size=100, learning_rate=0.1),
        num_runs=2,
        part_size=1,
    )


@pytest.fixture(scope="module")
def built(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    return folder, build_digits201(folder / "a.arrow", folder / "a.parts", num_processes=1, build=build)


def test_the_benchmark_trains_one_of_each_class():
    build = digits_201()
    assert len(build.architectures) == 6_466
    assert sum(map(len, build.parts)) == 6_466
    assert (build.num_runs, build.network.image_channels, build.network.num_stacks) == (3, 1, 3)


def test_isomorphic_architectures_share_their_trainings(built, build):
    _, table = built
    classes = FAMILY.isomorphism_classes(table.architectures)
    assert set(classes.tolist()) == set(build.architectures)
    assert len(table) > len(build.architectures)
    for one in build.architectures:
        values = table.values("test_accuracy")[classes == one]
        assert values.shape[1] == 2
        assert (values == values[0]).all()
    assert table.space is FAMILY
    assert table.metrics == ("train_accuracy", "validation_accuracy", "test_accuracy", "training_time")
    assert table.settings == ("digits:2",)
    assert (table.mean("training_time") > 0).all()


def test_a_stopped_build_trains_only_what_is_missing(built, build, tmp_path):
    folder, table = built
    parts = tmp_path / "a.parts"
    parts.mkdir()
    for path in (folder / "a.parts").iterdir():
        (parts / path.name).write_bytes(path.read_bytes())
    first, second = (part_path(parts, part) for part in build.parts)
    kept = first.read_bytes()
    second.unlink()
    again = build_digits201(tmp_path / "a.arrow", parts, num_processes=1, build=build)
    assert first.read_bytes() == kept
    for metric in ("validation_accuracy", "test_accuracy"):
        np.testing.assert_array_equal(again.values(metric), table.values(metric))


def test_parts_of_other_trainings_are_refused(built, build, tmp_path):
    folder, _ = built
    parts = tmp_path / "a.parts"
    parts.mkdir()
    for path in (folder / "a.parts").iterdir():
        (parts / path.name).write_bytes(path.read_bytes())
    with pytest.raises(SettingsError, match=r"holds trainings of other settings, see settings\.json"):
        build_digits201(tmp_path / "a.arrow", parts, num_processes=1)
    path = part_path(parts, build.parts[0])
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(DataError, match=r"expected 2 runs of architectures .*, got others; delete it"):
        build_digits201(tmp_path / "a.arrow", parts, num_processes=1, build=build)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="expected trainings in Parquet format"):
        build_digits201(tmp_path / "a.arrow", parts, num_processes=1, build=build)
    with pytest.raises(SettingsError, match="processes: expected at least 1, got 0"):
        build_digits201(tmp_path / "a.arrow", parts, num_processes=0, build=build)
