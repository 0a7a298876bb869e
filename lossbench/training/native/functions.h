/* Exponential, logarithm and what is made of them.

   In single precision they are our own, since the C library's differ from one system to the next. Largest errors,
   measured over the range that is used (tests/training/native/test_functions.py): exp_ 2 ulp from -87 to 88.3, and 0
   below, 2.4e38 above; log_ and log1p_ 3 ulp; sigmoid 3 ulp; tanh_ 4 ulp; erf_ 7e-7. A NaN stays one.
   In double precision they are the C library's, which is slow, and only the tests against the loop engine want it. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <math.h>

#include "vector.h"

INLINE V each(double (*f)(double), V x) {
    for (int i = 0; i < W; i++) x[i] = (real)f(x[i]);
    return x;
}

#ifdef DOUBLE
INLINE V exp_(V x) { return each(exp, x); }
INLINE V log_(V x) { return each(log, x); }
INLINE V log1p_(V x) { return each(log1p, x); }
INLINE V tanh_(V x) { return each(tanh, x); }
INLINE V erf_(V x) { return each(erf, x); }
#else
/* exp(x) = 2^n exp(r) with r = x - n log 2 in two parts; the series of exp to r^7. */
INLINE V exp_(V x) {
    Mask lost = less(x, all(-87.3f));
    x = choose(less(x, all(-87.3f)), all(-87.3f), x);
    x = choose(less(all(88.37f), x), all(88.37f), x);
    V n = fma_(x, all(1.44269504f), all(12582912.0f)) - all(12582912.0f); /* rounds to the nearest whole number */
    V r = fma_(n, all(-0.693145751953125f), x);
    r = fma_(n, all(-1.42860682030941723212e-6f), r);
    V p = all(1.0f / 5040);
    p = fma_(p, r, all(1.0f / 720));
    p = fma_(p, r, all(1.0f / 120));
    p = fma_(p, r, all(1.0f / 24));
    p = fma_(p, r, all(1.0f / 6));
    p = fma_(p, r, all(0.5f));
    p = fma_(p * r, r, r) + all(1);
    I power = (__builtin_convertvector(n, I) + 127) << 23;
    return choose(lost, all(0), p * (V)power);
}

/* log x of a positive normal x = 2^n m, √½ < m < √2: log m = 2 artanh f, f = (m - 1) / (m + 1), as a series. */
INLINE V log_(V x) {
    I n = ((I)x - 0x3f3504f3) >> 23;
    V m = (V)((I)x - (n << 23)), power = __builtin_convertvector(n, V);
    V f = (m - all(1)) / (m + all(1)), square = f * f;
    V p = all(2.0f / 11);
    p = fma_(p, square, all(2.0f / 9));
    p = fma_(p, square, all(2.0f / 7));
    p = fma_(p, square, all(2.0f / 5));
    p = fma_(p, square, all(2.0f / 3));
    V tail = fma_(f * square, p, power * all(1.42860682030941723212e-6f));
    return fma_(power, all(0.693145751953125f), fma_(all(2), f, tail)) + (x - x); /* infinity less itself is NaN */
}

/* log(1 + x) of an x from 0 to 1: the logarithm of the rounded sum, and what rounding took. */
INLINE V log1p_(V x) {
    V sum = x + all(1);
    return log_(sum) + (x - (sum - all(1))) / sum;
}

/* A continued fraction near zero, where the other form would cancel. */
INLINE V tanh_(V x) {
    V size = size_of(x), square = x * x, e = exp_(all(-2) * size);
    V far = (all(1) - e) / (all(1) + e);
    V above = fma_(fma_(all(1), square, all(105)), square, all(945));
    V below = fma_(fma_(all(15), square, all(420)), square, all(945));
    return choose(less(size, all(0.625f)), x * (above / below), choose(less(x, all(0)), -far, far));
}

/* Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 7.1.26. */
INLINE V erf_(V x) {
    V size = size_of(x), t = all(1) / fma_(all(0.3275911f), size, all(1));
    V p = fma_(all(1.061405429f), t, all(-1.453152027f));
    p = fma_(p, t, all(1.421413741f));
    p = fma_(p, t, all(-0.284496736f));
    p = fma_(p, t, all(0.254829592f)) * t;
    V far = all(1) - p * exp_(-size * size);
    return choose(less(x, all(0)), -far, far);
}
#endif

/* exp(x) - 1, without the difference of two numbers that are nearly alike. */
INLINE V expm1_(V x) { return tanh_(all(0.5f) * x) * (exp_(x) + all(1)); }

INLINE V sigmoid(V z) { return all(1) / (all(1) + exp_(-z)); }

INLINE V log_sigmoid(V z) { return smaller(z, all(0)) - log1p_(exp_(-size_of(z))); }

#endif
