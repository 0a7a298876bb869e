/* Losses that look at all outputs of a row: a vector holds one output of W rows. Values and slopes. */
#ifndef BY_CLASS_H
#define BY_CLASS_H

#include "losses.h"

/* Replace the raw outputs z of C classes by their softmax; return the logarithm of the sum of exponentials. */
INLINE V softmax(V *z, int C) {
    V top = z[0], sum = all(0);
    for (int c = 1; c < C; c++) top = larger(top, z[c]);
    for (int c = 0; c < C; c++) sum += z[c] = exp_(z[c] - top);
    for (int c = 0; c < C; c++) z[c] /= sum;
    return top + log_(sum);
}

/* The logarithm of the sum of the exponentials of C raw outputs. */
INLINE V log_sum_of(const V *z, int C) {
    V top = z[0], sum = all(0);
    for (int c = 1; c < C; c++) top = larger(top, z[c]);
    for (int c = 0; c < C; c++) sum += exp_(z[c] - top);
    return top + log_(sum);
}

INLINE Mask is(I t, int c) { return same(t, c - (I){0}); }

INLINE V of_true(const V *z, I t, int C) {
    V found = all(0);
    for (int c = 0; c < C; c++) found = choose(is(t, c), z[c], found);
    return found;
}

INLINE V best_rival(const V *z, I t, int C) {
    V best = all(-INFINITY);
    for (int c = 0; c < C; c++) best = choose(is(t, c), best, larger(best, z[c]));
    return best;
}

/* The share of the classes that are not true, never quite zero, since something is divided by it. */
INLINE V of_rivals(const V *probability, I t, int C) {
    V sum = all(0);
    for (int c = 0; c < C; c++) sum += choose(is(t, c), all(0), probability[c]);
    return larger(sum, all(1e-30f));
}

INLINE void add_to_true(V *d, I t, int C, V amount) {
    for (int c = 0; c < C; c++) d[c] = choose(is(t, c), d[c] + amount, d[c]);
}

INLINE void times(V *d, int C, V factor) {
    for (int c = 0; c < C; c++) d[c] *= factor;
}

INLINE V sum_of(const V *z, int C) {
    V sum = all(0);
    for (int c = 0; c < C; c++) sum += z[c];
    return sum;
}

/* From probabilities to a weight times their distance from the true class. */
INLINE void weigh(V *z, I t, int C, V weight) {
    add_to_true(z, t, C, all(-1));
    times(z, C, weight);
}

/* A weight of each class, that of the true one. */
INLINE V weight_of_true(const real *weights, I t, int C) {
    V found = all(0);
    for (int c = 0; c < C; c++) found = choose(is(t, c), all(weights[c]), found);
    return found;
}

/* x to a whole power that all lanes share. */
INLINE V raised(V x, int power) {
    V found = all(1);
    for (int i = 0; i < power; i++) found *= x;
    return found;
}

/* What every softmax of heavy tails is made of, at a class: 1 + (t2 - 1)(shift - z). */
typedef struct { V excess, shift; } Tempered;

INLINE V distance_of(Tempered s, V z) { return s.excess * (s.shift - z); }

/* Newton's steps towards the shift with which the probabilities add up to 1; see lossbench/losses/noise_robust.py. */
INLINE Tempered tempered(V *z, int C, V t2) {
    Tempered s = {larger(t2 - all(1), all((real)1e-30)), all(0)};
    V top = z[0];
    for (int c = 1; c < C; c++) top = larger(top, z[c]);
    for (int c = 0; c < C; c++) z[c] -= top;
    for (int step = 0; step < 8; step++) {
        V total = all(0), fall = all(0);
        for (int c = 0; c < C; c++) {
            V distance = distance_of(s, z[c]), found = exp_(-log1p_(distance) / s.excess);
            total += found, fall += found / (all(1) + distance);
        }
        s.shift += total * expm1_(s.excess * log_(total)) / (s.excess * fall);
    }
    return s;
}

INLINE void bi_tempered_slope(V *z, I t, int C, const V *p) {
    Tempered s = tempered(z, C, p[1]);
    V slopes = all(0), escorts = all(0);
    for (int last = 0; last < 2; last++)
        for (int c = 0; c < C; c++) {
            V distance = distance_of(s, z[c]), stretched = all(1) + distance;
            V log_p = -log1p_(distance) / s.excess, found = exp_(log_p);
            V d = choose(is(t, c), found - all(1), found) * exp_((all(1) - p[0]) * log_p) / stretched;
            if (last) z[c] = d - found / stretched * (slopes / escorts);
            else slopes += d, escorts += found / stretched;
        }
}

INLINE V bi_tempered_value(V *z, I t, int C, const V *p) {
    Tempered s = tempered(z, C, p[1]);
    V cooling = larger(all(1) - p[0], all((real)1e-30)), power = all(0), log_right = all(0);
    for (int c = 0; c < C; c++) {
        V log_p = -log1p_(distance_of(s, z[c])) / s.excess;
        power += exp_((all(2) - p[0]) * log_p), log_right = choose(is(t, c), log_p, log_right);
    }
    return -expm1_(cooling * log_right) / cooling - (all(1) - power) / (all(2) - p[0]);
}

/* The slope in the raw outputs by way of the probabilities, of the squared distance of two distributions; z is p. */
INLINE void emd_slope(V *z, I t, int C) {
    V mean = all(0);
    for (int last = 0; last < 2; last++) {
        V excess = all(0), sum = all(0);
        for (int c = 0; c < C; c++) {
            excess += choose(is(t, c), z[c] - all(1), z[c]), sum += excess;
            V g = all(2) * (excess - sum);
            if (last) z[c] *= g - mean;
            else mean += z[c] * g;
        }
    }
}

/* Replace the raw outputs z of W rows by their slopes; t are the true classes, `known` is a number of each class. */
INLINE void class_slope(const int loss, V *z, I t, int C, const V *p, const real *known) {
    switch (loss) {
    case CE:
        softmax(z, C);
        add_to_true(z, t, C, all(-1));
        return;
    case BRIER: {
        softmax(z, C);
        V sum = all(0);
        for (int c = 0; c < C; c++) sum += all(2) * z[c] * choose(is(t, c), z[c] - all(1), z[c]);
        for (int c = 0; c < C; c++) z[c] *= all(2) * choose(is(t, c), z[c] - all(1), z[c]) - sum;
        return;
    }
    case CLASS_MSE_LOGITS: { /* p: k, M */
        V excess = (p[0] - all(1)) * of_true(z, t, C) - p[0] * p[1];
        times(z, C, all(2));
        add_to_true(z, t, C, all(2) * excess);
        return;
    }
    case CLASS_MAE: {
        softmax(z, C);
        V weight = all(2) * of_true(z, t, C);
        add_to_true(z, t, C, all(-1));
        times(z, C, weight);
        return;
    }
    case CLASS_HINGE: { /* p: margin */
        V best = best_rival(z, t, C), ties = all(0);
        V missed = sign(above_zero(p[0] + best - of_true(z, t, C)));
        for (int c = 0; c < C; c++) z[c] = choose(is(t, c), all(0), choose(equal(z[c], best), all(1), all(0)));
        for (int c = 0; c < C; c++) ties += z[c];
        times(z, C, missed / ties);
        add_to_true(z, t, C, -missed);
        return;
    }
    case CLASS_BCE:
        for (int c = 0; c < C; c++) z[c] = sigmoid(z[c]);
        add_to_true(z, t, C, all(-1));
        return;
    case CLASS_FOCAL: { /* p: gamma */
        softmax(z, C);
        V right = of_true(z, t, C), wrong = of_rivals(z, t, C);
        V entropy = choose(less(all(0), right), right * log_(larger(right, all(1e-37f))), right);
        V weight = exp_(p[0] * log_(wrong)) * (all(1) - p[0] * entropy / wrong);
        add_to_true(z, t, C, all(-1));
        times(z, C, weight);
        return;
    }
    case GCE: { /* p: q */
        V right = of_true(z, t, C), log_sum = softmax(z, C);
        weigh(z, t, C, exp_(p[0] * (right - log_sum)));
        return;
    }
    case SCE: /* p: alpha, beta, A */
        softmax(z, C);
        weigh(z, t, C, p[0] - p[1] * p[2] * of_true(z, t, C));
        return;
    case RCE: /* p: A */
        softmax(z, C);
        weigh(z, t, C, -p[0] * of_true(z, t, C));
        return;
    case CLASS_POLY1: /* p: epsilon */
        softmax(z, C);
        weigh(z, t, C, all(1) + p[0] * of_true(z, t, C));
        return;
    case TAYLOR_CE: { /* p: t */
        softmax(z, C);
        V right = of_true(z, t, C);
        int terms = (int)p[0][0];
        weigh(z, t, C, all(1) - raised(all(1) - right, terms) * (all(1) - (p[0] - all(terms)) * right));
        return;
    }
    case CLASS_NCE: case NCE_RCE: { /* p: alpha, beta, A of the second */
        V raw = of_true(z, t, C), sum = sum_of(z, C), log_sum = softmax(z, C);
        V S = all(C) * log_sum - sum, N = (log_sum - raw) / S;
        V active = loss == NCE_RCE ? p[0] : all(1), passive = loss == NCE_RCE ? -p[1] * p[2] * of_true(z, t, C) : all(0);
        for (int c = 0; c < C; c++) {
            V d = choose(is(t, c), z[c] - all(1), z[c]);
            z[c] = active * (d - N * (all(C) * z[c] - all(1))) / S + passive * d;
        }
        return;
    }
    case CLASS_UNHINGED: {
        V share = all(1) / all(C - 1);
        for (int c = 0; c < C; c++) z[c] = choose(is(t, c), all(-1), share);
        return;
    }
    case SQUENTROPY: {
        V log_sum = log_sum_of(z, C), pull = all(2) / all(C - 1);
        for (int c = 0; c < C; c++) {
            V probability = exp_(z[c] - log_sum);
            z[c] = choose(is(t, c), probability - all(1), probability + pull * z[c]);
        }
        return;
    }
    case MULTI_MARGIN: { /* p: margin */
        V right = of_true(z, t, C);
        for (int c = 0; c < C; c++) z[c] = sign(above_zero(z[c] - right + p[0]));
        add_to_true(z, t, C, -sum_of(z, C));
        times(z, C, all(1) / all(C));
        return;
    }
    case EMD:
        softmax(z, C);
        emd_slope(z, t, C);
        return;
    case BI_TEMPERED: /* p: t1, t2 */
        bi_tempered_slope(z, t, C, p);
        return;
    case LOGIT_ADJUSTED:
        for (int c = 0; c < C; c++) z[c] += all(known[c]);
        softmax(z, C);
        add_to_true(z, t, C, all(-1));
        return;
    case CLASS_BALANCED:
        softmax(z, C);
        weigh(z, t, C, weight_of_true(known, t, C));
        return;
    default: /* SMOOTHING, p: epsilon */
        softmax(z, C);
        for (int c = 0; c < C; c++) z[c] -= p[0] / all(C);
        add_to_true(z, t, C, p[0] - all(1));
    }
}

/* Return the values of W rows; z is spoilt. */
INLINE V class_value(const int loss, V *z, I t, int C, const V *p, const real *known) {
    V sum = all(0), mean = all(0), right = of_true(z, t, C);
    switch (loss) {
    case CE: return softmax(z, C) - right;
    case BRIER:
        softmax(z, C);
        for (int c = 0; c < C; c++) { V d = choose(is(t, c), z[c] - all(1), z[c]); sum += d * d; }
        return sum;
    case CLASS_MSE_LOGITS:
        for (int c = 0; c < C; c++) sum += choose(is(t, c), p[0] * (z[c] - p[1]) * (z[c] - p[1]), z[c] * z[c]);
        return sum;
    case CLASS_MAE:
        softmax(z, C);
        for (int c = 0; c < C; c++) sum += size_of(choose(is(t, c), z[c] - all(1), z[c]));
        return sum;
    case CLASS_HINGE: return above_zero(p[0] + best_rival(z, t, C) - right);
    case CLASS_BCE:
        for (int c = 0; c < C; c++) sum += choose(is(t, c), all(0), z[c]) - log_sigmoid(z[c]);
        return sum;
    case CLASS_FOCAL: {
        V total = softmax(z, C);
        return exp_(p[0] * log_(of_rivals(z, t, C))) * (total - right);
    }
    case GCE: return -expm1_(p[0] * (right - log_sum_of(z, C))) / p[0];
    case SCE: {
        V log_right = right - log_sum_of(z, C);
        return -p[0] * log_right - p[1] * p[2] * (all(1) - exp_(log_right));
    }
    case RCE: softmax(z, C); return -p[0] * (all(1) - of_true(z, t, C));
    case CLASS_POLY1: {
        V log_right = right - log_sum_of(z, C);
        return p[0] * (all(1) - exp_(log_right)) - log_right;
    }
    case TAYLOR_CE: {
        softmax(z, C);
        V wrong = all(1) - of_true(z, t, C), power = all(1);
        for (int j = 1; j < p[0][0] + 1; j++) {
            power *= wrong;
            sum += smaller(p[0] + all(1 - j), all(1)) / all(j) * power;
        }
        return sum;
    }
    case CLASS_NCE: case NCE_RCE: {
        V log_sum = log_sum_of(z, C), N = (log_sum - right) / (all(C) * log_sum - sum_of(z, C));
        return loss == NCE_RCE ? p[0] * N - p[1] * p[2] * (all(1) - exp_(right - log_sum)) : N;
    }
    case CLASS_UNHINGED: return all(1) + (sum_of(z, C) - right) / all(C - 1) - right;
    case SQUENTROPY:
        for (int c = 0; c < C; c++) sum += choose(is(t, c), all(0), square(z[c]));
        return sum / all(C - 1) + log_sum_of(z, C) - right;
    case MULTI_MARGIN:
        for (int c = 0; c < C; c++) sum += above_zero(z[c] - right + p[0]);
        return (sum - p[0]) / all(C);
    case EMD:
        softmax(z, C);
        for (int c = 0; c < C; c++) {
            mean += choose(is(t, c), z[c] - all(1), z[c]); /* of all classes so far */
            sum += square(mean);
        }
        return sum;
    case BI_TEMPERED: return bi_tempered_value(z, t, C, p);
    case LOGIT_ADJUSTED:
        for (int c = 0; c < C; c++) z[c] += all(known[c]);
        right = of_true(z, t, C);
        return softmax(z, C) - right;
    case CLASS_BALANCED: return weight_of_true(known, t, C) * (log_sum_of(z, C) - right);
    default:
        for (int c = 0; c < C; c++) mean += z[c];
        return softmax(z, C) - ((all(1) - p[0]) * right + p[0] * mean / all(C));
    }
}

/* Of labels t, one and zero, that compete: slopes in place of z, and values. */
INLINE void labels_slope(V *z, const V *t, int C) {
    V present = all(0);
    for (int c = 0; c < C; c++) present += t[c];
    softmax(z, C);
    for (int c = 0; c < C; c++) z[c] = present * z[c] - t[c];
}

INLINE V labels_value(V *z, const V *t, int C) {
    V present = all(0), chosen = all(0);
    for (int c = 0; c < C; c++) present += t[c], chosen += t[c] * z[c];
    return present * softmax(z, C) - chosen;
}

#endif
