/* The core losses: value and slope, the derivative of a sample's loss in its raw outputs.

   The formulas are those of lossbench/losses, where their sources stand; losses.py gives each its number. Some take
   every output by itself, so that a lane may be a row or an output. The others look at all outputs of a row: there a
   vector holds one output of W rows. */
#ifndef LOSSES_H
#define LOSSES_H

#include "functions.h"

enum {
    BCE, MSE_P, MSE_LOGITS, MSE_PM1, MAE_P, FOCAL, HINGE, SQUARED_HINGE, /* of a yes-or-no target, or several */
    MSE, MAE, HUBER, LOG_COSH, PINBALL, MAPE,                            /* of values */
    CE, BRIER, CLASS_MSE_LOGITS, CLASS_MAE, CLASS_HINGE, CLASS_BCE, CLASS_FOCAL, SMOOTHING, /* of a true class */
    LABELS_CE                                                            /* of labels that compete */
};

INLINE int by_output(int loss) { return loss < CE; }
INLINE int of_class(int loss) { return loss >= CE && loss < LABELS_CE; }

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
    case MSE: return all(2) * e;
    case MAE: return sign(e);
    case HUBER: return larger(smaller(e, p[0]), -p[0]); /* p: delta */
    case LOG_COSH: return tanh_(e);
    case PINBALL: { V side = sign(e); return side * (all(0.5f) + (all(0.5f) - p[0]) * side); } /* p: tau */
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
    case MSE: return e * e;
    case MAE: return size;
    case HUBER: { V cut = smaller(size, p[0]); return cut * (size - all(0.5f) * cut); }
    case LOG_COSH: return size + log1p_(exp_(all(-2) * size)) - all((real)0.69314718055994530942);
    case PINBALL: return p[0] * above_zero(-e) + (all(1) - p[0]) * above_zero(e);
    default: return size / size_of(t);
    }
}

/* Replace the raw outputs z of C classes by their softmax; return the logarithm of the sum of exponentials. */
INLINE V softmax(V *z, int C) {
    V top = z[0], sum = all(0);
    for (int c = 1; c < C; c++) top = larger(top, z[c]);
    for (int c = 0; c < C; c++) sum += z[c] = exp_(z[c] - top);
    for (int c = 0; c < C; c++) z[c] /= sum;
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

/* Replace the raw outputs z of W rows by their slopes; t are the true classes. */
INLINE void class_slope(const int loss, V *z, I t, int C, const V *p) {
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
    default: /* SMOOTHING, p: epsilon */
        softmax(z, C);
        for (int c = 0; c < C; c++) z[c] -= p[0] / all(C);
        add_to_true(z, t, C, p[0] - all(1));
    }
}

/* Return the values of W rows; z is spoilt. */
INLINE V class_value(const int loss, V *z, I t, int C, const V *p) {
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
