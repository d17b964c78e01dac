/* Arithmetic on several lanes at once. GCC's vector extension, so one text serves every instruction set.

   A file that works on lanes is written in `vf` (numbers) and `vm` (masks: all bits set or none) and never asks what
   one lane holds. Nothing is reordered or fused by the compiler, so every instruction set gives the same bits. */
#ifndef UPPERBACK_LANES_H
#define UPPERBACK_LANES_H

#include "kernel.h"
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Lanes of one instruction. A file that works on a single lane defines it as 4, so that little is wasted. */
#ifndef UB_WIDTH
#if defined(__AVX512F__)
#define UB_WIDTH 16
#elif defined(__AVX__)
#define UB_WIDTH 8
#else
#define UB_WIDTH 4
#endif
#endif

typedef float vf __attribute__((vector_size(4 * UB_WIDTH)));
typedef int32_t vm __attribute__((vector_size(4 * UB_WIDTH)));
typedef uint8_t ub_bytes __attribute__((vector_size(UB_WIDTH)));

#define UB_INLINE static inline __attribute__((always_inline))

UB_INLINE vf ub_load(const float *from) {
    vf v;
    memcpy(&v, from, sizeof v);
    return v;
}

UB_INLINE void ub_store(float *to, vf v) { memcpy(to, &v, sizeof v); }

/* Store the lanes in which the mask is set. */
UB_INLINE void ub_store_where(float *to, vf v, vm mask) {
#if UB_WIDTH == 16
    _mm512_mask_storeu_ps(to, _mm512_movepi32_mask((__m512i)mask), (__m512)v);
#elif UB_WIDTH == 8
    _mm256_maskstore_ps(to, (__m256i)mask, (__m256)v);
#else
    for (int lane = 0; lane < UB_WIDTH; lane++)
        if (mask[lane])
            to[lane] = v[lane];
#endif
}

UB_INLINE vf ub_all(float x) { return x - (vf){0}; }

/* The bytes, one a lane; slow, for what is rare. */
UB_INLINE vm ub_load_bytes(const uint8_t *from) {
    vm v;
    for (int lane = 0; lane < UB_WIDTH; lane++)
        v[lane] = from[lane];
    return v;
}

/* Is every lane's byte zero? */
UB_INLINE int ub_clear_bytes(const uint8_t *from) {
    uint64_t bits[2] = {0, 0};
    memcpy(bits, from, UB_WIDTH);
    return (bits[0] | bits[1]) == 0;
}

UB_INLINE vf ub_select(vm mask, vf yes, vf no) {
#if UB_WIDTH == 16
    return (vf)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), (__m512)no, (__m512)yes);
#else
    return (vf)((mask & (vm)yes) | (~mask & (vm)no));
#endif
}

/* `yes` where a < b: fewer steps than by way of a mask. */
UB_INLINE vf ub_where_less(vf a, vf b, vf yes, vf no) {
#if UB_WIDTH == 16
    const __mmask16 less = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
    return (vf)_mm512_mask_blend_ps(less, (__m512)no, (__m512)yes);
#elif UB_WIDTH == 8
    return (vf)_mm256_blendv_ps((__m256)no, (__m256)yes, _mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ));
#else
    return ub_select(a < b, yes, no);
#endif
}

UB_INLINE vf ub_only(vm mask, vf yes) { return (vf)(mask & (vm)yes); }

UB_INLINE vf ub_abs(vf x) { return (vf)((vm)x & 0x7fffffff); }

/* The smaller one; b where one of them is NaN. */
UB_INLINE vf ub_min(vf a, vf b) {
#if UB_WIDTH == 16
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif UB_WIDTH == 8
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (vf)_mm_min_ps((__m128)a, (__m128)b);
#else
    return ub_select(a < b, a, b);
#endif
}

/* The larger one; b where one of them is NaN. */
UB_INLINE vf ub_max(vf a, vf b) {
#if UB_WIDTH == 16
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif UB_WIDTH == 8
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (vf)_mm_max_ps((__m128)a, (__m128)b);
#else
    return ub_select(a > b, a, b);
#endif
}

UB_INLINE vf ub_sqrt(vf x) {
#if UB_WIDTH == 16
    return (vf)_mm512_sqrt_ps((__m512)x);
#elif UB_WIDTH == 8
    return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (vf)_mm_sqrt_ps((__m128)x);
#else
    vf root;
    for (int lane = 0; lane < UB_WIDTH; lane++)
        root[lane] = __builtin_sqrtf(x[lane]);
    return root;
#endif
}

/* Is the mask set in every lane, in any lane? */
UB_INLINE int ub_every(vm mask) {
#if UB_WIDTH == 16
    return _mm512_movepi32_mask((__m512i)mask) == 0xffff;
#elif UB_WIDTH == 8
    return _mm256_movemask_ps((__m256)mask) == 0xff;
#elif defined(__SSE2__)
    return _mm_movemask_ps((__m128)mask) == 0xf;
#else
    int32_t all = -1;
    for (int lane = 0; lane < UB_WIDTH; lane++)
        all &= mask[lane];
    return all == -1;
#endif
}

UB_INLINE int ub_any(vm mask) { return !ub_every(~mask); }

/* Is every lane at least `low` and at most `high`? No for NaN. */
UB_INLINE int ub_all_within(vf x, float low, float high) {
#if UB_WIDTH == 16
    const __mmask16 above = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(low), _CMP_GE_OQ);
    return _mm512_mask_cmp_ps_mask(above, (__m512)x, _mm512_set1_ps(high), _CMP_LE_OQ) == 0xffff;
#else
    return ub_every((x >= low) & (x <= high));
#endif
}

/* Is every lane of a, b and d at most this? No for NaN. */
UB_INLINE int ub_all_at_most(vf a, vf a_max, vf b, vf b_max, vf d, vf d_max) {
#if UB_WIDTH == 16
    const __mmask16 one = _mm512_cmp_ps_mask((__m512)a, (__m512)a_max, _CMP_LE_OQ);
    const __mmask16 two = _mm512_mask_cmp_ps_mask(one, (__m512)b, (__m512)b_max, _CMP_LE_OQ);
    return _mm512_mask_cmp_ps_mask(two, (__m512)d, (__m512)d_max, _CMP_LE_OQ) == 0xffff;
#else
    return ub_every((a <= a_max) & (b <= b_max) & (d <= d_max));
#endif
}

/* The smallest number of all lanes. */
UB_INLINE float ub_least(vf x) {
#if UB_WIDTH == 16
    return _mm512_reduce_min_ps((__m512)x);
#else
    float least = x[0];
    for (int lane = 1; lane < UB_WIDTH; lane++)
        least = x[lane] < least ? x[lane] : least;
    return least;
#endif
}

#endif
