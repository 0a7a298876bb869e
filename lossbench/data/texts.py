"""Texts from a grammar, so that the meaning of each is known, as features for networks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import STRATIFIABLE
from lossbench.data.generators import whole
from lossbench.errors import BadValue
from lossbench.randomness import stream

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

ASPECTS = ("plot", "acting", "music", "camera", "script", "ending", "dialogue", "pace", "humour", "cast")
PRAISE = ("good", "great", "superb", "moving", "clever", "charming")
BLAME = ("bad", "poor", "awful", "dull", "clumsy", "tedious")
STRENGTHS = {"": 1.0, "very": 1.5, "really": 1.5, "truly": 2.0, "rather": 0.75, "slightly": 0.5}
"""What a word before an adjective multiplies it by."""

NEGATED = 0.2
"""How many adjectives have a "not" before them, which turns the sign round, in place of an intensifier."""

JOINED = {"": 0.0, "and": 1.0, "but": 2.0}
"""How often a second clause counts, by what joins it to the first; each of the three is as frequent."""

TERMS = 150
CORPUS = 2000  # reviews


def reviews(positives: float = 0.82, noise: float = 0.06, rows: float = 1000, seed: int = 0) -> Dataset:
    """Does a review of a film speak well of it? Sentences of a grammar, as weighted counts of words and pairs.

        review     = clause | clause "and" clause | clause "but" clause     each with probability 1/3
        clause     = "the" aspect "was" ("not" | [intensifier]) adjective   "not" with probability 0.2
        aspect     = "plot" | "acting" | ...     10, alike
        intensifier = nothing | "very" | ...     6, alike: times 1, 1.5, 1.5, 2, 0.75, 0.5
        adjective  = "good" | "bad" | ...        6 of praise, +1, and 6 of blame, -1, alike

    A clause has the value of its adjective, times that of its intensifier, or with its sign reversed by "not"; a
    review has the sum of its clauses, the one behind "but" counted twice. It is positive where that is above zero;
    where it is zero it is drawn anew. A share `positives` of the reviews is positive; a share `noise` has the
    wrong label, as many of each class, so that the share stays. Counting words of praise does not do: "not" and
    "but" decide.

    The features are scikit-learn's TF-IDF of words and of pairs of neighbours. Which 150 these are, and how each
    is weighted, belongs to the law: it is learned once, on 2000 reviews of a stream of their own that are in no
    table.

    Source: Salton and Buckley 1988, Term-weighting approaches in automatic text retrieval, Information Processing
    and Management 24.

    Raises:
        BadValue: fewer than five rows would be of a class, or more labels wrong than it has rows.

    Example:
        >>> reviews().features.shape, float(reviews().target.mean())
        ((1000, 150), 0.82)
    """
    count = whole("reviews", rows)
    wanted = np.arange(count) < round(positives * count)
    fewest, wrong = int(min(wanted.sum(), (~wanted).sum())), round(noise * count / 2)
    if fewest < max(STRATIFIABLE, 2 * wrong):
        raise BadValue(
            f"reviews: positives={positives:g} of {count} rows leaves {fewest} in a class, of which "
            f"noise={noise:g} mislabels {wrong}; a class needs {STRATIFIABLE} rows, half of them right, so give "
            "more rows, less noise or a share nearer one half"
        )
    random = stream("generate", "reviews", seed)
    texts = [review(random, bool(positive)) for positive in wanted]
    label = wanted.copy()
    for kind in (True, False):
        label[random.choice(np.flatnonzero(wanted == kind), wrong, replace=False)] = not kind
    order, reader = random.permutation(count), vectoriser()
    features = reader.transform(texts).toarray()[order]
    names = tuple(map(str, reader.get_feature_names_out()))
    return Dataset("reviews", "binary", features, label[order].astype(np.int64), ("negative", "positive"), names)


@cache
def vectoriser() -> TfidfVectorizer:
    """Return the vectoriser of reviews, with the words and weights that belong to the law."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    random = stream("corpus", "reviews", 0)
    corpus = [review(random) for _ in range(CORPUS)]
    return TfidfVectorizer(ngram_range=(1, 2), max_features=TERMS).fit(corpus)


def review(random: np.random.Generator, positive: bool | None = None) -> str:
    """Draw a review; one that speaks well of its film, or badly, where that is stated.

    Example:
        >>> review(np.random.default_rng(0), positive=True)
        'the plot was truly clumsy but the cast was truly moving'
    """
    while True:
        text, value = clause(random)
        joint, weight = list(JOINED.items())[random.integers(len(JOINED))]
        if joint:
            more, other = clause(random)
            text, value = f"{text} {joint} {more}", value + weight * other
        if value != 0 and positive in (None, value > 0):
            return text


def clause(random: np.random.Generator) -> tuple[str, float]:
    """Draw a clause and return it with its value; below zero it blames.

    Example:
        >>> clause(np.random.default_rng(0))
        ('the humour was not moving', -1.0)
    """
    aspect, praise, place, strength = random.integers((len(ASPECTS), 2, len(PRAISE), len(STRENGTHS)))
    word, weight = ("not", -1.0) if random.random() < NEGATED else list(STRENGTHS.items())[strength]
    words = ["the", ASPECTS[aspect], "was", word, (PRAISE if praise else BLAME)[place]]
    return " ".join(filter(None, words)), weight * (1 if praise else -1)
