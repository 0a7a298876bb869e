from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.claim import WORDS, Evidence
from lossbench.claims.verdict import any_differs, any_of, combine, condition, listed

few = settings(deadline=None, max_examples=50)
lines = st.builds(
    Evidence,
    st.sampled_from(WORDS),
    quantity=st.sampled_from(["f1", "accuracy"]),
    protocol=st.sampled_from(["sgd", "adam", "tuned"]),
    dataset=st.sampled_from(["iris", "wine"]),
    arms=st.sampled_from([(), ("bce", "mse")]),
)
evidence = st.lists(lines, min_size=1, max_size=12)


@few
@given(evidence.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_of_the_evidence_does_not_matter(pair):
    """The same lines in any order come to the same verdict, and to the same condition, letter by letter."""
    lines, shuffled = pair
    assert combine(lines) == combine(shuffled)


@few
@given(evidence)
def test_saying_it_twice_changes_no_verdict(lines):
    """Verdicts count no votes."""
    assert combine(lines)[0] == combine(lines * 2)[0]


@few
@given(st.sampled_from(WORDS), evidence)
def test_one_word_everywhere_is_the_verdict(word, lines):
    """Where all lines agree, that is the verdict, and without a condition if something was tested."""
    same = [Evidence(word, line.quantity, line.protocol) for line in lines]
    verdict, said = combine(same)
    assert verdict == word
    assert (said == "") == (word != "not testable")


@few
@given(evidence)
def test_what_is_not_testable_says_nothing(lines):
    """Lines without a comparison change nothing beside lines with one."""
    tested = [line for line in lines if line.verdict != "not testable"]
    assert combine(lines) == combine(tested)


@few
@given(evidence)
def test_what_is_decided_decides(lines):
    """Reproduced where nothing speaks against it; contradicted where something does and nothing speaks for it."""
    words = {line.verdict for line in lines} - {"not testable", "inconclusive"}
    verdict, _ = combine(lines)
    if verdict == "reproduced":
        assert words == {"reproduced"}
    assert (verdict == "contradicted") == ("contradicted" in words and "reproduced" not in words)
    assert (verdict == "depends") == ("reproduced" in words and len(words) > 1)


@few
@given(evidence)
def test_open_lines_turn_no_verdict_into_another(lines):
    """One more line that is open leaves the verdict, or makes it inconclusive."""
    before, _ = combine(lines)
    after, _ = combine([*lines, Evidence("inconclusive", "f1")])
    assert after in (before, "inconclusive")


@few
@given(evidence)
def test_more_evidence_of_the_same_never_turns_a_verdict_round(lines):
    """A reproduced line never makes a claim contradicted, and a contradicted one never makes it reproduced."""
    for word, opposite in (("reproduced", "contradicted"), ("contradicted", "reproduced")):
        verdict, _ = combine([*lines, Evidence(word, "f1")])
        assert verdict != opposite


@few
@given(evidence)
def test_a_condition_is_true(lines):
    """Where a condition counts nothing, the word is said at all lines of its places and at no others."""
    tested = [line for line in lines if line.verdict != "not testable"]
    for line in tested:
        others = {other.verdict for other in tested if other.protocol == line.protocol}
        alone = [other for other in tested if other.verdict == line.verdict]
        by_protocol = others == {line.verdict} and len({other.protocol for other in alone}) == 1
        if by_protocol and line.verdict in ("reproduced", "contradicted") and len(alone) < len(tested):
            assert f"{line.verdict} under {line.protocol}" in condition(tested)


@pytest.mark.parametrize(
    ("words", "verdict", "said"),
    [
        ({"sgd": "reproduced", "adam": "reproduced"}, "reproduced", ""),
        (
            {"sgd": "reproduced", "adam": "contradicted"},
            "depends",
            "reproduced under sgd; contradicted under adam",
        ),
        ({"sgd": "reproduced", "adam": "equivalent"}, "depends", "reproduced under sgd; no difference under adam"),
        ({"sgd": "reproduced", "adam": "inconclusive"}, "inconclusive", "reproduced under sgd; elsewhere open"),
        (
            {"sgd": "contradicted", "adam": "equivalent"},
            "contradicted",
            "contradicted under sgd; no difference under adam",
        ),
        ({"sgd": "equivalent", "adam": "inconclusive"}, "inconclusive", "no difference under sgd; elsewhere open"),
    ],
)
def test_the_rules(words, verdict, said):
    """Each rule of the module's head, on two protocols."""
    assert combine(Evidence(word, "f1", protocol) for protocol, word in words.items()) == (verdict, said)


@pytest.mark.parametrize("word", ["reproduced", "equivalent"])
def test_a_claim_that_is_open_on_few_lines_is_decided(word):
    """Fewer open lines than decided ones leave the verdict, with a word on where they are."""
    lines = [Evidence(word, "f1", protocol) for protocol in ("sgd", "tuned")]
    verdict, said = combine([*lines, Evidence("inconclusive", "f1", "adam")])
    assert verdict == word
    assert said.endswith("under sgd, tuned; elsewhere open")


def test_a_condition_counts_where_no_place_tells_apart():
    """Where a protocol says two things, the data set is named too; where that does not help, lines are counted."""
    mixed = [
        Evidence("reproduced", "f1", "sgd", "iris"),
        Evidence("inconclusive", "f1", "sgd", "wine"),
        Evidence("inconclusive", "f1", "adam", "iris"),
    ]
    assert combine(mixed)[1] == "reproduced under sgd on iris; elsewhere open"
    assert combine([*mixed, Evidence("inconclusive", "f1", "sgd", "iris")])[1] == (
        "reproduced in 1 of 2 comparisons under sgd on iris; elsewhere open"
    )


@given(st.lists(st.text("abc", max_size=3), max_size=8))
def test_a_list_names_each_once_or_counts_it(names):
    """No name is lost: four at most are said and the others counted; blanks are none."""
    there = set(names) - {""}
    said = listed(there)
    count = int(said.split(" and ")[1].split()[0]) if " and " in said else 0
    assert len(there) == (said.split(" and ")[0].count(",") + 1 if there else 0) + count


def judged(word, count):
    """Return that many tests that say a word."""
    return [Evidence(word, "f1", dataset=f"set {number}", p_value=0.01) for number in range(count)]


@pytest.mark.parametrize("word", ["contradicted", "equivalent"])
def test_tests_that_hang_on_one_rate_turn_no_verdict(word):
    """Lines of one arm at its own rate on one data set count as open; at a fixed rate, of two or exact, not."""

    def lines(*places):
        return [Evidence(word, "f1", *place, p_value=1e-9) for place in places]

    crowd = judged("reproduced", 20)
    one = lines(("tuned", "wine", ("ce", "bce")), ("tuned", "wine", ("ce", "mse")))
    assert combine([*crowd, *one], {"tuned"})[0] == "reproduced"
    assert (
        f"{'no difference' if word == 'equivalent' else word} under tuned" in combine([*crowd, *one], {"tuned"})[1]
    )
    assert combine([*crowd, *one])[0] == "depends"
    for other in (
        ("tuned", "iris", ("ce", "mse")),
        ("tuned", "wine", ("bce", "mse")),
        ("sgd", "wine", ("ce", "mse")),
    ):
        assert combine([*crowd, *one, *lines(other)], {"tuned"})[0] == "depends"
    assert combine([*crowd, *one, Evidence(word, "f1", "tuned")], {"tuned"})[0] == "depends"


def test_one_rate_counts_among_few_tests():
    """Where there are fewer than ten tests, each of them counts."""
    tuned = Evidence("contradicted", "f1", "tuned", "wine", ("ce", "bce"), p_value=0.01)
    assert combine([*judged("reproduced", 8), tuned], {"tuned"})[0] == "depends"
    assert combine([*judged("reproduced", 9), tuned], {"tuned"})[0] == "reproduced"


few = settings(deadline=None, max_examples=25)
words = st.lists(st.sampled_from(["reproduced", "contradicted", "inconclusive", "not testable"]), min_size=1)


def lines(words):
    """Return a comparison for each word, each with its own case."""
    return [Evidence(word, "f1", arms=("a", str(index))) for index, word in enumerate(words)]


@few
@given(words)
def test_one_difference_is_enough_and_equality_must_be_shown_everywhere(words):
    """No difference found is not yet equality: an open comparison leaves it open."""
    tried = {word for word in words if word != "not testable"}
    expected = "inconclusive" if tried else "not testable"
    if "contradicted" in tried:
        expected = "reproduced"
    elif tried == {"reproduced"}:
        expected = "contradicted"
    assert any_differs(lines(words)).verdict == expected


@few
@given(words, st.randoms())
def test_the_order_of_the_comparisons_does_not_matter(words, random):
    """The verdict and the note are those of the whole."""
    found, mixed = lines(words), lines(words)
    random.shuffle(mixed)
    assert any_differs(found).verdict == any_differs(mixed).verdict
    assert any_differs(found).note == any_differs(mixed).note


def test_where_nothing_shows_it_nothing_is_decided():
    """A search that finds nothing is no proof that there is nothing."""
    tried = lines(["reproduced", "contradicted"])
    assert any_of([], tried, "differ").verdict == "inconclusive"


def test_the_figures_are_those_of_the_clearest_comparison():
    """The one whose interval is farthest from zero, in its own widths."""
    vague, clear = (Evidence("contradicted", "f1", measured=m, low=m - 1, high=m + 1) for m in (1.5, 4.0))
    assert any_differs([vague, clear]).measured == pytest.approx(4.0)
