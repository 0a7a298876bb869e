/* Products of matrices whose rows are whole vectors: sums in registers, each in an order that its shape decides; and
   where matrices lie in working memory. */
#ifndef PRODUCTS_H
#define PRODUCTS_H

#include <stddef.h>

#include "vector.h"

#if BYTES == 64 || defined(__aarch64__)
enum { TALL = 8, NARROW = 16, WIDE = 8 }; /* rows, or inputs, whose sums are held in registers at once */
#else
enum { TALL = 8, NARROW = 8, WIDE = 4 };
#endif
enum { MOST = 16 }; /* arrays of constant length: the compiler keeps those of others in memory */

static int padded(int n) { return (n + W - 1) / W * W; }

/* The next bytes of working memory, from a line of the cache on; without a base, only say how much it takes. */
static void *take(char **base, ptrdiff_t *used, ptrdiff_t bytes) {
    void *p = *base ? *base + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return p;
}

INLINE V lane_numbers(void) {
    static const real lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return load(lanes);
}
INLINE Mask first_lanes(int n) { return less(lane_numbers(), all(n)); }

/* What becomes of a sum before it is stored: zero where its gate is at most zero. The gate is the sum itself (ReLU), or
   a row of `gates` (the way back through it). Padding, from `units` on, is zero whatever it was multiplied by. */
typedef struct {
    int gated, units;
    const real *gates;
} Finish;
static const Finish AS_IS[] = {{0, 0, NULL}};

INLINE V finished(const Finish *f, ptrdiff_t at, int c, V sum) {
    if (!f->gated) return sum;
    V passed = choose(at_most(f->gates ? load(f->gates + at + c) : sum, all(0)), all(0), sum);
    return choose(first_lanes(f->units - c), passed, all(0));
}

/* Sums of products for R rows and C vectors of units: y[n] = bias + Σ over k of x[n][k] w[k]. */
INLINE void of_rows(const int R, const int C, const real *const *x, const real *w, int K, ptrdiff_t ld, const real *bias,
                    real *y, const Finish *finish) {
    V sum[MOST][2];
    const real *row[MOST];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
        row[r] = x[r];
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) sum[r][c] = bias ? load(bias + c * W) : all(0);
    }
    for (int k = 0; k < K; k++) {
        V v[2];
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) v[c] = load(w + k * ld + c * W);
#pragma GCC unroll 16
        for (int r = 0; r < R; r++)
#pragma GCC unroll 2
            for (int c = 0; c < C; c++) sum[r][c] = fma_(all(row[r][k]), v[c], sum[r][c]);
    }
    const Finish own = *finish; /* which no store can change */
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) store(y + r * ld + c * W, finished(&own, r * ld, c * W, sum[r][c]));
}

/* Sums of products for R inputs and C vectors of units: g[k] = Σ over n of x[n][k] d[n]. */
INLINE void of_inputs(const int R, const int C, const real *const *x, int k, const real *d, ptrdiff_t ld, int rows,
                      real *g) {
    V sum[MOST][2];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) sum[r][c] = all(0);
    for (int n = 0; n < rows; n++) {
        const real *row = x[n] + k;
        __asm__("" : "+r"(row)); /* else GCC keeps every input's place in a register, of which it has too few */
        V v[2];
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) v[c] = load(d + n * ld + c * W);
#pragma GCC unroll 16
        for (int r = 0; r < R; r++)
#pragma GCC unroll 2
            for (int c = 0; c < C; c++) sum[r][c] = fma_(all(row[r]), v[c], sum[r][c]);
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) store(g + r * ld + c * W, sum[r][c]);
}

/* Each size of a block is a function of its own, since one with all of them moves its registers about. */
typedef void Rows(const real *const *x, const real *w, int K, ptrdiff_t ld, const real *bias, real *y, const Finish *finish);
typedef void Inputs(const real *const *x, int k, const real *d, ptrdiff_t ld, int rows, real *g);

#define BLOCK(R, C) \
    static __attribute__((noinline)) void rows_##R##_##C(const real *const *x, const real *w, int K, ptrdiff_t ld, \
                                                         const real *bias, real *y, const Finish *finish) { \
        of_rows(R, C, x, w, K, ld, bias, y, finish); \
    } \
    static __attribute__((noinline)) void inputs_##R##_##C(const real *const *x, int k, const real *d, ptrdiff_t ld, \
                                                           int rows, real *g) { \
        of_inputs(R, C, x, k, d, ld, rows, g); \
    }
#define UP_TO_8(each, C) each(1, C) each(2, C) each(3, C) each(4, C) each(5, C) each(6, C) each(7, C) each(8, C)
#define UP_TO_16(each, C) UP_TO_8(each, C) each(9, C) each(10, C) each(11, C) each(12, C) each(13, C) each(14, C) \
    each(15, C) each(16, C)
UP_TO_16(BLOCK, 1)
UP_TO_8(BLOCK, 2)
#define ROWS(R, C) rows_##R##_##C,
#define INPUTS(R, C) inputs_##R##_##C,
static Rows *const rows_of[2][MOST] = {{UP_TO_16(ROWS, 1)}, {UP_TO_8(ROWS, 2)}};
static Inputs *const inputs_of[2][MOST] = {{UP_TO_16(INPUTS, 1)}, {UP_TO_8(INPUTS, 2)}};

/* The next of equal parts into which what is left is cut, none longer than `most`. */
INLINE int part_of(int left, int most) {
    int parts = (left + most - 1) / most;
    return (left + parts - 1) / parts;
}

/* y (rows, ld) = x w + bias, for w (K, ld), and what `finish` makes of it; without a bias where it is NULL. */
static void rows_by_units(const real *const *x, int rows, const real *w, int K, int ld, const real *bias, real *y,
                          const Finish *finish) {
    for (int c = 0; c < ld;) {
        int two = ld - c >= 2 * W, R;
        const real *b = bias ? bias + c : NULL;
        for (int n = 0; n < rows; n += R) {
            R = part_of(rows - n, two ? WIDE : TALL);
            ptrdiff_t at = (ptrdiff_t)n * ld + c;
            Finish own = {finish->gated, finish->units - c, finish->gates ? finish->gates + at : NULL};
            rows_of[two][R - 1](x + n, w + c, K, ld, b, y + at, &own);
        }
        c += two ? 2 * W : W;
    }
}

/* g (K, ld) = xᵀ d, for d (rows, ld). */
static void inputs_by_units(const real *const *x, int rows, int K, const real *d, int ld, real *g) {
    for (int c = 0; c < ld;) {
        int two = ld - c >= 2 * W, R;
        for (int k = 0; k < K; k += R) {
            R = part_of(K - k, two ? WIDE : NARROW);
            inputs_of[two][R - 1](x, k, d + c, ld, rows, g + (ptrdiff_t)k * ld + c);
        }
        c += two ? 2 * W : W;
    }
}

#endif
