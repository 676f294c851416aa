"""Who may take a copy: of one record, of everybody's in a data cut, and of all that a ledger holds."""

from pathlib import Path

import pytest

from tests.app.at_the_desk import Desk

ROOT, BERG, KIM, HAAS = "administrator:root", "administrator:t-berg", "monitor:a-kim", "auditor:r-haas"
DAY = ("--delegated", "2026-01-01", "--trained", "2026-01-01")
CUT = ("--purpose", "the board", "--recorded-by", "2026-01-05 08:00", "--occurred-by", "2026-01-05 08:00", "--sign", "I have made this cut")


def peopled(desk: Desk, *sites: str) -> Desk:
    """T. Berg looks after accounts; A. Kim is monitor at each site, one by one, and R. Haas auditor at every site."""
    desk("people", "admit", "t-berg", "T. Berg", "--administrator-since", "2026-01-01", who=ROOT)
    for person, name in (("a-kim", "A. Kim"), ("r-haas", "R. Haas")):
        desk("people", "admit", person, name, who=BERG)
    for site in sites:
        desk("people", "grant", "a-kim", "monitor", "--site", site, *DAY, who=BERG)
    desk("people", "grant", "r-haas", "auditor", *DAY, who=BERG)
    return desk


def test_a_copy_of_everything_takes_a_role_for_every_site_since_what_is_of_the_whole_study_is_in_it(desk: Desk, tmp_path: Path) -> None:
    desk("register", "BER-001", "BER")
    peopled(desk, "BER", "SAO")
    refused = desk("export", str(tmp_path / "hers"), "--study", who=KIM, code=2).stderr
    assert "a-kim has not the role monitor" in refused
    assert not (tmp_path / "hers").exists()
    desk("export", str(tmp_path / "hers"), "--participant", "BER-001", who=KIM)
    desk("people", "grant", "a-kim", "monitor", *DAY, who=BERG)
    assert "may see accesses" in desk("export", str(tmp_path / "hers of all"), "--study", who=KIM, code=2).stderr, "who came in is in it"
    desk("export", str(tmp_path / "his"), "--study", who=HAAS)


def test_a_data_cut_which_names_nobody_takes_a_role_at_each_site(desk: Desk, tmp_path: Path) -> None:
    desk.clock.move(minutes=1)
    desk("study", "cut", "board-1", *CUT, who=BERG)
    peopled(desk, "BER")
    assert "may see history at SAO" in desk("data-cut", "board-1", "--to", str(tmp_path / "cut"), who=KIM, code=2).stderr
    desk("people", "grant", "a-kim", "monitor", "--site", "SAO", *DAY, who=BERG)
    desk("data-cut", "board-1", "--to", str(tmp_path / "cut"), who=KIM)


@pytest.mark.parametrize("typed", ["export {} --study", "data-cut board-1 --to {}"])
def test_where_no_site_is_open_yet_not_everybody_takes_a_copy(empty_desk: Desk, tmp_path: Path, typed: str) -> None:
    empty_desk("study", "open", "--demonstration", who=ROOT)
    empty_desk.clock.move(minutes=1)
    empty_desk("study", "cut", "board-1", *CUT, who=BERG)
    peopled(empty_desk)
    copy = typed.format(tmp_path / "copy").split()
    assert "may see history" in empty_desk(*copy, who=KIM, code=2).stderr
    empty_desk(*copy, who=HAAS)
