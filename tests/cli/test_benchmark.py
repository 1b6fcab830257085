def test_a_benchmark_that_cannot_be_built(refused):
    assert "expected digits, got 'nasbench101'" in refused("benchmark", "build", "nasbench101")
