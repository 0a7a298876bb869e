/* How many classes come before the right one by the weighted nearest neighbours: lossbench/metrics/gallery.py.

   A tile is two vectors of queries, one a lane. So what a query has to do with the rows of a class lies in one lane, row
   after row, and neither the largest similarities nor the sums of a class have to look across lanes. */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include <string.h>

#include "products.h"

enum { TILE = 2 * W };
enum { NEAREST = 11 }; /* neighbours, and the first that is none */
enum { ROWS = 32 };    /* of the gallery, whose similarities are computed at a time */

typedef struct {
    int rows, numbers, classes; /* of the gallery, of an embedding, in all */
    const int32_t *starts;      /* (classes + 1,) the first row of each class, and the number of rows */
    real *known;                /* (rows, numbers) of length one, class by class */
    real *query;                /* (numbers,) of length one */
    real *asked;                /* (numbers, TILE) */
    real *similar;              /* (rows, TILE) */
    real *score;                /* (classes, TILE) */
    ptrdiff_t room;             /* in bytes */
} Gallery;

/* Lay out the working memory for a gallery from `base` on; without one, only say how much it takes. */
static Gallery gallery_of(int rows, int numbers, int classes, const int32_t *starts, char *base) {
    Gallery g = {.rows = rows, .numbers = numbers, .classes = classes, .starts = starts};
    g.known = take(&base, &g.room, (ptrdiff_t)rows * numbers * sizeof(real));
    g.query = take(&base, &g.room, numbers * sizeof(real));
    g.asked = take(&base, &g.room, (ptrdiff_t)numbers * TILE * sizeof(real));
    g.similar = take(&base, &g.room, (ptrdiff_t)rows * TILE * sizeof(real));
    g.score = take(&base, &g.room, (ptrdiff_t)classes * TILE * sizeof(real));
    return g;
}

/* Make a row of length one, unless it is zero. */
static void make_unit(const real *row, int numbers, real *unit) {
    int whole = numbers / W * W;
    size_t left = (numbers - whole) * sizeof(real);
    V rest = all(0), square;
    memcpy(&rest, row + whole, left);
    square = rest * rest;
    for (int k = 0; k < whole; k += W) square = fma_(load(row + k), load(row + k), square);
    V length = root(sum_in(square));
    length = choose(equal(length, all(0)), all(1), length);
    for (int k = 0; k < whole; k += W) store(unit + k, load(row + k) / length);
    rest /= length;
    memcpy(unit + whole, &rest, left);
}

/* Fill a tile with queries (some, numbers), the last of them in the lanes that are left. */
static void ask(const Gallery *g, const real *queries, int some) {
    for (int i = 0; i < TILE; i++) {
        if (i < some) make_unit(queries + (ptrdiff_t)i * g->numbers, g->numbers, g->query);
        for (int k = 0; k < g->numbers; k++) g->asked[k * TILE + i] = g->query[k];
    }
}

static void compare(const Gallery *g) {
    const real *face[ROWS];
    for (int start = 0; start < g->rows; start += ROWS) {
        int some = g->rows - start < ROWS ? g->rows - start : ROWS;
        for (int r = 0; r < some; r++) face[r] = g->known + (ptrdiff_t)(start + r) * g->numbers;
        rows_by_units(face, some, g->asked, g->numbers, TILE, NULL, g->similar + (ptrdiff_t)start * TILE, AS_IS);
    }
}

/* The similarity of each query in a vector that is the `rank`th largest, from 1 to NEAREST. */
static V largest(const Gallery *g, int c, int rank) {
    V top[NEAREST];
    for (int k = 0; k < NEAREST; k++) top[k] = all(-INFINITY);
    for (int r = 0; r < g->rows; r++) {
        V s = load(g->similar + (ptrdiff_t)r * TILE + c);
#pragma GCC unroll 11
        for (int k = 0; k < NEAREST; k++) {
            V less = smaller(top[k], s);
            top[k] = larger(top[k], s), s = less;
        }
    }
    return top[rank - 1];
}

/* What a class has: by how much its rows are more similar than the first that is no neighbour, in all, or by how much
   less the nearest is. */
static void score(const Gallery *g, int c, V none) {
    for (int class = 0; class < g->classes; class++) {
        V votes = all(0), nearest = all(-INFINITY);
        for (int r = g->starts[class]; r < g->starts[class + 1]; r++) {
            V lead = load(g->similar + (ptrdiff_t)r * TILE + c) - none;
            votes += above_zero(lead), nearest = larger(nearest, lead);
        }
        store(g->score + (ptrdiff_t)class * TILE + c, votes + smaller(nearest, all(0)));
    }
}

/* How many classes have more than the right one, or as much and a lower number. */
static V before(const Gallery *g, int c, const real *right) {
    V goal = load(right + c), own = all(0), count = all(0);
    for (int class = 0; class < g->classes; class++)
        own = choose(equal(goal, all(class)), load(g->score + (ptrdiff_t)class * TILE + c), own);
    for (int class = 0; class < g->classes; class++) {
        V has = load(g->score + (ptrdiff_t)class * TILE + c);
        Mask ahead = less(own, has) | (equal(own, has) & less(all(class), goal));
        count = choose(ahead, count + all(1), count);
    }
    return count;
}

#endif
