/* Losses that compare the outputs of a batch with its targets as two samples, in any order. Values and slopes.

   The formulas are those of lossbench/losses/structured/distribution.py. A sample lies in the plane, of which a line is
   the part where the second number is zero. Each axis is a line of memory, whose lanes are the rows of the batch. In a
   table of pairs the lanes are the rows of one sample and the lines those of the other. What stands in lanes beyond the
   rows is in no sum. */
#ifndef BY_SAMPLE_H
#define BY_SAMPLE_H

#include <string.h>

#include "losses.h"
#include "products.h"

enum { AXES = 2, WAYS = 8, STRIP = 2 * WAYS, ROUNDS = 10, SIDE = 6, BINS = 2 * SIDE + 1 };
enum { BOARD = (BINS + W - 1) / W * W };

typedef struct {
    int rows, across, axes;       /* of the batch; padded; 1 on a line, 2 in the plane */
    ptrdiff_t room;               /* in bytes */
    real *made, *wanted, *slope;  /* (axes, across) outputs, targets; slopes in the outputs */
    real *cost, *turned;          /* (across, across) of pairs: of outputs in the lanes, in the lines */
    real *share, *back;           /* slopes in them */
    real *ours, *theirs;          /* (rounds, across), (rounds + 1, across) potentials */
    real *due, *owed;             /* (across,) slopes in them */
    real *sorted, *place;         /* (across + 1, STRIP) outputs, then targets, along the directions; of which row */
    real *sign;                   /* (WAYS, across) where an output lies from its target */
    real *across_bins, *up_bins;  /* (across, BOARD) how a row is shared out among the bins of both axes */
    real *pulled;                 /* (across, BOARD) slopes in that */
    real *p, *q;                  /* (BOARD, BOARD) shares of the bins */
    const real **face;            /* (across,) the rows of what is multiplied */
} Samples;

/* Lay out the working memory for batches from `base` on; without one, only say how much it takes. */
static Samples samples_of(int batch, char *base) {
    Samples s = {.across = padded(batch)};
    ptrdiff_t line = s.across * sizeof(real), square = s.across * line, strip = (s.across + 1) * STRIP * sizeof(real);
    real **of_axes[] = {&s.made, &s.wanted, &s.slope}, **of_pairs[] = {&s.cost, &s.turned, &s.share, &s.back};
    real **of_bins[] = {&s.across_bins, &s.up_bins, &s.pulled};
    for (int i = 0; i < 3; i++) *of_axes[i] = take(&base, &s.room, AXES * line);
    for (int i = 0; i < 4; i++) *of_pairs[i] = take(&base, &s.room, square);
    s.ours = take(&base, &s.room, ROUNDS * line), s.theirs = take(&base, &s.room, (ROUNDS + 1) * line);
    s.due = take(&base, &s.room, line), s.owed = take(&base, &s.room, line);
    s.sorted = take(&base, &s.room, strip), s.place = take(&base, &s.room, strip);
    s.sign = take(&base, &s.room, WAYS * line);
    for (int i = 0; i < 3; i++) *of_bins[i] = take(&base, &s.room, BOARD * line);
    s.p = take(&base, &s.room, BOARD * BOARD * sizeof(real)), s.q = take(&base, &s.room, BOARD * BOARD * sizeof(real));
    s.face = take(&base, &s.room, s.across * sizeof(real *));
    return s;
}

/* Set the samples: rows of outputs and of targets (rows, ld). */
static void gather(Samples *s, const real *raw, const real *target, int axes, int ld, int rows) {
    s->rows = rows, s->axes = axes;
    for (int k = 0; k < AXES; k++)
        for (int n = 0; n < s->across; n++) {
            int there = k < axes && n < rows;
            s->made[k * s->across + n] = there ? raw[(ptrdiff_t)n * ld + k] : 0;
            s->wanted[k * s->across + n] = there ? target[(ptrdiff_t)n * ld + k] : 0;
        }
}

INLINE Mask rows_from(const Samples *s, int c) { return first_lanes(s->rows - c); }

/* The squared distances of the rows from c on of one sample from row j of another, and the way there. */
INLINE V square_of(const Samples *s, const real *lanes, int c, const real *lines, int j, V *way) {
    V square = all(0);
    for (int k = 0; k < AXES; k++) {
        way[k] = load(lanes + k * s->across + c) - all(lines[k * s->across + j]);
        square = fma_(way[k], way[k], square);
    }
    return square;
}

/* How strongly a pair draws, for its squared distance; of two at one point not at all. p: for mmd, -½ / bandwidth². */
INLINE V strength(const int loss, V square, V share, V p) {
    return loss == MMD ? exp_(p * square) : choose(equal(square, all(0)), all(0), share / root(square));
}

/* Add to the slopes: by a factor, what each output gets of all rows of a sample. */
INLINE void draw(const int loss, const Samples *s, const real *lines, const real *share, V p, V factor) {
    for (int c = 0; c < s->across; c += W) {
        V sum[AXES] = {all(0), all(0)}, way[AXES];
        for (int j = 0; j < s->rows; j++) {
            V square = square_of(s, s->made, c, lines, j, way);
            V by = strength(loss, square, share ? load(share + (ptrdiff_t)j * s->across + c) : all(1), p);
            for (int k = 0; k < AXES; k++) sum[k] = fma_(by, way[k], sum[k]);
        }
        for (int k = 0; k < AXES; k++) {
            real *at = s->slope + k * s->across + c;
            store(at, fma_(factor, sum[k], load(at)));
        }
    }
}

/* The sum over all pairs of two samples: of distances, or of what the kernel lacks. */
INLINE double sum_of_pairs(const int loss, const Samples *s, const real *one, const real *other, V p) {
    double total = 0;
    for (int j = 0; j < s->rows; j++) {
        V sum = all(0), way[AXES];
        for (int c = 0; c < s->across; c += W) {
            V square = square_of(s, one, c, other, j, way);
            sum += choose(rows_from(s, c), loss == ENERGY ? root(square) : -exp_(p * square), all(0));
        }
        total += sum_in(sum)[0];
    }
    return total;
}

/* On a line: by how many outputs and targets lie below each output. Of equal ones the first is the lower. */
static void energy_on_a_line(const Samples *s) {
    V pairs = all(s->rows) * all(s->rows);
    for (int c = 0; c < s->across; c += W) {
        V x = load(s->made + c), number = lane_numbers() + all(c), ahead = all(0);
        for (int j = 0; j < s->rows; j++) {
            V one = all(s->made[j]), other = all(s->wanted[j]);
            Mask before = less(one, x) | (equal(one, x) & less(all(j), number));
            ahead = choose(before, ahead - all(1), ahead);
            ahead = choose(less(other, x), ahead + all(1), ahead);
        }
        store(s->slope + c, choose(equal(x, x), fma_(all(4), ahead, all(-2)) / pairs, x));
    }
}

INLINE void slopes_of_pairs(const int loss, const Samples *s, V p) {
    if (loss == ENERGY && s->axes == 1) return energy_on_a_line(s);
    V factor = (loss == ENERGY ? all(2) : all(-4) * p) / (all(s->rows) * all(s->rows));
    draw(loss, s, s->wanted, NULL, p, factor);
    draw(loss, s, s->made, NULL, p, -factor);
}

INLINE double value_of_pairs(const int loss, const Samples *s, V p) {
    double apart = 2 * sum_of_pairs(loss, s, s->made, s->wanted, p);
    apart -= sum_of_pairs(loss, s, s->made, s->made, p) + sum_of_pairs(loss, s, s->wanted, s->wanted, p);
    return apart / s->rows / s->rows;
}

/* Sinkhorn's: the distances over epsilon, with the rows of one sample in the lanes and those of another in the lines. */
static void lay_costs(const Samples *s, const real *lanes, const real *lines, V epsilon, real *cost) {
    V way[AXES];
    for (int j = 0; j < s->rows; j++)
        for (int c = 0; c < s->across; c += W)
            store(cost + (ptrdiff_t)j * s->across + c, root(square_of(s, lanes, c, lines, j, way)) / epsilon);
}

/* The smooth minimum over the lines, -log mean exp(potential - cost), of every lane. */
static void soft_least(const Samples *s, const real *cost, const real *potential, real *found) {
    for (int c = 0; c < s->across; c += W) {
        V top = all(-INFINITY), sum = all(0);
        for (int j = 0; j < s->rows; j++)
            top = larger(top, all(potential[j]) - load(cost + (ptrdiff_t)j * s->across + c));
        for (int j = 0; j < s->rows; j++)
            sum += exp_(all(potential[j]) - load(cost + (ptrdiff_t)j * s->across + c) - top);
        store(found + c, log_(all(s->rows)) - log_(sum) - top);
    }
}

/* The potentials of both samples, round by round; and of one to itself: in `theirs`, what is averaged in `ours`. */
static void balance(const Samples *s) {
    memset(s->theirs, 0, s->across * sizeof(real));
    for (int t = 0; t < ROUNDS; t++) {
        soft_least(s, s->cost, s->theirs + t * s->across, s->ours + t * s->across);
        soft_least(s, s->turned, s->ours + t * s->across, s->theirs + (t + 1) * s->across);
    }
}
static void balance_itself(const Samples *s) {
    memset(s->theirs, 0, s->across * sizeof(real));
    for (int t = 0; t < ROUNDS; t++) {
        real *both = s->theirs + t * s->across, *least = s->ours + t * s->across;
        soft_least(s, s->cost, both, least);
        for (int c = 0; c < s->across; c += W)
            store(both + s->across + c, all((real)0.5) * (load(both + c) + load(least + c)));
    }
}

/* Back through a smooth minimum `found`, given the slopes due to it: what its costs share, and its potentials owe. */
static void trace_back(const Samples *s, const real *cost, const real *potential, const real *found, const real *due,
                       real *share, real *owed) {
    V even = log_(all(s->rows));
    for (int j = 0; j < s->across; j += W) {
        V t[W];
        for (int r = 0; r < W; r++) {
            t[r] = all(0);
            for (int c = 0; j + r < s->rows && c < s->across; c += W) {
                ptrdiff_t at = (ptrdiff_t)(j + r) * s->across + c;
                V part = exp_(all(potential[j + r]) - load(cost + at) + load(found + c) - even) * load(due + c);
                store(share + at, load(share + at) + part);
                t[r] += part;
            }
        }
        store(owed + j, choose(rows_from(s, j), -sums(t), all(0)));
    }
}

/* A slope of each row in a mean over them. */
static void set_even(const Samples *s, real *due) {
    for (int c = 0; c < s->across; c += W) store(due + c, choose(rows_from(s, c), all(1) / all(s->rows), all(0)));
}

/* table = one + the other turned, and is not the other. */
static void add_turned(const Samples *s, const real *one, const real *other, real *table) {
    for (int i = 0; i < s->across; i += W)
        for (int j = 0; j < s->across; j += W) {
            V t[W];
            for (int k = 0; k < W; k++) t[k] = load(other + (ptrdiff_t)(j + k) * s->across + i);
            transpose(t);
            for (int k = 0; k < W; k++) {
                ptrdiff_t at = (ptrdiff_t)(i + k) * s->across + j;
                store(table + at, load(one + at) + t[k]);
            }
        }
}

static void clear(const Samples *s, real *table) { memset(table, 0, (ptrdiff_t)s->across * s->across * sizeof(real)); }

static double mean_of(const Samples *s, const real *numbers) {
    double total = 0;
    for (int n = 0; n < s->rows; n++) total += numbers[n];
    return total / s->rows;
}

/* The slopes in the costs, by the rounds in reverse; the outputs in the lanes. */
static void unwind(const Samples *s) {
    clear(s, s->share), clear(s, s->back), set_even(s, s->due);
    for (int t = ROUNDS - 1; t >= 0; t--) {
        real *ours = s->ours + t * s->across, *theirs = s->theirs + t * s->across;
        trace_back(s, s->turned, ours, theirs + s->across, s->due, s->back, s->owed);
        for (int n = 0; t == ROUNDS - 1 && n < s->rows; n++) s->owed[n] += (real)1 / s->rows;
        trace_back(s, s->cost, theirs, ours, s->owed, s->share, s->due);
    }
    add_turned(s, s->share, s->back, s->share);
}
static void unwind_itself(const Samples *s) {
    clear(s, s->share), set_even(s, s->due);
    for (int t = ROUNDS - 1; t >= 0; t--) {
        for (int n = 0; n < s->across; n++) s->owed[n] = s->due[n] / 2;
        trace_back(s, s->cost, s->theirs + t * s->across, s->ours + t * s->across, s->owed, s->share, s->due);
        for (int n = 0; n < s->across; n++) s->due[n] += s->owed[n];
    }
    add_turned(s, s->share, s->share, s->back);
}

static void meet_both(const Samples *s, V epsilon) {
    lay_costs(s, s->made, s->wanted, epsilon, s->cost);
    lay_costs(s, s->wanted, s->made, epsilon, s->turned);
    balance(s);
}
static void meet_itself(const Samples *s, const real *sample, V epsilon) {
    lay_costs(s, sample, sample, epsilon, s->cost);
    balance_itself(s);
}

static void sinkhorn_slopes(const Samples *s, V epsilon) {
    meet_both(s, epsilon);
    unwind(s);
    draw(SINKHORN, s, s->wanted, s->share, epsilon, all(1));
    meet_itself(s, s->made, epsilon);
    unwind_itself(s);
    draw(SINKHORN, s, s->made, s->back, epsilon, all(-1));
}

static double sinkhorn_value(const Samples *s, V epsilon) {
    const real *last = s->theirs + ROUNDS * s->across;
    meet_both(s, epsilon);
    double cost = mean_of(s, last) + mean_of(s, s->ours + (ROUNDS - 1) * s->across);
    meet_itself(s, s->made, epsilon);
    cost -= mean_of(s, last);
    meet_itself(s, s->wanted, epsilon);
    return (cost - mean_of(s, last)) * epsilon[0];
}

/* Wasserstein: a row along the directions of the lanes from c on, its output in the first of all, then its target. */
INLINE V along(const Samples *s, const real *ways, int directions, int n, int c) {
    V made = all(0), wanted = all(0);
    for (int k = 0; k < s->axes; k++) {
        V way = load(ways + k * STRIP + c);
        made += all(s->made[k * s->across + n]) * way;
        wanted += all(s->wanted[k * s->across + n]) * way;
    }
    return choose(first_lanes(directions - c), made, wanted);
}

/* Put two lines in order, lane by lane; of equal ones the one of the first row comes first. */
INLINE void order(real *value, real *place, int i, int j) {
    V a = load(value + i * STRIP), b = load(value + j * STRIP);
    V of_a = load(place + i * STRIP), of_b = load(place + j * STRIP);
    Mask turn = less(b, a) | (equal(a, b) & less(of_b, of_a));
    store(value + i * STRIP, choose(turn, b, a)), store(value + j * STRIP, choose(turn, a, b));
    store(place + i * STRIP, choose(turn, of_b, of_a)), store(place + j * STRIP, choose(turn, of_a, of_b));
}

/* Sort lines, each lane by itself, by exchanges that no value decides: Batcher's, as algorithm M of section 5.2.2 in
   Knuth (1998), The Art of Computer Programming 3, 2nd edition. */
static void sort_lines(real *value, real *place, int rows) {
    int half = 1;
    while (2 * half < rows) half *= 2;
    for (int p = half; p > 0; p /= 2)
        for (int q = half, r = 0, d = p;; d = q - p, q /= 2, r = p) {
            for (int i = 0; i < rows - d; i++)
                if ((i & p) == r) order(value, place, i, i + d);
            if (q == p) break;
        }
}

/* Sort the samples along each direction; return how far they lie from each other, summed, and note on which side. */
static double match(const Samples *s, const real *ways, int directions) {
    double total = 0;
    for (int c = 0; c < 2 * directions; c += W) {
        for (int n = 0; n < s->rows; n++) {
            store(s->sorted + n * STRIP + c, along(s, ways, directions, n, c));
            store(s->place + n * STRIP + c, all(n));
        }
        sort_lines(s->sorted + c, s->place + c, s->rows);
    }
    for (int n = 0; n < s->rows; n++)
        for (int d = 0; d < directions; d += W) {
            const real *line = s->sorted + n * STRIP + d, *place = s->place + n * STRIP + d;
            V lacks = load(line) - load(line + directions), side = choose(equal(lacks, lacks), sign(lacks), lacks);
            for (int lane = 0; lane < W && d + lane < directions; lane++) {
                total += lacks[lane] < 0 ? -lacks[lane] : lacks[lane];
                s->sign[(d + lane) * s->across + (int)place[lane]] = side[lane];
            }
        }
    return total;
}

static void wasserstein_slopes(const Samples *s, const real *ways, int directions) {
    match(s, ways, directions);
    V share = all(1) / all(s->rows * directions);
    for (int k = 0; k < s->axes; k++)
        for (int c = 0; c < s->across; c += W) {
            V sum = all(0);
            for (int d = 0; d < directions; d++)
                sum = fma_(load(s->sign + d * s->across + c), all(ways[k * STRIP + d]), sum);
            store(s->slope + k * s->across + c, sum * share);
        }
}

/* Histograms: how each row of a sample is shared out among the bins of an axis, (across, BOARD). */
static void share_out(const Samples *s, const real *axis, V middle, V width, real *shares) {
    for (int n = 0; n < s->across; n += W) {
        V z = (load(axis + n) - middle) / width, top = all(-INFINITY), sum = all(0), part[BOARD];
        for (int a = 0; a < BINS; a++) {
            part[a] = all((real)-0.5) * square(z - all(a - SIDE));
            top = larger(top, part[a]);
        }
        for (int a = 0; a < BINS; a++) sum += part[a] = exp_(part[a] - top);
        for (int a = 0; a < BOARD; a++) part[a] = a < BINS ? part[a] / sum : all(0);
        for (int a = 0; a < BOARD; a += W) {
            transpose(part + a);
            for (int i = 0; i < W; i++) store(shares + (ptrdiff_t)(n + i) * BOARD + a, part[a + i]);
        }
    }
}

/* The rows of what is multiplied: of shares, or on a line a single one that counts whole. */
static void face_shares(const Samples *s, const real *shares) {
    static const real whole_row[1] = {1};
    for (int n = 0; n < s->rows; n++) s->face[n] = s->axes == 1 ? whole_row : shares + (ptrdiff_t)n * BOARD;
}

INLINE int lines_of(const Samples *s) { return s->axes == 1 ? 1 : BINS; }

/* The share of every bin in a sample, plus epsilon, (BOARD, BOARD), or on a line (1, BOARD); return their sum. */
static double count(const Samples *s, const real *sample, V width, V epsilon, real *bins) {
    double total = 0;
    ptrdiff_t last = (s->axes - 1) * s->across;
    if (s->axes == 2) share_out(s, sample, all((real)mean_of(s, s->wanted)), width, s->across_bins);
    share_out(s, sample + last, all((real)mean_of(s, s->wanted + last)), width, s->up_bins);
    face_shares(s, s->across_bins);
    inputs_by_units(s->face, s->rows, lines_of(s), s->up_bins, BOARD, bins);
    for (int a = 0; a < lines_of(s); a++)
        for (int b = 0; b < BOARD; b += W) {
            real *at = bins + a * BOARD + b;
            store(at, choose(first_lanes(BINS - b), load(at) / all(s->rows) + epsilon, all(0)));
            total += sum_in(load(at))[0];
        }
    return total;
}

/* Add to the slopes along an axis, given those in how its rows are shared out: of a row, Σ over bins of slope times
   share times how far the bin lies from where the row is. */
static void into_axis(const Samples *s, const real *shares, V width, real *slope) {
    for (int n = 0; n < s->across; n += W) {
        V t[W];
        for (int i = 0; i < W; i++) {
            V at = all(0);
            const real *mine = shares + (ptrdiff_t)(n + i) * BOARD, *pulled = s->pulled + (ptrdiff_t)(n + i) * BOARD;
            t[i] = all(0);
            for (int b = 0; b < BOARD; b += W) at = fma_(load(mine + b), lane_numbers() + all(b), at);
            at = sum_in(at);
            for (int b = 0; b < BOARD; b += W)
                t[i] = fma_(load(pulled + b) * load(mine + b), lane_numbers() + all(b) - at, t[i]);
        }
        store(slope + n, sums(t) / width);
    }
}

/* kl_histogram: the slopes in the shares of the bins are -p / q; what their sum adds is the same for all, and moves
   nothing, since every row is shared out whole. */
static void histogram_slopes(const Samples *s, V width, V epsilon) {
    double of_p = count(s, s->wanted, width, epsilon, s->p);
    count(s, s->made, width, epsilon, s->q);
    for (int a = 0; a < lines_of(s) * BOARD; a += W) {
        V q = load(s->q + a), filled = choose(equal(q, all(0)), all(1), q);
        store(s->q + a, load(s->p + a) / filled * all((real)(-1 / (of_p * s->rows))));
    }
    rows_by_units(s->face, s->rows, s->q, lines_of(s), BOARD, NULL, s->pulled, AS_IS);
    into_axis(s, s->up_bins, width, s->slope + (s->axes - 1) * s->across);
    if (s->axes == 1) return;
    memset(s->q + BINS * BOARD, 0, (BOARD - BINS) * BOARD * sizeof(real));
    for (int a = 0; a < BOARD; a++)
        for (int b = 0; b < BOARD; b++) s->p[b * BOARD + a] = s->q[a * BOARD + b];
    face_shares(s, s->up_bins);
    rows_by_units(s->face, s->rows, s->p, BINS, BOARD, NULL, s->pulled, AS_IS);
    into_axis(s, s->across_bins, width, s->slope);
}

static double histogram_value(const Samples *s, V width, V epsilon) {
    double of_p = count(s, s->wanted, width, epsilon, s->p), of_q = count(s, s->made, width, epsilon, s->q);
    double total = 0;
    V p_sum = all((real)of_p), q_sum = all((real)of_q);
    for (int a = 0; a < lines_of(s); a++)
        for (int b = 0; b < BOARD; b += W) {
            V p = load(s->p + a * BOARD + b) / p_sum, q = load(s->q + a * BOARD + b) / q_sum;
            total += sum_in(choose(first_lanes(BINS - b), p * (log_(p) - log_(q)), all(0)))[0];
        }
    return total;
}

/* The slopes of a loss of the batch in its outputs; `ways` are the directions that Wasserstein's has. */
static void sample_slopes(int loss, const Samples *s, const V *given, const real *ways) {
    memset(s->slope, 0, AXES * s->across * sizeof(real));
    switch (loss) {
    case WASSERSTEIN: wasserstein_slopes(s, ways, (int)given[0][0]); break;
    case ENERGY: slopes_of_pairs(ENERGY, s, all(0)); break;
    case MMD: slopes_of_pairs(MMD, s, all((real)-0.5) / square(given[0])); break;
    case SINKHORN: sinkhorn_slopes(s, given[0]); break;
    default: histogram_slopes(s, given[0], given[1]);
    }
}

static double sample_value(int loss, const Samples *s, const V *given, const real *ways) {
    switch (loss) {
    case WASSERSTEIN: return match(s, ways, (int)given[0][0]) / s->rows / given[0][0];
    case ENERGY: return value_of_pairs(ENERGY, s, all(0));
    case MMD: return value_of_pairs(MMD, s, all((real)-0.5) / square(given[0]));
    case SINKHORN: return sinkhorn_value(s, given[0]);
    default: return histogram_value(s, given[0], given[1]);
    }
}

/* Fill the slopes in the raw outputs (rows, ld), times a factor. */
static void spread(const Samples *s, real factor, int ld, real *delta) {
    for (int n = 0; n < s->rows; n++)
        for (int k = 0; k < ld; k++)
            delta[(ptrdiff_t)n * ld + k] = k < s->axes ? s->slope[k * s->across + n] * factor : 0;
}

#endif
