from shareornot import report


def test_public_names():
    assert report.__all__ == ["to_json", "verdict_figure", "write_report"]
    assert all(callable(getattr(report, name)) for name in report.__all__)
