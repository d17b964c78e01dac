/* Numbers that stand one after the other in memory, lane for lane, side by side as the lanes of a tile. */
#ifndef UPPERBACK_SIDE_BY_SIDE_H
#define UPPERBACK_SIDE_BY_SIDE_H

#include "lanes.h"

#if defined(__AVX512F__)
#define UNPACK(how, a, b) (vf)_mm512_unpack##how##_ps((__m512)(a), (__m512)(b))
#define UNPACK2(how, a, b) (vf)_mm512_castpd_ps(_mm512_unpack##how##_pd((__m512d)(a), (__m512d)(b)))
UB_INLINE vf ub_four_each(const float *const *from, int64_t at) {
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(from[0] + at));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(from[4] + at), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(from[8] + at), 2);
    return (vf)_mm512_insertf32x4(v, _mm_loadu_ps(from[12] + at), 3);
}
#elif defined(__AVX__)
#define UNPACK(how, a, b) (vf)_mm256_unpack##how##_ps((__m256)(a), (__m256)(b))
#define UNPACK2(how, a, b) (vf)_mm256_castpd_ps(_mm256_unpack##how##_pd((__m256d)(a), (__m256d)(b)))
UB_INLINE vf ub_four_each(const float *const *from, int64_t at) {
    const __m256 v = _mm256_castps128_ps256(_mm_loadu_ps(from[0] + at));
    return (vf)_mm256_insertf128_ps(v, _mm_loadu_ps(from[4] + at), 1);
}
#elif defined(__SSE2__)
#define UNPACK(how, a, b) (vf)_mm_unpack##how##_ps((__m128)(a), (__m128)(b))
#define UNPACK2(how, a, b) (vf)_mm_castpd_ps(_mm_unpack##how##_pd((__m128d)(a), (__m128d)(b)))
UB_INLINE vf ub_four_each(const float *const *from, int64_t at) { return ub_load(from[0] + at); }
#endif

/* n numbers of each lane, side by side: to[number][lane]. */
UB_INLINE void ub_side_by_side(const float *const *from, float *to, int64_t n) {
    int64_t at = 0;
#if defined(UNPACK)
    for (; at + 4 <= n; at += 4)
        for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH) {
            const vf a = ub_four_each(from + lane, at), b = ub_four_each(from + lane + 1, at);
            const vf c = ub_four_each(from + lane + 2, at), d = ub_four_each(from + lane + 3, at);
            const vf ab = UNPACK(lo, a, b), cd = UNPACK(lo, c, d), ab2 = UNPACK(hi, a, b), cd2 = UNPACK(hi, c, d);
            ub_store(to + (at + 0) * UB_LANES + lane, UNPACK2(lo, ab, cd));
            ub_store(to + (at + 1) * UB_LANES + lane, UNPACK2(hi, ab, cd));
            ub_store(to + (at + 2) * UB_LANES + lane, UNPACK2(lo, ab2, cd2));
            ub_store(to + (at + 3) * UB_LANES + lane, UNPACK2(hi, ab2, cd2));
        }
#endif
    for (; at < n; at++)
        for (int lane = 0; lane < UB_LANES; lane++)
            to[at * UB_LANES + lane] = from[lane][at];
}

#endif
