"""The clause table is true: every clause that is Daybook's has a test that proves it, or is openly said not to hold yet."""

from collections import Counter

import pytest

from tests.compliance import TABLE, Clause, Proof, Rule, proofs, rules, table, unproved


@pytest.mark.clause("EU Annex 11", "4")
@pytest.mark.clause("ICH E6(R3)", "4.3.4")
@pytest.mark.clause("FDA Q&A 2024", "validation")
def test_every_clause_that_is_ours_is_proved_or_openly_not_held() -> None:
    assert unproved(rules(), list(proofs())) == []


def test_every_mark_names_a_clause_that_there_is() -> None:
    known = {(rule.name, clause.id) for rule in rules() for clause in rule.clause}
    assert {(proof.rule, proof.clause) for proof in proofs()} <= known


def test_no_clause_is_told_twice() -> None:
    told = Counter((rule.name, clause.id) for rule in rules() for clause in rule.clause)
    assert [clause for clause, times in told.items() if times > 1] == []


def test_the_page_is_the_one_that_is_made_of_the_marks() -> None:
    assert TABLE.read_text() == table(rules(), list(proofs())), "run `make docs`"


def test_a_clause_without_a_proof_is_found_unless_it_is_open_or_theirs() -> None:
    ours, shared = Clause(id="0", duty="ours", says="…"), Clause(id="1", duty="shared", says="…")
    theirs, open_ = Clause(id="2", duty="theirs", says="…"), Clause(id="3", duty="ours", says="…", gap="not yet")
    rule = Rule(name="R", title="A rule", source="nowhere", clause=(ours, shared, theirs, open_))
    assert unproved([rule], []) == ["R 0", "R 1"]
    assert unproved([rule], [Proof("R", "0", "tests/test_a.py", "test_it")]) == ["R 1"]
