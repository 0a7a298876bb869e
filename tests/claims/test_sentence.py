from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims.sentence import DIGITS, DIRECTIONS, FORMS, NAME, read_sentence, toml_of
from lossbench.data.contamination import KINDS
from lossbench.errors import BadValue
from lossbench.schema import METRICS

names = st.sampled_from(["bce", "mse", "huber:delta=1.35", "my_losses.py:mine", "beats", "on"])
datasets = st.sampled_from(["moons", "iris", "imbalanced:positives=0.1", "sales.csv:target=price"])
tables = st.fixed_dictionaries(
    {
        "arms": st.lists(names, min_size=2, max_size=2),
        "direction": st.sampled_from([*DIRECTIONS.values()]),
        "datasets": st.lists(datasets, min_size=1, max_size=3),
    },
    optional={
        "form": st.sampled_from([*FORMS.values()]),
        "margin": st.floats(1e-6, 10, exclude_min=True),
        "score": st.lists(st.sampled_from([*METRICS]), min_size=1, max_size=3),
        "outliers": st.integers(1, 999).map(lambda share: [share / 1000]),
    },
).flatmap(lambda table: kinds(table) if "outliers" in table else st.just(table))


def kinds(table):
    """Return tables with a kind of contamination, and without."""
    return st.sampled_from([None, *KINDS]).map(lambda kind: table | ({"outlier_kind": kind} if kind else {}))


def write_sentence(table):
    """Return the sentence of a table that `read_sentence` made."""
    words = {direction: relation for relation, direction in DIRECTIONS.items()}
    how = next((word for word, form in FORMS.items() if form == table.get("form")), "")
    first, other = table["arms"]
    parts = [first, how, words[table["direction"]], other]
    parts += [f"by {table['margin']!r}"] if "margin" in table else []
    parts += [f"in {', '.join(table['score'])}"] if "score" in table else []
    parts += [f"on {', '.join(table['datasets'])}"]
    if "outliers" in table:
        share = round(100 * table["outliers"][0], DIGITS)
        parts += [f"with {share:.{DIGITS}g}%", table.get("outlier_kind", ""), "outliers"]
    return " ".join(filter(None, parts))


def tried(text):
    """Return the table of a text and no error, or no table and the error."""
    try:
        return read_sentence(text), ""
    except BadValue as error:
        return None, str(error)


@given(tables)
def test_a_table_comes_back_from_its_sentence(table):
    """What was written is read, to the last digit; the sentence itself is the claim."""
    said = write_sentence(table)
    assert read_sentence(said) == table | {"claim": said}


@given(tables)
def test_a_sentence_comes_back_from_its_table(table):
    """However many blanks there are, and with a full stop or without."""
    said = write_sentence(table)
    again = read_sentence(f"  {said.replace(' ', '   ')}.")
    assert write_sentence(again) == said == again["claim"]


@given(
    st.lists(st.sampled_from(["Focal", "BCE", "huber:delta=1.35", "Mae"]), min_size=2, max_size=2),
    st.sampled_from(["F1", "f1", "Balanced accuracy", "balanced_accuracy", "R²", "MAPE", "log loss"]),
    st.sampled_from(["Imbalanced", "Imbalanced:positives=0.1", "Breast_Cancer"]),
)
def test_the_case_of_names_and_a_full_stop_change_nothing(arms, score, dataset):
    """Scores may also be written as the answers write them; the sentence itself stays as it was said."""
    said = f"{arms[0]} beats {arms[1]} in {score} on {dataset}"
    name = score.lower().replace(" ", "_").replace("²", "2")
    lower = f"{arms[0]} beats {arms[1]} in {name} on {dataset}".lower()
    found = read_sentence(f"{said} .")
    assert found == read_sentence(lower) | {"claim": said}
    assert write_sentence(found) == lower


def test_the_case_of_what_is_not_in_the_catalogue_stays():
    """Files, functions and losses of other libraries have names that differ by case."""
    found = read_sentence("My.py:Loss beats torch.nn:SmoothL1Loss:beta=0.5 in r2 on Sales.csv:target=Price")
    assert found["arms"] == ["My.py:Loss", "torch.nn:SmoothL1Loss:beta=0.5"]
    assert found["datasets"] == ["Sales.csv:target=Price"]


@given(tables)
def test_the_lines_of_toml_are_the_table(table):
    """A reader of TOML finds the same values in them, and there are no more lines than keys and the head."""
    found = read_sentence(write_sentence(table))
    lines = toml_of(found)
    assert tomllib.loads(lines) == {"claims": {NAME: found}}
    assert lines.count("\n") == len(found)


@given(st.text(max_size=60))
def test_nonsense_is_refused_in_one_line(text):
    """Whatever is given: it is read, or refused with the grammar."""
    found, refused = tried(text)
    assert write_sentence(found) if found else re.fullmatch(r".*LOSS .*|.* share; .*", refused)


words = st.sampled_from(
    [
        "bce",
        "beats",
        "is",
        "not",
        "worse",
        "than",
        "always",
        "by",
        "0.05",
        "in",
        "f1",
        "on",
        "moons",
        "with",
        "10%",
    ]
)
pieces = st.sampled_from(
    ["bce beats", "bce always equals", "mse", "by 0.05", "in f1", "on moons", "with 10% target outliers", "on"]
)


def test_a_score_may_be_written_as_tables_show_it() -> None:
    """In any case, or by the heading of its column."""
    found, _ = tried("huber beats mse in R², MAE and Rmse on diabetes")
    assert found["score"] == ["r2", "mae", "rmse"]


@given(st.lists(words | pieces, max_size=9).map(" ".join))
def test_a_sentence_of_the_right_words_is_read_whole_or_refused(text):
    """Nothing of what was said is lost: a sentence that is read says all its words again."""
    found, refused = tried(text)
    if found:
        said = write_sentence(found).replace(",", " ").split()
        assert sorted(said) == sorted(text.replace(",", " ").split())
    else:
        assert "LOSS" in refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it ends after ''"),
        ("focal", "it ends after 'focal'"),
        ("focal beats", "it ends after 'beats'"),
        ("focal beats bce", "it ends after 'bce'"),
        ("focal beats bce on", "it ends after 'on'"),
        ("focal beets bce on moons", "'beets' after 'focal' is not understood; did you mean 'beats'?"),
        (
            "focal sometimes beets bce on moons",
            "'beets' after 'sometimes' is not understood; did you mean 'beats'?",
        ),
        ("focal always", "it ends after 'always'"),
        ("focal is no worse than bce on moons", "did you mean 'is not worse than'?"),
        ("focal beats bce at moons", "'at' after 'bce' is not understood"),
        ("focal beats bce in f11 on moons", "'f11' is no score; did you mean 'f1'?"),
        ("focal beats bce by much on moons", "'much' is not a margin"),
        ("focal beats bce by -1 on moons", "'-1' is not a margin"),
        ("focal beats bce on moons with outliers", "'with' after 'moons' is not understood"),
        ("focal beats bce on moons with 0% outliers", "'0' is not a share"),
        ("focal beats bce on moons with 100% outliers", "100 % is no share"),
    ],
)
def test_an_error_names_the_word_and_the_nearest_right_one(text, message):
    """In a line that can be acted on."""
    with pytest.raises(BadValue) as error:
        read_sentence(text)
    assert message in str(error.value)
