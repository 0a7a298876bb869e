/* Losses that look at all pairs of rows of a batch: by their squared distances on the sphere. Values and slopes.

   The formulas are those of lossbench/losses/structured/embedded.py. An anchor is a row, and the lanes are those that it
   is compared with. Where a maximum is reached twice, its slope is shared, and at a bend it is that of torch. */
#ifndef BY_PAIR_H
#define BY_PAIR_H

#include <string.h>

#include "losses.h"
#include "products.h"

typedef struct {
    int rows, numbers, from, across; /* of the batch, of an embedding; both padded: `from` the numbers */
    ptrdiff_t room;                  /* in bytes */
    real *unit, *turned, *square;    /* (across, from) of length one, the same turned, (across,) what its square was */
    real *distance, *slope, *pull;   /* (across, across): squared; slopes in them; how a row draws another */
    real *down;                      /* (across, from): slopes in the rows of length one */
    real *alike, *other;             /* (across,) how many others are of the class of a row, and how many are not */
    const real **face;               /* (across,) the rows of what is multiplied */
    const whole *classes;
} Pairs;

static const real SHORTEST = (real)1e-8; /* square of a length below which a row is not made of length one */
static const real NARROWEST = (real)1e-30; /* squared distance below which its root has no slope */

/* Lay out the working memory for batches from `base` on; without one, only say how much it takes. */
static Pairs pairs_of(int batch, int numbers, char *base) {
    Pairs p = {.numbers = numbers, .from = padded(numbers), .across = padded(batch)};
    ptrdiff_t line = p.across * sizeof(real), table = p.from * line, square = p.across * line;
    p.unit = take(&base, &p.room, table), p.turned = take(&base, &p.room, table), p.square = take(&base, &p.room, line);
    p.distance = take(&base, &p.room, square), p.slope = take(&base, &p.room, square);
    p.pull = take(&base, &p.room, square), p.down = take(&base, &p.room, table);
    p.alike = take(&base, &p.room, line), p.other = take(&base, &p.room, line);
    p.face = take(&base, &p.room, p.across * sizeof(real *));
    return p;
}

/* product (rows, columns) = left (rows, inner, `apart` from one to the next) right (inner, columns). */
static void multiply(const Pairs *p, const real *left, int apart, int inner, const real *right, int columns,
                     real *product) {
    for (int n = 0; n < p->rows; n++) p->face[n] = left + (ptrdiff_t)n * apart;
    rows_by_units(p->face, p->rows, right, inner, columns, NULL, product, AS_IS);
}

INLINE I classes_from(const Pairs *p, int c) { return *(const LooseI *)(p->classes + c); }

/* Which of the rows from c on are of the class of row i and not itself, and which are of another. */
INLINE Mask alike(const Pairs *p, int i, int c) {
    Mask itself = first_lanes(i + 1 - c) & ~first_lanes(i - c);
    return same(classes_from(p, c), p->classes[i] - (I){0}) & first_lanes(p->rows - c) & ~itself;
}
INLINE Mask unlike(const Pairs *p, int i, int c) {
    return ~same(classes_from(p, c), p->classes[i] - (I){0}) & first_lanes(p->rows - c);
}

INLINE V length_of(const Pairs *p, int n) { return root(larger(all(p->square[n]), all(SHORTEST))); }

/* Make rows (rows, ld) of length one, turn them, and measure the distances and the classes. */
static void meet(Pairs *p, const real *raw, int ld, const whole *classes, int rows) {
    p->rows = rows, p->classes = classes;
    memset(p->unit, 0, (ptrdiff_t)p->across * p->from * sizeof(real));
    memset(p->turned, 0, (ptrdiff_t)p->across * p->from * sizeof(real));
    for (int n = 0; n < rows; n++) {
        real *unit = p->unit + (ptrdiff_t)n * p->from;
        V square = all(0);
        memcpy(unit, raw + (ptrdiff_t)n * ld, p->numbers * sizeof(real));
        for (int k = 0; k < p->from; k += W) square = fma_(load(unit + k), load(unit + k), square);
        p->square[n] = sum_in(square)[0];
        for (int k = 0; k < p->from; k += W) store(unit + k, load(unit + k) / length_of(p, n));
        for (int k = 0; k < p->numbers; k++) p->turned[(ptrdiff_t)k * p->across + n] = unit[k];
    }
    multiply(p, p->unit, p->from, p->numbers, p->turned, p->across, p->distance);
    for (int i = 0; i < rows; i++) {
        V of_it = all(0), of_others = all(0);
        for (int c = 0; c < p->across; c += W) {
            real *at = p->distance + (ptrdiff_t)i * p->across + c;
            store(at, all(2) - all(2) * load(at));
            of_it = choose(alike(p, i, c), of_it + all(1), of_it);
            of_others = choose(unlike(p, i, c), of_others + all(1), of_others);
        }
        p->alike[i] = sum_in(of_it)[0], p->other[i] = sum_in(of_others)[0];
    }
}

/* The squared distances of row i from those from c on; what rounding leaves below zero is zero. */
INLINE V apart(const Pairs *p, int i, int c) {
    V d = load(p->distance + (ptrdiff_t)i * p->across + c);
    return choose(less(d, all(0)), all(0), d);
}

/* Set the slopes in them: none in one that rounding had left below zero. */
INLINE void lean(const Pairs *p, int i, int c, V slope) {
    ptrdiff_t at = (ptrdiff_t)i * p->across + c;
    store(p->slope + at, choose(less(load(p->distance + at), all(0)), all(0), slope));
}

INLINE double sum_over(const Pairs *p, const real *counts) {
    double total = 0;
    for (int i = 0; i < p->rows; i++) total += counts[i];
    return total;
}

INLINE V one_in(Mask m) { return choose(m, all(1), all(0)); }

/* Draw an anchor and its farthest friends together, and its nearest others away, in equal shares. */
INLINE void draw_hardest(const Pairs *p, int i, V far, V near, double share) {
    V of_far = all(0), of_near = all(0);
    for (int c = 0; c < p->across; c += W) {
        of_far += one_in(alike(p, i, c) & equal(apart(p, i, c), far));
        of_near += one_in(unlike(p, i, c) & equal(apart(p, i, c), near));
    }
    V up = all((real)share) / sum_in(of_far), down = all((real)-share) / sum_in(of_near);
    for (int c = 0; c < p->across; c += W) {
        V slope = choose(alike(p, i, c) & equal(apart(p, i, c), far), up, all(0));
        lean(p, i, c, choose(unlike(p, i, c) & equal(apart(p, i, c), near), down, slope));
    }
}

INLINE double triplet(const Pairs *p, V margin) {
    double total = 0, anchors = 0;
    for (int i = 0; i < p->rows; i++) anchors += p->alike[i] > 0 && p->other[i] > 0;
    for (int i = 0; i < p->rows; i++) {
        if (!(p->alike[i] > 0 && p->other[i] > 0)) continue;
        V far = all(-1), near = all(5);
        for (int c = 0; c < p->across; c += W) {
            far = larger(far, choose(alike(p, i, c), apart(p, i, c), all(-1)));
            near = smaller(near, choose(unlike(p, i, c), apart(p, i, c), all(5)));
        }
        far = largest_in(far), near = smallest_in(near);
        real lacks = (margin + far - near)[0];
        if (lacks < 0) continue;
        total += lacks;
        draw_hardest(p, i, far, near, 1 / anchors);
    }
    return total / (anchors > 1 ? anchors : 1);
}

/* The place of the nearest of another class that is farther from row i than d, or of the farthest if none is. */
INLINE int beyond(const Pairs *p, int i, real d) {
    V near = all(INFINITY), far = all(-1);
    for (int c = 0; c < p->across; c += W) {
        Mask m = unlike(p, i, c);
        near = smaller(near, choose(m & less(all(d), apart(p, i, c)), apart(p, i, c), all(INFINITY)));
        far = larger(far, choose(m, apart(p, i, c), all(-1)));
    }
    near = smallest_in(near), far = largest_in(far);
    int found = -1;
    for (int j = 0; j < p->rows; j++) {
        if (p->classes[j] == p->classes[i]) continue;
        real there = p->distance[(ptrdiff_t)i * p->across + j];
        there = there < 0 ? 0 : there;
        if (near[0] < INFINITY && there == near[0]) return j;
        if (near[0] == INFINITY && there == far[0]) found = j;
    }
    return found;
}

INLINE double triplet_semi_hard(const Pairs *p, V margin) {
    double total = 0, pairs = 0;
    for (int i = 0; i < p->rows; i++) pairs += p->other[i] > 0 ? p->alike[i] : 0;
    for (int i = 0; i < p->rows; i++)
        for (int a = 0; a < p->rows; a++) {
            if (a == i || p->classes[a] != p->classes[i] || !(p->other[i] > 0)) continue;
            const real *distance = p->distance + (ptrdiff_t)i * p->across;
            real *slope = p->slope + (ptrdiff_t)i * p->across;
            real mine = distance[a] < 0 ? 0 : distance[a];
            int n = beyond(p, i, mine);
            if (n < 0) continue; /* no number: the slope becomes none on the way down */
            real lacks = margin[0] + mine - (distance[n] < 0 ? 0 : distance[n]);
            if (lacks < 0) continue;
            total += lacks;
            slope[a] += distance[a] < 0 ? 0 : (real)(1 / pairs);
            slope[n] -= distance[n] < 0 ? 0 : (real)(1 / pairs);
        }
    return total / (pairs > 1 ? pairs : 1);
}

INLINE double contrastive(const Pairs *p, V margin) {
    double total = 0, pairs = sum_over(p, p->alike), others = sum_over(p, p->other);
    V draw = all((real)(0.5 / (pairs > 1 ? pairs : 1))), push = all((real)(0.5 / (others > 1 ? others : 1)));
    for (int i = 0; i < p->rows; i++) {
        V cost = all(0);
        for (int c = 0; c < p->across; c += W) {
            V d = apart(p, i, c), way = root(larger(d, all(NARROWEST))), lacks = above_zero(margin - way);
            V slope = choose(less(d, all(NARROWEST)), all(0), -push * lacks / way);
            cost += choose(alike(p, i, c), draw * d, choose(unlike(p, i, c), push * lacks * lacks, all(0)));
            lean(p, i, c, choose(alike(p, i, c), draw, choose(unlike(p, i, c), slope, all(0))));
        }
        total += sum_in(cost)[0];
    }
    return total;
}

INLINE double supcon(const Pairs *p, V tau) {
    double total = 0, anchors = 0;
    for (int i = 0; i < p->rows; i++) anchors += p->alike[i] > 0;
    V share = all((real)(anchors > 0 ? -0.5 / anchors : 0)) / tau;
    for (int i = 0; i < p->rows; i++) {
        if (!(p->alike[i] > 0)) continue;
        V top = all(-INFINITY), sum = all(0), mine = all(0), friends = all(p->alike[i]);
        for (int c = 0; c < p->across; c += W) {
            V logit = (all(1) - apart(p, i, c) * all((real)0.5)) / tau;
            top = larger(top, choose(alike(p, i, c) | unlike(p, i, c), logit, all(-INFINITY)));
            mine += choose(alike(p, i, c), logit, all(0));
        }
        top = largest_in(top);
        for (int c = 0; c < p->across; c += W) {
            V logit = (all(1) - apart(p, i, c) * all((real)0.5)) / tau;
            V each = choose(alike(p, i, c) | unlike(p, i, c), exp_(logit - top), all(0));
            sum += each;
            store(p->pull + c, each);
        }
        sum = sum_in(sum);
        total += (top + log_(sum) - sum_in(mine) / friends)[0];
        for (int c = 0; c < p->across; c += W) {
            V slope = load(p->pull + c) / sum - choose(alike(p, i, c), all(1) / friends, all(0));
            lean(p, i, c, share * slope);
        }
    }
    return total / (anchors > 1 ? anchors : 1);
}

/* The value of a loss of the batch, with the slopes in the distances. */
INLINE double compared(const int loss, const Pairs *p, const V *given) {
    memset(p->slope, 0, (ptrdiff_t)p->across * p->across * sizeof(real));
    switch (loss) {
    case TRIPLET: return triplet(p, given[0]);
    case TRIPLET_SEMI_HARD: return triplet_semi_hard(p, given[0]);
    case CONTRASTIVE: return contrastive(p, given[0]);
    default: return supcon(p, given[0]);
    }
}

/* How each row draws the others: a distance falls by twice their product, and counts from both of its ends. */
static void both_ends(const Pairs *p) {
    for (int i = 0; i < p->across; i += W)
        for (int j = 0; j < p->across; j += W) {
            V t[W];
            for (int k = 0; k < W; k++) t[k] = load(p->slope + (ptrdiff_t)(j + k) * p->across + i);
            transpose(t);
            for (int k = 0; k < W; k++) {
                ptrdiff_t at = (ptrdiff_t)(i + k) * p->across + j;
                store(p->pull + at, all(-2) * (load(p->slope + at) + t[k]));
            }
        }
}

/* Fill the slopes in the raw outputs (rows, ld), times a factor: what is across a row, over its length. */
static void go_down(const Pairs *p, V factor, int ld, real *delta) {
    both_ends(p);
    multiply(p, p->pull, p->across, p->rows, p->unit, p->from, p->down);
    for (int n = 0; n < p->rows; n++) {
        real *unit = p->unit + (ptrdiff_t)n * p->from, *down = p->down + (ptrdiff_t)n * p->from;
        V along = all(0);
        for (int k = 0; k < p->from; k += W) along = fma_(load(unit + k), load(down + k), along);
        along = choose(less(all(p->square[n]), all(SHORTEST)), all(0), sum_in(along));
        for (int k = 0; k < p->from; k += W)
            store(down + k, (load(down + k) - load(unit + k) * along) / length_of(p, n) * factor);
        memcpy(delta + (ptrdiff_t)n * ld, down, ld * sizeof(real));
    }
}

#endif
