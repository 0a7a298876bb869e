/* Vectors of the widest kind that the compiler was told of, and what can be done to them lane by lane. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdint.h>

#ifdef DOUBLE
typedef double real;
typedef int64_t whole;
#else
typedef float real;
typedef int32_t whole;
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif

#define INLINE static inline __attribute__((always_inline))

typedef real V __attribute__((vector_size(BYTES)));
typedef whole I __attribute__((vector_size(BYTES)));
typedef real Loose __attribute__((vector_size(BYTES), aligned(sizeof(real)), may_alias));
typedef whole LooseI __attribute__((vector_size(BYTES), aligned(sizeof(whole)), may_alias));
enum { W = BYTES / sizeof(real) };

INLINE V load(const real *p) { return *(const Loose *)p; }
INLINE void store(real *p, V v) { *(Loose *)p = v; }
INLINE V all(real x) { return x - (V){0}; }

#if defined(__x86_64__) && (BYTES == 64 || defined(__FMA__))
#include <immintrin.h>
#elif defined(__x86_64__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifdef DOUBLE
#define OF(name) name##_pd
#define NEON(name) name##_f64
#else
#define OF(name) name##_ps
#define NEON(name) name##_f32
#endif

/* a b + c, rounded once where the processor can, see README.md; and the square root. */
#if BYTES == 64
INLINE V fma_(V a, V b, V c) { return (V)OF(_mm512_fmadd)(a, b, c); }
INLINE V root(V a) { return (V)OF(_mm512_sqrt)(a); }
#elif BYTES == 32
INLINE V fma_(V a, V b, V c) { return (V)OF(_mm256_fmadd)(a, b, c); }
INLINE V root(V a) { return (V)OF(_mm256_sqrt)(a); }
#elif defined(__x86_64__)
INLINE V fma_(V a, V b, V c) { return a * b + c; }
INLINE V root(V a) { return (V)OF(_mm_sqrt)(a); }
#elif defined(__ARM_NEON) && defined(__aarch64__)
INLINE V fma_(V a, V b, V c) { return (V)NEON(vfmaq)(c, a, b); }
INLINE V root(V a) { return (V)NEON(vsqrtq)(a); }
#else
INLINE V fma_(V a, V b, V c) { return a * b + c; }
INLINE V root(V a) {
    for (int i = 0; i < W; i++) a[i] = sizeof(real) == 8 ? __builtin_sqrt(a[i]) : __builtin_sqrtf(a[i]);
    return a;
}
#endif

/* Comparisons are false of a NaN; `choose` takes its first value where the mask holds. */
#if BYTES == 64
#ifdef DOUBLE
typedef __mmask8 Mask;
#define COMPARED(a, b, how) _mm512_cmp_pd_mask(a, b, how)
#define WHOLE_EQUAL(a, b) _mm512_cmpeq_epi64_mask((__m512i)(a), (__m512i)(b))
#else
typedef __mmask16 Mask;
#define COMPARED(a, b, how) _mm512_cmp_ps_mask(a, b, how)
#define WHOLE_EQUAL(a, b) _mm512_cmpeq_epi32_mask((__m512i)(a), (__m512i)(b))
#endif
INLINE Mask less(V a, V b) { return COMPARED(a, b, _CMP_LT_OQ); }
INLINE Mask at_most(V a, V b) { return COMPARED(a, b, _CMP_LE_OQ); }
INLINE Mask equal(V a, V b) { return COMPARED(a, b, _CMP_EQ_OQ); }
INLINE Mask same(I a, I b) { return WHOLE_EQUAL(a, b); }
INLINE V choose(Mask m, V a, V b) { return (V)OF(_mm512_mask_blend)(m, b, a); }
#else
typedef I Mask;
INLINE Mask less(V a, V b) { return (I)(a < b); }
INLINE Mask at_most(V a, V b) { return (I)(a <= b); }
INLINE Mask equal(V a, V b) { return (I)(a == b); }
INLINE Mask same(I a, I b) { return (I)(a == b); }
INLINE V choose(Mask m, V a, V b) { return (V)((m & (I)a) | (~m & (I)b)); }
#endif

/* The first, if one is no number. On x86-64 they are one instruction, whose second operand wins such a case. */
#if BYTES == 64
INLINE V larger(V a, V b) { return (V)OF(_mm512_max)(b, a); }
INLINE V smaller(V a, V b) { return (V)OF(_mm512_min)(b, a); }
#elif BYTES == 32
INLINE V larger(V a, V b) { return (V)OF(_mm256_max)(b, a); }
INLINE V smaller(V a, V b) { return (V)OF(_mm256_min)(b, a); }
#elif defined(__x86_64__)
INLINE V larger(V a, V b) { return (V)OF(_mm_max)(b, a); }
INLINE V smaller(V a, V b) { return (V)OF(_mm_min)(b, a); }
#else
INLINE V larger(V a, V b) { return choose(less(a, b), b, a); }
INLINE V smaller(V a, V b) { return choose(less(b, a), b, a); }
#endif
INLINE V size_of(V a) { return choose(less(a, all(0)), -a, a); }
INLINE V above_zero(V a) { return choose(at_most(a, all(0)), all(0), a); }
INLINE V sign(V a) { return choose(less(all(0), a), all(1), choose(less(a, all(0)), all(-1), all(0))); }

/* a / (√b c + d), for a positive c and d.

   In single precision with AVX-512, root and quotient by the processor's estimates, of 14 bits, and a step of Newton's
   for each: 2 units of the last place, in a third of the time. Two makers of processors may estimate differently, so
   that a fingerprint has the maker. A b that overflowed gives zero, as it does elsewhere. */
#if BYTES == 64 && !defined(DOUBLE)
INLINE V over_root(V a, V b, V c, V d) {
    V x = larger(b, all(1.17549435e-38f)), r = (V)_mm512_rsqrt14_ps((__m512)x);
    V twice = x * (r * fma_(-(x * r), r, all(3))); /* halved by c's share of it, which is exact and costs nothing */
    V sum = fma_(twice, all(0.5f) * c, d), y = (V)_mm512_rcp14_ps((__m512)sum);
    y = y * fma_(-sum, y, all(2));
    return a * choose(less(b, all(__builtin_inff())), y, all(0));
}
#else
INLINE V over_root(V a, V b, V c, V d) { return a / fma_(root(b), c, d); }
#endif

/* The lanes of a and b in turns: those of their lower halves, and those of their upper ones. */
#ifdef DOUBLE
#define LANES (BYTES / 8)
#else
#define LANES (BYTES / 4)
#endif
#if LANES == 2
#define LOWER 0, 2
#define UPPER 1, 3
#elif LANES == 4
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#elif LANES == 8
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif
#if defined(__clang__) || __GNUC__ >= 12
INLINE V lower(V a, V b) { return __builtin_shufflevector(a, b, LOWER); }
INLINE V upper(V a, V b) { return __builtin_shufflevector(a, b, UPPER); }
#else
INLINE V lower(V a, V b) { return __builtin_shuffle(a, b, (I){LOWER}); }
INLINE V upper(V a, V b) { return __builtin_shuffle(a, b, (I){UPPER}); }
#endif

/* Turn W vectors of W lanes: lane j of vector i changes places with lane i of vector j. */
INLINE void transpose(V *v) {
    V t[W];
    for (int round = 1; round < W; round *= 2) {
        for (int i = 0; i < W / 2; i++) {
            t[2 * i] = lower(v[i], v[i + W / 2]);
            t[2 * i + 1] = upper(v[i], v[i + W / 2]);
        }
        for (int i = 0; i < W; i++) v[i] = t[i];
    }
}

/* The sum over the lanes of each of W vectors, as the lanes of one. */
INLINE V sums(V *v) {
#pragma GCC unroll 4
    for (int half = W / 2; half; half /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < half; i++) v[i] = lower(v[i], v[i + half]) + upper(v[i], v[i + half]);
    return v[0];
}

/* The sum, the largest and the smallest of the lanes of a vector, in every lane. */
INLINE V sum_in(V v) {
    for (int half = W / 2; half; half /= 2) v = lower(v, v) + upper(v, v);
    return v;
}
INLINE V largest_in(V v) {
    for (int half = W / 2; half; half /= 2) v = larger(lower(v, v), upper(v, v));
    return v;
}
INLINE V smallest_in(V v) {
    for (int half = W / 2; half; half /= 2) v = smaller(lower(v, v), upper(v, v));
    return v;
}

#endif
