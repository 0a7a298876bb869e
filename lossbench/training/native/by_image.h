/* Losses of an image: how its mask overlaps the true one, and the Lovász hinge. Values and slopes.

   The formulas are those of lossbench/losses/structured/segmentation.py. A row is a pixel, and has a single output; the
   rows of an image follow each other. The last vector of an image may reach into the next one, and leaves it as it is. */
#ifndef BY_IMAGE_H
#define BY_IMAGE_H

#include "by_output.h"
#include "by_sample.h"
#include "losses.h"

typedef struct {
    int pixels;
    ptrdiff_t room;      /* in bytes */
    real *value, *place; /* (pixels, STRIP) of W images at a time, in order; which pixel each is */
} Images;

/* Lay out the working memory for batches from `base` on, however many pixels an image has. */
static Images images_of(int batch, char *base) {
    Images images = {0};
    ptrdiff_t strip = (ptrdiff_t)batch * STRIP * sizeof(real);
    images.value = take(&base, &images.room, strip), images.place = take(&base, &images.room, strip);
    return images;
}

/* What a pixel of probability p adds to hits and to errors, and the slopes of both in p. */
typedef struct { V hit, error, of_hit, of_error; } Part;

INLINE Part part_in(const int loss, V p, V y, const V *given) {
    V twice = all(loss == MASK_JACCARD ? 1 : 2), apart = p - y, weight = all(1);
    if (loss == MASK_TVERSKY) weight = all(2) * (given[0] * (all(1) - y) + given[1] * y);
    return (Part){twice * p * y, weight * size_of(apart), twice * y, weight * sign(apart)};
}

INLINE V smoothing_of(const int loss, const V *given) {
    return loss == MASK_TVERSKY ? given[2] : loss == BCE_DICE ? given[1] : given[0];
}

/* The loss of an image; fill the slopes in its outputs, times a factor, unless delta is NULL. */
INLINE double overlap(const int loss, const real *raw, const real *target, int pixels, const V *given, V factor,
                      real *delta) {
    V hits = all(0), errors = all(0), logs = all(0), epsilon = smoothing_of(loss, given), weight = all(1);
    for (int c = 0; c < pixels; c += W) {
        V z = load(raw + c), y = load(target + c);
        Part part = part_in(loss, sigmoid(z), y, given);
        hits += choose(first_lanes(pixels - c), part.hit, all(0));
        errors += choose(first_lanes(pixels - c), part.error, all(0));
        if (loss == BCE_DICE) logs += choose(first_lanes(pixels - c), value(BCE, z, y, given), all(0));
    }
    hits = sum_in(hits) + epsilon, errors = sum_in(errors);
    if (loss == BCE_DICE) weight = given[0];
    for (int c = 0; delta && c < pixels; c += W) {
        V z = load(raw + c), y = load(target + c), p = sigmoid(z);
        Part part = part_in(loss, p, y, given);
        V slope = (part.of_error * hits - errors * part.of_hit) / (hits + errors) / (hits + errors);
        slope = weight * slope * (all(1) - p) * p;
        if (loss == BCE_DICE) slope += (p - y) / all(pixels);
        store(delta + c, choose(first_lanes(pixels - c), slope * factor, load(delta + c)));
    }
    return (weight * (errors / (hits + errors)))[0] + (loss == BCE_DICE ? sum_in(logs)[0] / pixels : 0);
}

/* Sort the pixels of some images, an image a lane: how far each is from a margin of one, the farthest first. */
static void line_up(const Images *images, const real *raw, const real *target, int some) {
    for (int i = 0; i < images->pixels; i++) {
        V line = all(0);
        for (int lane = 0; lane < some; lane++) {
            ptrdiff_t at = (ptrdiff_t)lane * images->pixels + i;
            line[lane] = (2 * target[at] - 1) * raw[at] - 1;
        }
        store(images->value + (ptrdiff_t)i * STRIP, line), store(images->place + (ptrdiff_t)i * STRIP, all(i));
    }
    sort_lines(images->value, images->place, images->pixels);
}

/* The Lovász hinge of W images, or of the `some` that are left, summed; its slopes as in `overlap`. */
static double lovasz(const Images *images, const real *raw, const real *target, int some, V factor, real *delta) {
    V present = all(0), said = all(0), before = all(0), total = all(0), y = all(0);
    double sum = 0;
    for (int lane = 0; lane < some; lane++)
        for (int i = 0; i < images->pixels; i++) present[lane] += target[(ptrdiff_t)lane * images->pixels + i];
    V left = present;
    line_up(images, raw, target, some);
    for (int i = 0; i < images->pixels; i++) {
        const real *place = images->place + (ptrdiff_t)i * STRIP;
        V lacks = -load(images->value + (ptrdiff_t)i * STRIP);
        for (int lane = 0; lane < some; lane++) y[lane] = target[(ptrdiff_t)lane * images->pixels + (int)place[lane]];
        left -= y, said += all(1) - y;
        V lost = all(1) - left / (present + said), step = lost - before;
        total += choose(less(lacks, all(0)), all(0), lacks) * step, before = lost;
        V slope = choose(less(lacks, all(0)), all(0), (all(1) - all(2) * y) * step) * factor;
        slope = choose(equal(lacks, lacks), slope, lacks);
        for (int lane = 0; delta && lane < some; lane++)
            delta[(ptrdiff_t)lane * images->pixels + (int)place[lane]] = slope[lane];
    }
    for (int lane = 0; lane < some; lane++) sum += total[lane];
    return sum;
}

/* The losses of the images of a batch, summed. */
INLINE double of_batch(const int loss, const Images *images, const real *raw, const real *target, int rows,
                       const V *given, V factor, real *delta) {
    double total = 0;
    int pixels = images->pixels;
    if (loss != LOVASZ)
        for (int n = 0; n < rows; n += pixels)
            total += overlap(loss, raw + n, target + n, pixels, given, factor, delta ? delta + n : NULL);
    else
        for (int n = 0; n < rows; n += W * pixels) {
            int some = (rows - n) / pixels < W ? (rows - n) / pixels : W;
            total += lovasz(images, raw + n, target + n, some, factor, delta ? delta + n : NULL);
        }
    return total;
}

#endif
