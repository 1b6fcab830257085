from shareornot.reproduction.wide.index import SupernetIndex, read_index
from shareornot.reproduction.wide.settings import contrasts_of, settings_of


def index_of(columns, seeds=None):
    num = len(next(iter(columns.values())))
    return SupernetIndex(
        names=tuple(map(str, range(num))),
        seeds=tuple(seeds or ["0"] * num),
        columns={name: tuple(values) for name, values in columns.items()},
    )


def test_super_nets_that_differ_in_their_seeds_alone_are_one_setting(wide_folder):
    settings = settings_of(read_index(wide_folder / "index.parquet"))
    assert [setting.label for setting in settings] == [
        "few-shot",
        "few-shot, balanced",
        "one-shot",
        "one-shot, balanced",
    ]
    assert [len(setting.supernets) for setting in settings] == [3, 3, 3, 3]
    assert dict(settings[0].values) == {"kind": "few-shot", "thresholds": "15,20", "balanced": "no", "epochs": "250"}


def test_labels_distinguish_settings_even_where_words_are_missing():
    labels = [one.label for one in settings_of(index_of({"epochs": [1, 2, 2], "kind": ["", "", None]}))]
    assert len(set(labels)) == 3


def test_pairs_differ_in_one_setting_and_what_follows_from_it(wide_folder):
    index = read_index(wide_folder / "index.parquet")
    found = {(one.name, one.before, one.after): one for one in contrasts_of(index)}
    assert set(found) == {("kind", "few-shot", "one-shot"), ("balanced", "no", "yes")}
    balanced = found["balanced", "no", "yes"]
    assert (len(balanced.pairs), balanced.num_settings, sorted(set(balanced.seeds))) == (6, 2, ["0", "118", "5349"])
    for before, after in balanced.pairs:
        assert index.seeds[before] == index.seeds[after]
        assert index.columns["thresholds"][before] == index.columns["thresholds"][after]


def test_the_setting_with_numbers_stands_for_its_name():
    columns = {"kind": ["one", "few"] * 2, "num_subnets": [1, 3] * 2}
    (found,) = contrasts_of(index_of(columns, ["0", "0", "1", "1"]))
    assert (found.name, found.before, found.after) == ("num_subnets", "1", "3")


def test_one_seed_in_common_is_no_contrast():
    assert contrasts_of(index_of({"epochs": [1, 2, 1, 2]}, ["0", "0", "1", "2"])) == []


def test_unknown_settings_are_compared_with_nothing():
    columns = {"epochs": [1, None, 1, None], "kind": ["a", "b", "a", "b"]}
    assert [one.name for one in contrasts_of(index_of(columns, ["0", "0", "1", "1"]))] == []
