from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses.class_prior import class_balanced, class_weights, logit_adjusted
from lossbench.losses.multiclass import ce

from .cases import close
from .strategies import several_classes


@st.composite
def with_prior(draw):
    """Return raw outputs, class indices and the shares of the classes, (1, classes)."""
    raw, target = draw(several_classes())
    counts = draw(st.lists(st.integers(1, 500), min_size=raw.shape[-1], max_size=raw.shape[-1]))
    shares = torch.tensor([counts], dtype=torch.float64)
    return raw, target, shares / shares.sum()


@settings(deadline=None, max_examples=25)
@given(with_prior(), st.floats(0, 3))
def test_adjustment_is_a_shift_of_the_raw_outputs(sample, tau):
    """At tau = 0, or where all classes are equally frequent, it is CE; else CE of shifted raw outputs."""
    raw, target, prior = sample
    even = torch.full_like(prior, 1 / prior.shape[-1])
    close(logit_adjusted(raw, target, prior=prior, tau=0), ce(raw, target))
    close(logit_adjusted(raw, target, prior=even, tau=tau), ce(raw, target))
    close(logit_adjusted(raw - tau * prior.log(), target, prior=prior, tau=tau), ce(raw, target))


@settings(deadline=None, max_examples=25)
@given(with_prior(), st.floats(0, 0.9999), st.floats(1, 1e5))
def test_balancing_weighs_cross_entropy(sample, beta, n):
    """It is CE times the weight of the true class; weights add up to their number, rarer classes weigh more."""
    raw, target, prior = sample
    weights = class_weights(prior, beta, n)
    close(class_balanced(raw, target, prior=prior, beta=beta, n=n), weights[0][target] * ce(raw, target))
    assert float(weights.sum()) == pytest.approx(prior.shape[-1])
    order = prior[0].argsort()
    assert (weights[0][order].diff() <= 1e-12).all()


@settings(deadline=None, max_examples=25)
@given(with_prior(), st.floats(0, 0.9999), st.floats(1, 1e5))
def test_balancing_even_classes_is_cross_entropy(sample, beta, n):
    """So is any balancing at beta = 0, where a second row of a class adds nothing."""
    raw, target, prior = sample
    even = torch.full_like(prior, 1 / prior.shape[-1])
    close(class_balanced(raw, target, prior=even, beta=beta, n=n), ce(raw, target))
    close(class_balanced(raw, target, prior=prior, beta=0, n=n), ce(raw, target))


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.9999])
def test_weights_are_those_of_the_counts(beta):
    """With n the number of rows they are the paper's, (1 - beta) / (1 - beta^count), scaled to their number."""
    counts = np.array([5000.0, 700.0, 50.0])
    weights = (1 - beta) / (1 - beta**counts)
    found = class_weights(torch.as_tensor(counts / counts.sum())[None], beta, counts.sum())
    np.testing.assert_allclose(found[0], weights / weights.sum() * 3, rtol=1e-9)


@settings(deadline=None, max_examples=25)
@given(with_prior())
def test_only_the_product_of_n_and_log_beta_matters(sample):
    """Half the rows and twice the logarithm give the same weights; near zero they go as 1 / share."""
    *_, prior = sample
    close(class_weights(prior, 0.99, 2000), class_weights(prior, math.sqrt(0.99), 4000))
    inverse = prior.shape[-1] / prior / (1 / prior).sum()
    torch.testing.assert_close(class_weights(prior, 1 - 1e-6, 1), inverse, rtol=1e-5, atol=0)
