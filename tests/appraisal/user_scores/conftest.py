"""Fixtures of files that users bring."""

import pytest
from made_up_score_files import csv

from shareornot.appraisal.user_scores import read_user_scores


@pytest.fixture
def read(tmp_path):
    def read(content, **options):
        path = tmp_path / "mine.csv"
        path.write_text(csv(content) if isinstance(content, dict) else content, newline="")
        return read_user_scores(path, **options)

    return read
