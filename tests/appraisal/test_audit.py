import numpy as np
import pytest
from scipy import stats

from shareornot.appraisal.audit import _paired_p_values, audit_space
from shareornot.appraisal.audit_words import describe_audit, group_in_words
from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.errors import DataError, SettingsError
from shareornot.reproduction.audit import audit_evaluations
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import cell_features, space_cells, structural_features
from shareornot.statistics import holm
from shareornot.tables import import_parquet, open_benchmark


def pools_that_like_residual_edges(table, liking=0.2, num_supernets=3, noise=0.02):
    cells = space_cells(open_space("A_FULL"), 5)[::2]
    rng = np.random.default_rng(0)
    truth = table.query_many(cells, "validation_accuracy")[0]
    scores = 0.2 + 0.5 * truth + liking * cell_features(cells).residual
    return [
        ScoredPool(name=f"seed-{seed}", cells=cells, proxies=scores + noise * rng.normal(size=len(cells)))
        for seed in range(num_supernets)
    ]


@pytest.fixture(scope="module")
def residual_audit(replay_table):
    pools = pools_that_like_residual_edges(replay_table)
    return audit_space(replay_table, open_space("A_FULL"), pools, np.random.default_rng(0))


def test_operations_in_words():
    features = structural_features(np.arange(300))
    words = set(features["operation_1"].tolist()) | set(features["operation_5"].tolist())
    assert words == {"conv3x3", "conv1x1", "maxpool3x3", ""}
    assert not np.any(features["operation_5"])  # the first 300 cells are too small for a fifth vertex
    assert features["residual"].dtype == bool


def test_finds_the_liking_of_residual_edges(residual_audit):
    assert residual_audit.bias.effects[0].name == "residual"
    assert residual_audit.bias.effects[0].rating == "over-rated"
    assert residual_audit.bias.groups[0].conditions[0].feature == "residual"
    assert residual_audit.bias.explained_share > 0.5
    assert "operation_5 = conv3x3" not in {effect.name for effect in residual_audit.bias.effects}


def test_costs_are_what_the_searches_lose(residual_audit):
    assert [cost.num_trained for cost in residual_audit.costs] == [1, 10, 20]
    for cost in residual_audit.costs:
        assert min(cost.as_scored, cost.unbiased, cost.corrected) >= 0
        assert cost.difference.mean == pytest.approx(cost.unbiased - cost.as_scored, abs=1e-12)
        assert cost.difference.n == 3


def test_p_values_of_costs_are_students_corrected_after_holm():
    differences = np.random.default_rng(0).normal(0.5, 1, size=(5, 3))
    expected = holm(stats.ttest_1samp(differences, 0).pvalue)
    np.testing.assert_allclose(_paired_p_values(differences), expected)
    differences[:, 1], differences[:, 2] = 0, 0.1
    expected = holm(np.array([stats.ttest_1samp(differences[:, 0], 0).pvalue, 1, 2**-4]))
    np.testing.assert_allclose(_paired_p_values(differences), expected)


def test_taking_back_a_liking_that_misleads_helps(replay_table):
    """In this table large networks are best, and the bias is strong enough to hide them."""
    pools = pools_that_like_residual_edges(replay_table, liking=0.4, noise=0.001)
    audit = audit_space(replay_table, open_space("A_FULL"), pools, np.random.default_rng(0))
    assert audit.costs[0].unbiased < audit.costs[0].as_scored


def test_sentences_carry_the_numbers(residual_audit):
    first, *_ = sentences = describe_audit(residual_audit)
    assert first.startswith("Most over-rated: edge input to output, by ")
    assert "in 3 of 3 super-nets" in first
    assert any("of the variance of the rank residuals, and all structures together" in one for one in sentences)


def test_a_single_supernet_is_reported(replay_table):
    pools = pools_that_like_residual_edges(replay_table, num_supernets=1)
    audit = audit_space(replay_table, open_space("A_FULL"), pools, np.random.default_rng(0))
    assert "applies to this super-net alone" in " ".join(describe_audit(audit))
    assert audit.costs[0].difference.low is None


def test_evaluations_space_by_space(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table)
    audits = audit_evaluations(evaluations, replay_table, variant="own")
    assert [audit.space for audit in audits] == ["A1", "A_FULL"]
    assert {audit.variant for audit in audits} == {"own"}
    (alone,) = audit_evaluations(evaluations, replay_table, variant="own", space="A_FULL")
    assert alone.bias.effects == audits[1].bias.effects
    assert alone.costs == audits[1].costs


def test_scores_that_are_merely_noisy_are_not_called_biased(replay_table, make_evaluations):
    evaluations = make_evaluations(replay_table, variants=("own",), spaces=("A_FULL",), num_cells=800, num_seeds=5)
    (audit,) = audit_evaluations(evaluations, replay_table)
    assert any(effect.corrected_p < 0.05 for effect in audit.bias.effects)  # noise under-rates what good cells have
    assert not [effect for effect in audit.bias.effects if effect.rating == "over-rated" and effect.effect.d > 0.3]


def test_refuses(replay_table, partial_table, make_evaluations):
    space = open_space("A_FULL")
    rng = np.random.default_rng(0)
    with pytest.raises(SettingsError, match="at least one"):
        audit_space(replay_table, space, [], rng)
    odd = ScoredPool(name="odd", cells=np.array([1, 3], np.int32), proxies=np.array([0.1, 0.2]))
    with pytest.raises(SettingsError, match="score the pool again"):
        audit_space(partial_table, space, [odd], rng)
    few = ScoredPool(name="few", cells=np.arange(9, dtype=np.int32), proxies=np.linspace(0, 1, 9))
    with pytest.raises(DataError, match="at least 20 distinct cells"):
        audit_space(replay_table, space, [few], rng)
    with pytest.raises(SettingsError, match="of which own has scores, got A2"):
        audit_evaluations(make_evaluations(replay_table, variants=("own",)), replay_table, space="A2")


@pytest.fixture(scope="module")
def published(shared_data, tmp_path_factory):
    """The audits of the paper's BNS-FT super-nets, by space."""
    target = tmp_path_factory.mktemp("benchmark") / "sample.arrow"
    import_parquet(shared_data / "nasbench101-sample.parquet", target)
    table = open_benchmark(str(target))
    evaluations = read_evaluations(shared_data / "published-supernets.parquet", table)
    return {audit.space: audit for audit in audit_evaluations(evaluations, table)}


@pytest.mark.parametrize(("space", "structure"), [("A1", "residual"), ("A4", "operation_1 = conv3x3")])
def test_finds_what_the_paper_saw(published, space, structure):
    """Of all structures the largest effect, in every super-net, and the first question of the tree."""
    audit = published[space]
    effect = audit.bias.effects[0]
    assert effect.name == structure
    assert effect.rating == "over-rated"
    assert effect.effect.low > 0.7
    assert effect.num_same_sign == 5
    assert effect.at_equal_accuracy.d > 1.2
    over_rated = audit.bias.groups[0].conditions[0]
    assert structure.startswith(over_rated.feature)
    assert over_rated.holds


def test_the_biases_of_a1_and_a4_act_on_the_search_as_in_the_paper(published):
    """Cells with a residual connection are the better ones in A1; conv3x3 first hides others as good in A4."""
    a1, a4 = (published[space].costs[1] for space in ("A1", "A4"))
    assert a1.num_trained == a4.num_trained == 10
    assert a1.difference.low > 0
    assert a4.difference.mean < 0


def test_structure_explains_much_in_every_space(published):
    assert len(published) == 7
    assert all(0.3 < audit.bias.explained_share < 0.6 for audit in published.values())
    assert published["A4"].bias.linear_share > published["A4"].bias.explained_share + 0.1
    assert published["A_FULL^NRES"].bias.diverged == (3,)
    assert all(group_in_words(group) for audit in published.values() for group in audit.bias.groups)


@pytest.mark.parametrize(("differences", "p_value"), [([0.1, 0.1], 0.5), ([0.1] * 5, 0.0625), ([0.0, 0.0], 1.0)])
def test_equal_differences_give_no_p_value_of_zero(differences, p_value):
    found = _paired_p_values(np.array(differences)[:, None] + np.arange(len(differences))[:, None] * 1e-17)
    assert found.tolist() == [p_value]
