import shareornot.search as search

NAMES = """
    PAPER_V1 PAPER_V2 Answer Comparison ComparisonProtocol CurveSummary EvolutionSettings ExpectedRegret GuidedSearch
    Landscape LocalSearch PassTimeFit RandomSearch RandomSearchRegret RandomStream RegretCurves RegularizedEvolution
    Search SearchRuns SearchTable SupernetCost TopK compare_searches constant_times evolution_runs
    expected_random_regret finish_times fit_pass_times guided_order guided_regret guided_runs incumbent_regret
    local_search_runs random_search_regret random_search_runs random_search_runs_at regret_at run_search
    simulated_table stream_states supernet_cost time_grid time_searches training_times trivial_guides
"""


def test_public_names_stay():
    assert sorted(search.__all__) == sorted(NAMES.split())
    assert all(hasattr(search, name) for name in search.__all__)
