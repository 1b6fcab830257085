from shareornot import report


def test_public_names():
    assert report.__all__ == [
        "Chapter",
        "agreement_figure",
        "regret_figure",
        "to_json",
        "verdict_figure",
        "write_files",
        "write_page",
        "write_report",
    ]
    assert all(callable(getattr(report, name)) for name in report.__all__)
