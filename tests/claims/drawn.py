"""Evidence that Hypothesis draws."""

from __future__ import annotations

from hypothesis import strategies as st

from lossbench.claims.claim import WORDS, Evidence

lines = st.builds(
    Evidence,
    st.sampled_from(WORDS),
    quantity=st.sampled_from(["f1", "accuracy"]),
    protocol=st.sampled_from(["sgd", "tuned"]),
    dataset=st.sampled_from(["iris", "wine", "moons"]),
    arms=st.sampled_from([("bce", "mse"), ("bce", "mse_logits")]),
    role=st.sampled_from(["unit", "unit", "sensitivity", "shown"]),
    part=st.sampled_from(["one", "other"]),
    reading=st.sampled_from(["as stated", "but for rounding", "another"]),
    measured=st.sampled_from([-0.2, 0.1, 0.3]),
    low=st.just(-0.4),
    high=st.just(0.4),
    p_value=st.sampled_from([None, 0.01]),
    again=st.sampled_from([(), (1.0, 0.0, 0.0, 0.0), (0.5, 0.2, 0.1, 0.2), (0.0, 0.4, 0.0, 0.6)]),
)
evidence = st.lists(lines, min_size=1, max_size=12)
shuffled = evidence.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines)))
