"""A bar appears only after some time."""

import pytest

from shareornot.own_supernet.late_bar import late_bar


@pytest.mark.parametrize(("seconds", "shown", "appears"), [(1.0, True, False), (1.2, True, True), (9.0, False, False)])
def test_it_appears_after_two_seconds(seconds, shown, appears, capsys):
    now = [0.0]
    with late_bar("Working", 4, shown=shown, clock=lambda: now[0]) as bar:
        for _ in range(2):
            now[0] += seconds
            bar.advance()
        assert ("Working ..." in capsys.readouterr().err) == appears
        bar.advance()
    assert "Working ..." not in capsys.readouterr().err
