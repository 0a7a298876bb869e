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

/* Sums of products for R rows and C vectors of units: y[n] = bias + Σ over k of x[n][k] w[k]. */
INLINE void of_rows(const int R, const int C, const real *const *x, const real *w, int K, ptrdiff_t ld, const real *bias,
                    real *y) {
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
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < C; c++) store(y + r * ld + c * W, sum[r][c]);
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

#define CASE(f, R, C, ...) case R: f(R, C, __VA_ARGS__); break
#define UP_TO_4(f, C, ...) CASE(f, 1, C, __VA_ARGS__); CASE(f, 2, C, __VA_ARGS__); CASE(f, 3, C, __VA_ARGS__); \
    CASE(f, 4, C, __VA_ARGS__)
#define UP_TO_8(f, C, ...) UP_TO_4(f, C, __VA_ARGS__); CASE(f, 5, C, __VA_ARGS__); CASE(f, 6, C, __VA_ARGS__); \
    CASE(f, 7, C, __VA_ARGS__); CASE(f, 8, C, __VA_ARGS__)
#define UP_TO_16(f, C, ...) UP_TO_8(f, C, __VA_ARGS__); CASE(f, 9, C, __VA_ARGS__); CASE(f, 10, C, __VA_ARGS__); \
    CASE(f, 11, C, __VA_ARGS__); CASE(f, 12, C, __VA_ARGS__); CASE(f, 13, C, __VA_ARGS__); \
    CASE(f, 14, C, __VA_ARGS__); CASE(f, 15, C, __VA_ARGS__); CASE(f, 16, C, __VA_ARGS__)

/* The next of equal parts into which what is left is cut, none longer than `most`. */
INLINE int part_of(int left, int most) {
    int parts = (left + most - 1) / most;
    return (left + parts - 1) / parts;
}

/* y (rows, ld) = x w + bias, for w (K, ld); without a bias where it is NULL. */
static void rows_by_units(const real *const *x, int rows, const real *w, int K, int ld, const real *bias, real *y) {
    for (int c = 0; c < ld;) {
        int two = ld - c >= 2 * W, R;
        const real *b = bias ? bias + c : NULL;
        for (int n = 0; n < rows; n += R) {
            R = part_of(rows - n, two ? WIDE : TALL);
            real *to = y + (ptrdiff_t)n * ld + c;
            if (two) switch (R) { UP_TO_8(of_rows, 2, x + n, w + c, K, ld, b, to); }
            else switch (R) { UP_TO_8(of_rows, 1, x + n, w + c, K, ld, b, to); }
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
            real *to = g + (ptrdiff_t)k * ld + c;
            if (two) switch (R) { UP_TO_8(of_inputs, 2, x, k, d + c, ld, rows, to); }
            else switch (R) { UP_TO_16(of_inputs, 1, x, k, d + c, ld, rows, to); }
        }
        c += two ? 2 * W : W;
    }
}

#endif
