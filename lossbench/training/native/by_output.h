/* Losses that take every raw output by itself, so that a lane may be a row or an output: values and slopes. */
#ifndef BY_OUTPUT_H
#define BY_OUTPUT_H

#include "losses.h"

enum { STRAIGHT = 16 };           /* from here on the exponential loss is a straight line */
#define TINY ((real)1e-20)        /* in place of zero where something is divided by it and its limit is wanted */
#define LEAST ((real)1.17549435e-38) /* in place of zero where the logarithm is taken */

/* log(1 - p + m) from log(1 - p): in logarithms, since at m = 0 the sum may be zero. */
INLINE V log_with_margin(V log_rest, V m) {
    V log_m = log_(larger(m, all(LEAST))), most = larger(log_rest, log_m);
    return choose(at_most(m, all(0)), log_rest, most + log1p_(exp_(-size_of(log_rest - log_m))));
}

/* 1 - exp(x) of an x below zero, never quite zero. */
INLINE V share_of(V x) { return larger(-expm1_(x), all(LEAST)); }

/* |y| + |f|; where it is zero there is no error, and any divisor will do. */
INLINE V total_of(V z, V t) {
    V total = size_of(t) + size_of(z);
    return choose(equal(total, all(0)), all(1), total);
}

INLINE V slope(const int loss, V z, V t, const V *p) {
    V turned = all(1) - all(2) * t, e = z - t;
    switch (loss) {
    case BCE: return sigmoid(z) - t;
    case MSE_P: { V s = sigmoid(z); return (s - t) * s * (all(2) - all(2) * s); }
    case MSE_LOGITS: return all(2) * e;
    case MSE_PM1: return all(2) * (z + turned);
    case MAE_P: { V s = sigmoid(z); return turned * s * (all(1) - s); }
    case FOCAL: { /* p: gamma, alpha */
        V wrong = turned * z, right = log_sigmoid(-wrong), lost = right + wrong;
        V weight = (all(2) * p[1] - all(1)) - turned;
        return weight * exp_(p[0] * lost) * (p[0] * exp_(right) * right - exp_(lost));
    }
    case HINGE: return choose(less(all(-1), turned * z), turned, all(0));
    case SQUARED_HINGE: return all(2) * turned * above_zero(all(1) + turned * z);
    case MODIFIED_HUBER: return all(2) * turned * smaller(above_zero(all(1) + turned * z), all(2));
    case EXPONENTIAL: return turned * exp_(smaller(turned * z, all(STRAIGHT)));
    case SAVAGE: { V s = sigmoid(all(2) * z); return (s - t) * s * (all(4) - all(4) * s); }
    case UNHINGED: return turned;
    case POLY1: { V d = sigmoid(z) - t; return d * (all(1) + p[0] - p[0] * size_of(d)); } /* p: epsilon */
    case NCE: {
        V wrong = turned * z, log_right = log_sigmoid(-wrong), log_wrong = log_sigmoid(wrong);
        V total = log_right + log_wrong, share = exp_(log_wrong);
        return -turned * (share + log_right / total * (all(1) - all(2) * share)) / total;
    }
    case WEIGHTED_BCE: return choose(less(all(0.5f), t), p[0], p[1]) * (sigmoid(z) - t); /* p: the two weights */
    case ASYMMETRIC: { /* p: gamma_pos, gamma_neg, m */
        V log_p = log_sigmoid(z), log_rest = log_sigmoid(-z), found = exp_(log_p);
        V positive = exp_(p[0] * log_rest) * (p[0] * found * log_p - exp_(log_rest));
        V with_margin = log_with_margin(log_rest, p[2]), shifted = smaller(with_margin, all(0)), lost = share_of(shifted);
        V rate = choose(at_most(with_margin, all(0)), found * exp_(log_rest - shifted), all(0));
        V negative = rate * exp_(p[1] * log_(lost)) * (all(1) - p[1] * shifted * (all(1) - lost) / lost);
        return choose(less(all(0.5f), t), positive, negative);
    }
    case MSE: return all(2) * e;
    case MAE: return sign(e);
    case HUBER: return larger(smaller(e, p[0]), -p[0]); /* p: delta */
    case LOG_COSH: return tanh_(e);
    case PINBALL: { V side = sign(e); return side * (all(0.5f) + (all(0.5f) - p[0]) * side); } /* p: tau */
    case EXPECTILE: return e + (all(1) - all(2) * p[0]) * size_of(e); /* p: tau */
    case EPSILON_INSENSITIVE: return choose(less(p[0], size_of(e)), sign(e), all(0)); /* p: epsilon */
    case PSEUDO_HUBER: return e / root(all(1) + square(e / p[0])); /* p: delta */
    case CAUCHY: return e / (all(1) + square(e / p[0])); /* p: c, and below */
    case GEMAN_MCCLURE: return e / square(all(1) + square(e / p[0]));
    case WELSCH: return e * exp_(-square(e / p[0]));
    case TUKEY: return e * square(above_zero(all(1) - square(e / p[0])));
    case BARRON: { /* p: alpha, c */
        V x = e / p[1], bend = larger(all(2) - p[0], all(TINY));
        return x * exp_(all(-0.5f) * bend * log1p_(square(x) / bend)) / p[1];
    }
    case SMAPE: { /* divided twice, since the square of a small total would be zero */
        V total = total_of(z, t);
        return all(2) * sign(e) * (size_of(t) + t * sign(z)) / total / total;
    }
    default: return sign(e) / size_of(t); /* MAPE */
    }
}

INLINE V value(const int loss, V z, V t, const V *p) {
    V turned = all(1) - all(2) * t, e = z - t, size = size_of(e);
    switch (loss) {
    case BCE: return (all(1) - t) * z - log_sigmoid(z);
    case MSE_P: { V d = sigmoid(z) - t; return d * d; }
    case MSE_LOGITS: return e * e;
    case MSE_PM1: return (z + turned) * (z + turned);
    case MAE_P: return size_of(sigmoid(z) - t);
    case FOCAL: {
        V weight = all(2) * (p[1] * t + (all(1) - p[1]) * (all(1) - t));
        return -weight * exp_(p[0] * log_sigmoid(turned * z)) * log_sigmoid(-turned * z);
    }
    case HINGE: return above_zero(all(1) + turned * z);
    case SQUARED_HINGE: { V miss = above_zero(all(1) + turned * z); return miss * miss; }
    case MODIFIED_HUBER: {
        V miss = above_zero(all(1) + turned * z), capped = smaller(miss, all(2));
        return capped * (all(2) * miss - capped);
    }
    case EXPONENTIAL: {
        V wrong = turned * z, capped = smaller(wrong, all(STRAIGHT));
        return exp_(capped) * (all(1) + wrong - capped);
    }
    case SAVAGE: return square(sigmoid(all(2) * turned * z));
    case UNHINGED: return all(1) + turned * z;
    case POLY1: return (all(1) - t) * z - log_sigmoid(z) + p[0] * size_of(sigmoid(z) - t);
    case NCE: { V log_right = log_sigmoid(-turned * z); return log_right / (log_right + log_sigmoid(turned * z)); }
    case WEIGHTED_BCE: return choose(less(all(0.5f), t), p[0], p[1]) * ((all(1) - t) * z - log_sigmoid(z));
    case ASYMMETRIC: {
        V log_p = log_sigmoid(z), log_rest = log_sigmoid(-z), shifted = smaller(log_with_margin(log_rest, p[2]), all(0));
        V negative = exp_(p[1] * log_(share_of(shifted))) * shifted;
        return -choose(less(all(0.5f), t), exp_(p[0] * log_rest) * log_p, negative);
    }
    case MSE: return e * e;
    case MAE: return size;
    case HUBER: { V cut = smaller(size, p[0]); return cut * (size - all(0.5f) * cut); }
    case LOG_COSH: return size + log1p_(exp_(all(-2) * size)) - all((real)0.69314718055994530942);
    case PINBALL: return p[0] * above_zero(-e) + (all(1) - p[0]) * above_zero(e);
    case EXPECTILE: return p[0] * square(above_zero(-e)) + (all(1) - p[0]) * square(above_zero(e));
    case EPSILON_INSENSITIVE: return above_zero(size - p[0]);
    case PSEUDO_HUBER: return e * e / (all(1) + root(all(1) + square(e / p[0])));
    case CAUCHY: return all(0.5f) * square(p[0]) * log1p_(square(e / p[0]));
    case GEMAN_MCCLURE: return all(0.5f) * e * e / (all(1) + square(e / p[0]));
    case WELSCH: return all(-0.5f) * square(p[0]) * expm1_(-square(e / p[0]));
    case TUKEY: {
        V share = smaller(square(e / p[0]), all(1));
        return square(p[0]) / all(6) * share * (all(3) - all(3) * share + square(share));
    }
    case BARRON: {
        V bend = larger(all(2) - p[0], all(TINY)), growth = log1p_(square(e / p[1]) / bend), power = all(0.5f) * p[0] * growth;
        return all(0.5f) * bend * growth * choose(equal(power, all(0)), all(1), expm1_(power) / power);
    }
    case SMAPE: return all(2) * size / total_of(z, t);
    default: return size / size_of(t);
    }
}

#endif
