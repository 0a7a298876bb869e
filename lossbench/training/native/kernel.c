/* One model at a time takes the steps of an epoch, its weights and its optimiser's state in the first-level cache.

   README.md says how numbers lie in memory, and why no result depends on a neighbour. */
#include <string.h>

#include "losses.h"
#include "neighbours.h"

enum { CHUNK = 32 }; /* rows that are scored at a time */
enum { RELU, TANH, SIGMOID, GELU };
enum { SGD, ADAM };
enum { LOOK_AT_ROWS, LOOK_AT_PAIRS, LOOK_AT_SAMPLES, LOOK_AT_IMAGES }; /* what the losses of a pack look at, at most */

/* Of a trial. Mirrored by MODEL in models.py. */
typedef struct {
    real *theta, *gradient, *first, *second; /* parameters, their gradient, two states of the optimiser */
    const real *features;                    /* (rows, inputs padded) of the training part */
    const int32_t *order;                    /* (epochs, rows) */
    const void *target;                      /* (rows, outputs) real, or (rows,) int32 */
    const real *offset;                      /* (outputs padded), added to the raw outputs; or what a loss knows else */
    const real *weight;                      /* (rows,) by which losses are multiplied; NULL where all rows count alike */
    double rate, momentum, keep, l1, l2;     /* keep: what decoupled decay leaves of a weight in a step */
    double faded_first, faded_second;        /* β1 and β2 to the number of steps */
    double clip;                             /* the longest gradient that is followed; 0 for any */
    double scale, parameters[4];             /* of the loss */
    int64_t loss;
} Model;

typedef struct {
    int inputs, units, from, to; /* as they are, and padded to whole vectors; `to` is 1 of a single raw output */
    ptrdiff_t at;                /* where its parameters begin */
    real *out, *before, *delta, *turned;
    const real **outs, **deltas; /* the rows of `out` and `delta` */
} Layer;

typedef struct {
    int layers, activation, optimiser, batch, rows, bent; /* bent: layers that the activation follows, the first */
    ptrdiff_t parameters, room; /* in numbers, in bytes */
    Layer *layer;
    const real **x; /* the features of a batch */
    real *target, *weight;
    V *lanes, *goals;
    Pairs pairs;     /* where a loss looks at them */
    Samples samples; /* likewise */
    Images images;
} Net;

/* Lay out a network, and its working memory from `base` on; without one, only say how much it takes. */
static Net net_of(const int32_t *plan, Layer *layer, char *base) {
    Net net = {plan[0], plan[1], plan[2], plan[3], plan[4], plan[5], 0, 0, layer, NULL, NULL, NULL, NULL, NULL, {0}, {0}, {0}};
    int rows = padded(net.batch > CHUNK ? net.batch : CHUNK);
    net.x = take(&base, &net.room, rows * sizeof(real *));
    for (int l = 0; l < net.layers; l++) {
        Layer *a = layer + l;
        a->inputs = plan[7 + l], a->units = plan[8 + l], a->from = padded(a->inputs);
        a->to = l == net.layers - 1 && a->units == 1 ? 1 : padded(a->units);
        a->at = net.parameters;
        net.parameters += a->to == 1 ? a->from + W : (ptrdiff_t)(a->inputs + 1) * a->to;
        ptrdiff_t bytes = (ptrdiff_t)rows * a->to * sizeof(real);
        a->out = take(&base, &net.room, bytes), a->delta = take(&base, &net.room, bytes);
        a->before = net.activation == GELU ? take(&base, &net.room, bytes) : NULL;
        a->outs = take(&base, &net.room, rows * sizeof(real *)), a->deltas = take(&base, &net.room, rows * sizeof(real *));
        a->turned = take(&base, &net.room, (ptrdiff_t)a->from * a->to * sizeof(real));
        for (int n = 0; base && n < rows; n++)
            a->outs[n] = a->out + (ptrdiff_t)n * a->to, a->deltas[n] = a->delta + (ptrdiff_t)n * a->to;
    }
    int last = padded(layer[net.layers - 1].units);
    net.target = take(&base, &net.room, (ptrdiff_t)rows * last * sizeof(real));
    net.weight = take(&base, &net.room, rows * sizeof(real));
    net.lanes = take(&base, &net.room, last * sizeof(V)), net.goals = take(&base, &net.room, last * sizeof(V));
    char *left = base ? base + net.room : NULL;
    if (plan[6] == LOOK_AT_PAIRS) net.pairs = pairs_of(net.batch, layer[net.layers - 1].units, left);
    if (plan[6] == LOOK_AT_SAMPLES) net.samples = samples_of(net.batch, left);
    if (plan[6] == LOOK_AT_IMAGES) net.images = images_of(net.batch, left);
    net.room += net.pairs.room + net.samples.room + net.images.room;
    return net;
}

static Layer *last_of(const Net *net) { return net->layer + net->layers - 1; }

/* The sums of the columns of d (rows, ld): the gradient of the biases. */
static void columns(const real *d, int rows, int ld, real *g) {
    for (int c = 0; c < ld; c += W) {
        V a[4] = {all(0), all(0), all(0), all(0)};
        int n = 0;
        for (; n + 4 <= rows; n += 4)
            for (int i = 0; i < 4; i++) a[i] += load(d + (ptrdiff_t)(n + i) * ld + c);
        for (; n < rows; n++) a[0] += load(d + (ptrdiff_t)n * ld + c);
        store(g + c, (a[0] + a[1]) + (a[2] + a[3]));
    }
}

/* z[n] = bias + Σ over k of x[n][k] w[k], with the inputs in the lanes; K is padded. W rows at a time: beyond the last
   it is that row again, so that the sums are a fixed number and stay in registers. */
static void single_unit(const real *const *x, int rows, const real *w, int K, real *z) {
    for (int n = 0; n < rows; n += W) {
        V t[W];
        const real *row[W];
        for (int r = 0; r < W; r++) row[r] = x[n + r < rows ? n + r : rows - 1], t[r] = all(0);
        for (int k = 0; k < K; k += W)
            for (int r = 0; r < W; r++) t[r] = fma_(load(row[r] + k), load(w + k), t[r]);
        store(z + n, sums(t) + all(w[K]));
    }
}

INLINE V activated(const int kind, V z) {
    switch (kind) {
    case RELU: return above_zero(z);
    case TANH: return tanh_(z);
    case SIGMOID: return sigmoid(z);
    default: return all(0.5f) * z * (all(1) + erf_(z * all((real)0.70710678118654752440)));
    }
}

/* The derivative, times d, at an activation a of a value z; z counts for gelu alone. */
INLINE V deactivated(const int kind, V d, V a, V z) {
    switch (kind) {
    case TANH: return d * (all(1) - a * a);
    case SIGMOID: return d * (all(1) - a) * a;
    default: {
        V below = all(0.5f) * (all(1) + erf_(z * all((real)0.70710678118654752440)));
        return d * (below + z * exp_(all(-0.5f) * z * z) * all((real)0.39894228040143267794));
    }
    }
}

INLINE void activate_as(const int kind, const Layer *a, int rows) {
    Mask own = first_lanes(a->units - (a->to - W)); /* padding is zero, whatever the activation of zero */
    for (int n = 0; n < rows; n++)
        for (int c = 0; c < a->to; c += W) {
            real *at = a->out + (ptrdiff_t)n * a->to + c;
            V z = load(at), y = activated(kind, z);
            if (kind == GELU) store(a->before + (at - a->out), z);
            store(at, c + W == a->to ? choose(own, y, all(0)) : y);
        }
}

INLINE void deactivate_as(const int kind, const Layer *a, int rows) {
    Mask own = first_lanes(a->units - (a->to - W));
    for (int n = 0; n < rows; n++)
        for (int c = 0; c < a->to; c += W) {
            ptrdiff_t at = (ptrdiff_t)n * a->to + c;
            V d = deactivated(kind, load(a->delta + at), load(a->out + at), kind == GELU ? load(a->before + at) : all(0));
            store(a->delta + at, c + W == a->to ? choose(own, d, all(0)) : d);
        }
}

static void activate(int kind, const Layer *a, int rows) {
    switch (kind) {
    case RELU: activate_as(RELU, a, rows); break;
    case TANH: activate_as(TANH, a, rows); break;
    case SIGMOID: activate_as(SIGMOID, a, rows); break;
    default: activate_as(GELU, a, rows);
    }
}

static void deactivate(int kind, const Layer *a, int rows) {
    switch (kind) {
    case TANH: deactivate_as(TANH, a, rows); break;
    case SIGMOID: deactivate_as(SIGMOID, a, rows); break;
    default: deactivate_as(GELU, a, rows);
    }
}

static void forward(const Net *net, const real *theta, const real *const *x, int rows) {
    for (int l = 0; l < net->layers; l++) {
        const Layer *a = net->layer + l;
        const real *w = theta + a->at;
        Finish finish = {l < net->bent && net->activation == RELU && a->to > 1, a->units, NULL};
        if (a->to == 1) single_unit(x, rows, w, a->from, a->out);
        else rows_by_units(x, rows, w, a->inputs, a->to, w + (ptrdiff_t)a->inputs * a->to, a->out, &finish);
        if (l < net->bent && !finish.gated) activate(net->activation, a, rows);
        x = a->outs;
    }
}

/* The turned weights of a layer (units padded, inputs padded), for the way back. */
static void turn(const Layer *a, const real *w) {
    for (int k = 0; k < a->from; k += W)
        for (int c = 0; c < a->to; c += W) {
            V t[W];
            for (int i = 0; i < W; i++) t[i] = k + i < a->inputs ? load(w + (ptrdiff_t)(k + i) * a->to + c) : all(0);
            transpose(t);
            for (int i = 0; i < W; i++) store(a->turned + (ptrdiff_t)(c + i) * a->from + k, t[i]);
        }
}

/* The way back through a single raw output: a row of the gradient, and the deltas (rows, K) below it, if any, and zero
   where `gated` and the value is at most zero. */
static void single_unit_back(const real *const *x, int rows, const real *d, const real *w, int K, real *g, real *below,
                             int gated) {
    for (int k = 0; k < K; k += W) {
        V even = all(0), odd = all(0), weights = load(w + k);
        for (int n = 0; n < rows; n++) {
            V slope = all(d[n]), values = load(x[n] + k);
            if (n % 2) odd = fma_(values, slope, odd);
            else even = fma_(values, slope, even);
            V down = slope * weights;
            if (gated) down = choose(at_most(values, all(0)), all(0), down);
            if (below) store(below + (ptrdiff_t)n * K + k, down);
        }
        store(g + k, even + odd);
    }
    V bias = all(0);
    for (int n = 0; n < rows; n += W) bias += choose(first_lanes(rows - n), load(d + n), all(0));
    for (int half = W / 2; half; half /= 2) bias = lower(bias, bias) + upper(bias, bias); /* the sum in every lane */
    store(g + K, choose(first_lanes(1), bias, all(0)));
}

static void backward(const Net *net, const Model *model, int rows) {
    for (int l = net->layers - 1; l >= 0; l--) {
        Layer *a = net->layer + l, *below = l ? a - 1 : NULL;
        const real *w = model->theta + a->at, *const *x = below ? below->outs : net->x;
        real *g = model->gradient + a->at;
        int bent = below && l <= net->bent, gated = bent && net->activation == RELU;
        if (a->to == 1) single_unit_back(x, rows, a->delta, w, a->from, g, below ? below->delta : NULL, gated);
        else {
            if (below) {
                Finish finish = {gated, below->units, below->out};
                turn(a, w);
                rows_by_units(a->deltas, rows, a->turned, a->units, a->from, NULL, below->delta, &finish);
            }
            inputs_by_units(x, rows, a->inputs, a->delta, a->to, g);
            columns(a->delta, rows, a->to, g + (ptrdiff_t)a->inputs * a->to);
        }
        if (bent && !gated) deactivate(net->activation, below, rows);
    }
}

/* Where the biases of a layer begin among the parameters. */
static ptrdiff_t biases(const Layer *a) { return a->at + (a->to == 1 ? a->from : (ptrdiff_t)a->inputs * a->to); }

/* Add the penalties to the gradient, where it is clipped with them; else the step adds them on its way. */
static void penalise(const Net *net, const Model *m) {
    V l1 = all((real)m->l1), l2 = all((real)(2 * m->l2));
    for (int l = 0; (m->l1 != 0 || m->l2 != 0) && l < net->layers; l++)
        for (ptrdiff_t i = net->layer[l].at; i < biases(net->layer + l); i += W) {
            V w = load(m->theta + i);
            store(m->gradient + i, fma_(l2, w, fma_(l1, sign(w), load(m->gradient + i))));
        }
}

/* Scale the gradient down to the longest that is followed; see clip_grad_norm_ of torch. */
static void clip(const Net *net, const Model *m) {
    double square = 0; /* that of a large number overflows in single precision */
    for (ptrdiff_t i = 0; i < net->parameters; i++) square += (double)m->gradient[i] * m->gradient[i];
    double share = m->clip / (__builtin_sqrt(square) + 1e-6);
    if (share >= 1) return;
    for (ptrdiff_t i = 0; i < net->parameters; i += W) store(m->gradient + i, load(m->gradient + i) * all((real)share));
}

/* A step of the optimiser for some parameters; only weights are penalised, unless they are already, and decay. */
INLINE void moved(const int adam, const int weights, const Model *m, ptrdiff_t from, ptrdiff_t to) {
    V rate = all((real)(adam ? m->rate / (1 - m->faded_first) : m->rate)), momentum = all((real)m->momentum);
    V unfaded = all((real)(1 / __builtin_sqrt(1 - m->faded_second)));
    V keep = all((real)m->keep), l1 = all((real)(m->clip ? 0 : m->l1)), l2 = all((real)(m->clip ? 0 : 2 * m->l2));
    for (ptrdiff_t i = from; i < to; i += W) {
        V w = load(m->theta + i), g = load(m->gradient + i);
        if (weights) {
            g = fma_(l2, w, fma_(l1, sign(w), g));
            w *= keep;
        }
        V first = load(m->first + i);
        if (adam) {
            V second = load(m->second + i);
            first = fma_(all((real)0.1), g - first, first);
            second = fma_(all((real)0.999), second, all((real)0.001) * g * g);
            store(m->second + i, second);
            w -= rate * over_root(first, second, unfaded, all((real)1e-8));
        } else {
            first = fma_(momentum, first, g);
            w -= rate * first;
        }
        store(m->first + i, first);
        store(m->theta + i, w);
    }
}

static void move(const Net *net, Model *m) {
    int adam = net->optimiser == ADAM, held = m->l1 != 0 || m->l2 != 0 || m->keep != 1;
    m->faded_first *= 0.9, m->faded_second *= 0.999;
    if (m->clip) penalise(net, m), clip(net, m);
    if (!held) {
        if (adam) moved(1, 0, m, 0, net->parameters);
        else moved(0, 0, m, 0, net->parameters);
        return;
    }
    for (int l = 0; l < net->layers; l++) {
        const Layer *a = net->layer + l;
        ptrdiff_t bias = biases(a), end = bias + (a->to == 1 ? W : a->to);
        if (adam) moved(1, 1, m, a->at, bias), moved(1, 0, m, bias, end);
        else moved(0, 1, m, a->at, bias), moved(0, 0, m, bias, end);
    }
}

INLINE void slopes_by_output(const int loss, const Model *m, const Net *net, int rows, V scale, const V *p) {
    const Layer *a = last_of(net);
    int period = a->to == 1 ? W : a->to, count = rows * a->to;
    Mask own = first_lanes(a->to == 1 ? W : a->units - (a->to - W));
    for (int i = 0, c = 0; i < count; i += W, c = c + W == period ? 0 : c + W) {
        V d = slope(loss, load(a->out + i) + load(m->offset + c), load(net->target + i), p) * scale;
        store(a->delta + i, c + W == period ? choose(own, d, all(0)) : d);
    }
}

/* What the loss of a row of the batch is multiplied by. */
INLINE double weight_of(const Net *net, const Model *m, int n) { return m->weight ? net->weight[n] : 1; }

INLINE double values_by_output(const int loss, const Model *m, const Net *net, int rows, const V *p) {
    const Layer *a = last_of(net);
    double total = 0;
    int period = a->to == 1 ? W : a->to;
    for (int i = 0, c = 0; i < rows * a->to; i += W, c = c + W == period ? 0 : c + W) {
        V v = value(loss, load(a->out + i) + load(m->offset + c), load(net->target + i), p);
        int some = a->to == 1 ? rows - i : a->units - c;
        for (int lane = 0; lane < W && lane < some; lane++)
            total += weight_of(net, m, a->to == 1 ? i + lane : i / a->to) * v[lane];
    }
    return total;
}

/* Fill vectors with one output of W rows each, from row n on. */
INLINE void gathered(const real *rows, int n, int ld, V *lanes) {
    for (int c = 0; c < ld; c += W) {
        for (int i = 0; i < W; i++) lanes[c + i] = load(rows + (ptrdiff_t)(n + i) * ld + c);
        transpose(lanes + c);
    }
}

INLINE I classes_at(const Net *net, int n) { return *(const LooseI *)((const whole *)net->target + n); }

INLINE void slopes_by_row(const int loss, const Model *m, const Net *net, int rows, V scale, const V *p) {
    const Layer *a = last_of(net);
    for (int n = 0; n < rows; n += W) {
        gathered(a->out, n, a->to, net->lanes);
        if (loss == LABELS_CE) {
            gathered(net->target, n, a->to, net->goals);
            labels_slope(net->lanes, net->goals, a->units);
        } else class_slope(loss, net->lanes, classes_at(net, n), a->units, p, m->offset);
        times(net->lanes, a->units, scale);
        for (int c = a->units; c < a->to; c++) net->lanes[c] = all(0);
        for (int c = 0; c < a->to; c += W) {
            transpose(net->lanes + c);
            for (int i = 0; i < W; i++) store(a->delta + (ptrdiff_t)(n + i) * a->to + c, net->lanes[c + i]);
        }
    }
}

INLINE double values_by_row(const int loss, const Model *m, const Net *net, int rows, const V *p) {
    const Layer *a = last_of(net);
    double total = 0;
    for (int n = 0; n < rows; n += W) {
        V v;
        gathered(a->out, n, a->to, net->lanes);
        if (loss == LABELS_CE) {
            gathered(net->target, n, a->to, net->goals);
            v = labels_value(net->lanes, net->goals, a->units);
        } else v = class_value(loss, net->lanes, classes_at(net, n), a->units, p, m->offset);
        for (int lane = 0; lane < W && n + lane < rows; lane++) total += weight_of(net, m, n + lane) * v[lane];
    }
    return total;
}

#define EVERY_LOSS(BY_OUTPUT, BY_ROW, BY_PAIR, BY_SAMPLE, BY_IMAGE) \
    OF_YES_OR_NO(BY_OUTPUT) OF_VALUES(BY_OUTPUT) OF_A_CLASS(BY_ROW) OF_LABELS(BY_ROW) OF_PAIRS(BY_PAIR) \
    OF_SAMPLES(BY_SAMPLE) OF_IMAGES(BY_IMAGE)

INLINE void parameters_of(const Model *m, V *p) {
    for (int i = 0; i < 4; i++) p[i] = all((real)m->parameters[i]);
}

/* The value of a loss that looks at pairs of rows; its slopes lie in the distances. */
INLINE double value_by_pair(const int loss, const Net *net, int rows, Pairs *pairs, const V *p) {
    const Layer *a = last_of(net);
    meet(pairs, a->out, a->to, (const whole *)net->target, rows);
    return compared(loss, pairs, p);
}

INLINE void slopes_by_pair(const int loss, const Model *m, const Net *net, int rows, const V *p) {
    const Layer *a = last_of(net);
    Pairs pairs = net->pairs;
    value_by_pair(loss, net, rows, &pairs, p);
    go_down(&pairs, all((real)m->scale), a->to, a->delta);
}

/* The batch as two samples, on a line or in the plane. */
static Samples met(const Net *net, int rows) {
    const Layer *a = last_of(net);
    Samples samples = net->samples;
    gather(&samples, a->out, net->target, a->units, a->to, rows);
    return samples;
}

static void slopes_by_sample(const Model *m, const Net *net, int rows, const V *p) {
    Samples samples = met(net, rows);
    sample_slopes((int)m->loss, &samples, p, m->offset);
    spread(&samples, (real)m->scale, last_of(net)->to, last_of(net)->delta);
}

static double value_by_sample(const Model *m, const Net *net, int rows, const V *p) {
    Samples samples = met(net, rows);
    return m->scale * rows * sample_value((int)m->loss, &samples, p, m->offset);
}

/* The pixels of an image are the last of the parameters; 0 where the whole batch is looked at, as one image. */
INLINE Images images_in(const Net *net, const Model *m, int rows) {
    Images images = net->images;
    images.pixels = m->parameters[3] > 0 ? (int)m->parameters[3] : rows;
    return images;
}

/* Those of images: a mean over them, of which each pixel counts one part. */
INLINE void slopes_by_image(const int loss, const Model *m, const Net *net, int rows, const V *p) {
    const Layer *a = last_of(net);
    Images images = images_in(net, m, rows);
    V factor = all((real)(m->scale * images.pixels / rows));
    of_batch(loss, &images, a->out, net->target, rows, p, factor, a->delta);
}

INLINE double value_by_image(const int loss, const Model *m, const Net *net, int rows, const V *p) {
    Images images = images_in(net, m, rows);
    return m->scale * images.pixels * of_batch(loss, &images, last_of(net)->out, net->target, rows, p, all(0), NULL);
}

/* Multiply the deltas of the last layer by the weights of their rows. */
static void weigh_rows(const Net *net, int rows) {
    const Layer *a = last_of(net);
    for (int n = 0; n < rows; n++) {
        real *delta = a->delta + (ptrdiff_t)n * a->to;
        if (a->to == 1) delta[0] *= net->weight[n];
        else for (int c = 0; c < a->to; c += W) store(delta + c, load(delta + c) * all(net->weight[n]));
    }
}

/* Fill the deltas of the last layer: the slopes of the mean loss of a batch, or of that of the batch. */
static void slopes(const Net *net, const Model *m, int rows) {
    V p[4], scale = all((real)(m->scale / rows));
    parameters_of(m, p);
    switch (m->loss) {
#define BY_OUTPUT(loss) case loss: slopes_by_output(loss, m, net, rows, scale, p); break;
#define BY_ROW(loss) case loss: slopes_by_row(loss, m, net, rows, scale, p); break;
#define BY_PAIR(loss) case loss: slopes_by_pair(loss, m, net, rows, p); break;
#define BY_SAMPLE(loss) case loss: slopes_by_sample(m, net, rows, p); break;
#define BY_IMAGE(loss) case loss: slopes_by_image(loss, m, net, rows, p); break;
        EVERY_LOSS(BY_OUTPUT, BY_ROW, BY_PAIR, BY_SAMPLE, BY_IMAGE)
#undef BY_OUTPUT
#undef BY_ROW
#undef BY_PAIR
#undef BY_SAMPLE
#undef BY_IMAGE
    }
    if (m->weight) weigh_rows(net, rows);
}

static double values(const Net *net, const Model *m, int rows) {
    V p[4];
    Pairs pairs = net->pairs;
    parameters_of(m, p);
    switch (m->loss) {
#define BY_OUTPUT(loss) case loss: return m->scale * values_by_output(loss, m, net, rows, p);
#define BY_ROW(loss) case loss: return m->scale * values_by_row(loss, m, net, rows, p);
#define BY_PAIR(loss) case loss: return m->scale * rows * value_by_pair(loss, net, rows, &pairs, p);
#define BY_SAMPLE(loss) case loss: return value_by_sample(m, net, rows, p);
#define BY_IMAGE(loss) case loss: return value_by_image(loss, m, net, rows, p);
        EVERY_LOSS(BY_OUTPUT, BY_ROW, BY_PAIR, BY_SAMPLE, BY_IMAGE)
    }
    return NAN;
}

/* Copy targets and weights of some rows to where the losses look for them; `order` may be NULL for row after row. */
static void aim(const Net *net, const Model *m, const int32_t *order, int start, int rows) {
    const Layer *a = last_of(net);
    const real *values = m->target;
    for (int n = 0; m->weight && n < rows; n++) net->weight[n] = m->weight[order ? order[n] : start + n];
    if (!of_class(m->loss) && a->to == 1) {
        for (int n = 0; n < rows; n++) net->target[n] = values[order ? order[n] : start + n];
        return;
    }
    for (int n = 0; n < rows; n++) {
        int row = order ? order[n] : start + n;
        if (of_class(m->loss)) ((whole *)net->target)[n] = ((const int32_t *)m->target)[row];
        else memcpy(net->target + (ptrdiff_t)n * a->to, values + (ptrdiff_t)row * a->units, a->units * sizeof(real));
    }
}

static void face(const Net *net, const real *table, const int32_t *order, int start, int rows) {
    for (int n = 0; n < rows; n++) net->x[n] = table + (ptrdiff_t)(order ? order[n] : start + n) * net->layer->from;
}

/* Numbers too small to be normal are zero inside of a call, and the caller's setting comes back after it. */
#if defined(__x86_64__)
INLINE uint64_t flush(void) { unsigned old = _mm_getcsr(); _mm_setcsr(old | 0x8040); return old; }
INLINE void unflush(uint64_t old) { _mm_setcsr((unsigned)old); }
#elif defined(__aarch64__)
INLINE uint64_t flush(void) {
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" ::"r"(old | (1u << 24)));
    return old;
}
INLINE void unflush(uint64_t old) { __asm__ volatile("msr fpcr, %0" ::"r"(old)); }
#else
INLINE uint64_t flush(void) { return 0; }
INLINE void unflush(uint64_t old) { (void)old; }
#endif

/* What Python calls. A plan is {layers, activation, optimiser, batch, rows, bent, what the losses look at, inputs,
   units ..., outputs}. */
#define EXPORT __attribute__((visibility("default")))

EXPORT int64_t model_size(void) { return sizeof(Model); }

/* Lanes of a vector, parameters of a model as they lie in memory, bytes of working memory for one. */
EXPORT void measures(const int32_t *plan, int64_t *found) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, NULL);
    found[0] = W, found[1] = net.parameters, found[2] = net.room;
}

/* Lay out matrices (units, inputs + 1), one after the other, as parameters. */
EXPORT void lay_out(const int32_t *plan, const real *matrices, real *theta) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, NULL);
    memset(theta, 0, net.parameters * sizeof(real));
    for (int l = 0; l < net.layers; l++) {
        const Layer *a = layer + l;
        for (int u = 0; u < a->units; u++)
            for (int k = 0; k <= a->inputs; k++, matrices++)
                theta[a->at + (a->to == 1 ? (k < a->inputs ? k : a->from) : (ptrdiff_t)k * a->to + u)] = *matrices;
    }
}

/* Train models through an epoch, each by itself. */
EXPORT void epoch(const int32_t *plan, Model *models, int64_t count, int64_t epoch, char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++) {
        Model *m = models + i;
        const int32_t *order = m->order + epoch * net.rows;
        for (int start = 0; start < net.rows; start += net.batch) {
            int rows = net.rows - start < net.batch ? net.rows - start : net.batch;
            face(&net, m->features, order + start, 0, rows);
            aim(&net, m, order + start, 0, rows);
            forward(&net, m->theta, net.x, rows);
            slopes(&net, m, rows);
            backward(&net, m, rows);
            move(&net, m);
        }
    }
    unflush(old);
}

/* Bytes of working memory for a gallery. */
EXPORT int64_t gallery_room(int64_t rows, int64_t numbers, int64_t classes) {
    return gallery_of((int)rows, (int)numbers, (int)classes, NULL, NULL).room;
}

/* How many classes come before the right one of each query, given finite embeddings: those that are known (rows, numbers)
   with their `order` class by class, and those of the queries. `own` is the place in that order of the row that a query
   is, and that is no neighbour of its own; NULL where it is none. The `rank`th nearest row is the first that is no
   neighbour. */
EXPORT void places(const real *known, int64_t rows, int64_t numbers, const int32_t *order, const int32_t *starts,
                   int64_t classes, const real *queries, int64_t count, const int32_t *own, const int32_t *target,
                   int64_t rank, int64_t *found, char *work) {
    Gallery g = gallery_of((int)rows, (int)numbers, (int)classes, starts, work);
    for (int64_t r = 0; r < rows; r++) make_unit(known + order[r] * numbers, (int)numbers, g.known + r * numbers);
    for (int64_t at = 0; at < count; at += TILE) {
        int some = count - at < TILE ? (int)(count - at) : TILE;
        real right[TILE] = {0};
        ask(&g, queries + at * numbers, some);
        compare(&g);
        for (int i = 0; own && i < some; i++) g.similar[(ptrdiff_t)own[at + i] * TILE + i] = -2; /* below every cosine */
        for (int i = 0; i < some; i++) right[i] = target[at + i];
        for (int c = 0; c < TILE; c += W) {
            score(&g, c, largest(&g, c, (int)rank));
            V ahead = before(&g, c, right);
            for (int i = c; i < c + W && i < some; i++) found[at + i] = (int64_t)ahead[i - c];
        }
    }
}

/* The raw outputs (models, rows, outputs) of models for a table of features each. */
EXPORT void outputs(const int32_t *plan, const Model *models, int64_t count, const real *const *tables, int64_t rows,
                    real *raw, char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    const Layer *a = last_of(&net);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++)
        for (int64_t start = 0; start < rows; start += CHUNK) {
            int some = rows - start < CHUNK ? rows - start : CHUNK;
            face(&net, tables[i], NULL, start, some);
            forward(&net, models[i].theta, net.x, some);
            for (int n = 0; n < some; n++, raw += a->units)
                memcpy(raw, a->out + (ptrdiff_t)n * a->to, a->units * sizeof(real));
        }
    unflush(old);
}

/* The class that a row of raw outputs decides for: of a single one, 1 above the threshold; else the first largest. */
INLINE int decided(const real *raw, int outputs, real threshold) {
    if (outputs == 1) return raw[0] > threshold;
    int best = 0;
    for (int u = 1; u < outputs; u++)
        if (raw[u] > raw[best]) best = u;
    return best;
}

/* Of models on a table of features each: how many rows they decide right, (models,), and the sums of their losses where
   `totals` is not NULL. The tables are then those of the training part. -1 hits, if a raw output is not finite. */
EXPORT void judge(const int32_t *plan, const Model *models, int64_t count, const real *const *tables,
                  const int32_t *const *classes, const double *thresholds, int64_t rows, int64_t *hits, double *totals,
                  char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    const Layer *a = last_of(&net);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++) {
        int64_t right = 0, wild = 0;
        /* As in `losses`. */
        const int32_t *order = totals && of_batches(models[i].loss) ? models[i].order : NULL;
        int most = order ? net.batch : CHUNK;
        if (totals) totals[i] = 0;
        for (int64_t start = 0; start < rows; start += most) {
            int some = rows - start < most ? rows - start : most;
            const int32_t *mine = order ? order + start : NULL;
            face(&net, tables[i], mine, mine ? 0 : start, some);
            forward(&net, models[i].theta, net.x, some);
            for (int n = 0; n < some; n++) {
                const real *raw = a->out + (ptrdiff_t)n * a->to;
                for (int u = 0; u < a->units; u++) wild += !(raw[u] - raw[u] == 0);
                right += decided(raw, a->units, (real)thresholds[i]) == classes[i][mine ? mine[n] : start + n];
            }
            if (!totals) continue;
            aim(&net, models + i, mine, mine ? 0 : start, some);
            totals[i] += values(&net, models + i, some);
        }
        hits[i] = wild ? -1 : right;
    }
    unflush(old);
}

/* The loss of each model, summed over rows, given its raw outputs on its training part (models, rows, outputs). */
EXPORT void losses(const int32_t *plan, const Model *models, int64_t count, const real *raw, double *totals, char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    const Layer *a = last_of(&net);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++) {
        /* What looks at a whole batch is given those of the first epoch; what does not, row after row. */
        const int32_t *order = of_batches(models[i].loss) ? models[i].order : NULL;
        int most = order ? net.batch : CHUNK;
        totals[i] = 0;
        for (int start = 0; start < net.rows; start += most) {
            int some = net.rows - start < most ? net.rows - start : most;
            aim(&net, models + i, order ? order + start : NULL, order ? 0 : start, some);
            for (int n = 0; n < some; n++)
                memcpy(a->out + (ptrdiff_t)n * a->to, raw + (ptrdiff_t)(order ? order[start + n] : start + n) * a->units,
                       a->units * sizeof(real));
            totals[i] += values(&net, models + i, some);
        }
        raw += (ptrdiff_t)net.rows * a->units;
    }
    unflush(old);
}

/* Half a step, for a loss that is not compiled: raw outputs (models, outputs, columns) of a batch of each model. The
   columns beyond its rows repeat the first. */
EXPORT void ahead(const int32_t *plan, const Model *models, int64_t count, int64_t at, int64_t rows, int64_t columns,
                  real *raw, char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    const Layer *a = last_of(&net);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++) {
        face(&net, models[i].features, models[i].order + at, 0, rows);
        forward(&net, models[i].theta, net.x, rows);
        for (int u = 0; u < a->units; u++, raw += columns)
            for (int n = 0; n < columns; n++) raw[n] = a->out[(ptrdiff_t)(n < rows ? n : 0) * a->to + u];
    }
    unflush(old);
}

/* The other half, given the slopes of the mean loss (models, outputs, columns). Forward again, since to keep the
   activations of every model takes longer than to compute them. */
EXPORT void back(const int32_t *plan, Model *models, int64_t count, int64_t at, int64_t rows, int64_t columns,
                 const real *given, char *work) {
    Layer layer[plan[0]];
    Net net = net_of(plan, layer, work);
    const Layer *a = last_of(&net);
    uint64_t old = flush();
    for (int64_t i = 0; i < count; i++) {
        face(&net, models[i].features, models[i].order + at, 0, rows);
        forward(&net, models[i].theta, net.x, rows);
        for (int n = 0; n < rows; n++)
            for (int u = a->units; u < a->to; u++) a->delta[(ptrdiff_t)n * a->to + u] = 0;
        for (int u = 0; u < a->units; u++, given += columns)
            for (int n = 0; n < rows; n++) a->delta[(ptrdiff_t)n * a->to + u] = given[n];
        backward(&net, models + i, rows);
        move(&net, models + i);
    }
    unflush(old);
}

/* The same for the thread that asks: what is computed between the two calls is flushed, whoever computes it. */
EXPORT uint64_t flush_from_here(void) { return flush(); }
EXPORT void flush_to_here(uint64_t old) { unflush(old); }

/* Replace whole vectors of numbers by a function of them, for tests of the functions. */
EXPORT void evaluate(int64_t function, real *x, int64_t count) {
    for (int64_t i = 0; i < count; i += W) {
        V v = load(x + i);
        switch (function) {
        case 0: v = exp_(v); break;
        case 1: v = log_(v); break;
        case 2: v = log1p_(v); break;
        case 3: v = tanh_(v); break;
        case 4: v = erf_(v); break;
        case 5: v = sigmoid(v); break;
        default: v = log_sigmoid(v);
        }
        store(x + i, v);
    }
}

/* The level that this processor can run: 4, 3 or 1 (x86-64), 0 on others. */
EXPORT int64_t level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) return 4;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 3 : 1;
#else
    return 0;
#endif
}

/* Who made this processor, since estimates differ; 0 where the library takes none, or of others. */
EXPORT int64_t maker(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_is("intel") ? 1 : __builtin_cpu_is("amd") ? 2 : 0;
#else
    return 0;
#endif
}

EXPORT const char *source(void) { return SOURCE; }
