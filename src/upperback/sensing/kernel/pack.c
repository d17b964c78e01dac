/* Lanes out of recordings and back: rows of one signal stand side by side as lanes of a tile. */
#include "lanes.h"
#include "orient.h"

typedef float four __attribute__((vector_size(16)));
typedef int32_t four_places __attribute__((vector_size(16)));

#if defined(__clang__)
#define UB_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define UB_SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (four_places){i, j, k, l})
#endif

/* Four lanes of four numbers: rows become columns. */
UB_INLINE void turn_over(four v[4]) {
    const four a = UB_SHUFFLE(v[0], v[1], 0, 4, 1, 5), b = UB_SHUFFLE(v[2], v[3], 0, 4, 1, 5);
    const four c = UB_SHUFFLE(v[0], v[1], 2, 6, 3, 7), d = UB_SHUFFLE(v[2], v[3], 2, 6, 3, 7);
    v[0] = UB_SHUFFLE(a, b, 0, 1, 4, 5);
    v[1] = UB_SHUFFLE(a, b, 2, 3, 6, 7);
    v[2] = UB_SHUFFLE(c, d, 0, 1, 4, 5);
    v[3] = UB_SHUFFLE(c, d, 2, 3, 6, 7);
}

/* The rows that four lanes have in common, as many as four at a time make up. */
static void together(const long *start, const long *end, long *all_start, long *all_end) {
    *all_start = start[0], *all_end = end[0];
    for (int k = 1; k < 4; k++) {
        *all_start = start[k] > *all_start ? start[k] : *all_start;
        *all_end = end[k] < *all_end ? end[k] : *all_end;
    }
    if (*all_end < *all_start)
        *all_end = *all_start;
    *all_end = *all_start + (*all_end - *all_start) / 4 * 4;
}

enum { GROUPS = UB_LANES / 4, AT_ONCE = 3 * 32 }; /* numbers of a lane: their rows of the tile stay in the first cache */

UB_EXPORT void UB(pack_rows)(const float *const *rows, const long *start, const long *end, float *tile, long n_time) {
    long from[GROUPS], until[GROUPS], longest = 0;
    for (int group = 0; group < GROUPS; group++) {
        const int lane = 4 * group;
        long all_start, all_end;
        together(start + lane, end + lane, &all_start, &all_end);
        for (int k = 0; k < 4; k++)
            for (long t = 0; t < n_time; t++) {
                if (t == all_start && all_end > all_start)
                    t = all_end;
                const int is_there = t >= start[lane + k] && t < end[lane + k];
                for (int axis = 0; axis < 3 && t < n_time; axis++)
                    tile[(3 * t + axis) * UB_LANES + lane + k] =
                        is_there ? rows[lane + k][3 * (t - start[lane + k]) + axis] : 0;
            }
        from[group] = 3 * all_start, until[group] = 3 * all_end;
        longest = until[group] - from[group] > longest ? until[group] - from[group] : longest;
    }
    for (long done = 0; done < longest; done += AT_ONCE)
        for (int group = 0; group < GROUPS; group++) {
            const long begin = from[group] + done;
            const long stop = begin + AT_ONCE < until[group] ? begin + AT_ONCE : until[group];
            for (long number = begin; number < stop; number += 4) {
                four v[4];
                for (int k = 0; k < 4; k++)
                    memcpy(&v[k], rows[4 * group + k] + number - 3 * start[4 * group + k], sizeof v[k]);
                turn_over(v);
                for (int k = 0; k < 4; k++)
                    memcpy(tile + (number + k) * UB_LANES + 4 * group, &v[k], sizeof v[k]);
            }
        }
}

UB_EXPORT void UB(pack_tile)(const float *signal, const long *first, const long *start, const long *end, float *tile,
                             long n_time) {
    const float *rows[UB_LANES];
    for (int lane = 0; lane < UB_LANES; lane++)
        rows[lane] = end[lane] > start[lane] ? signal + 3 * (first[lane] + start[lane]) : signal;
    UB(pack_rows)(rows, start, end, tile, n_time);
}

UB_EXPORT void UB(pack_bad)(const uint8_t *bad, const long *first, const long *start, const long *end, uint8_t *tile,
                            long n_time) {
    for (int lane = 0; lane < UB_LANES; lane++)
        for (long t = 0; t < n_time; t++)
            tile[t * UB_LANES + lane] = t < start[lane] || t >= end[lane] ? UB_IDLE : bad ? bad[first[lane] + t] : 0;
}

UB_EXPORT void UB(unpack_tile)(const float *tile, const long *first, const long *start, const long *end,
                               float *signal) {
    long from[GROUPS], until[GROUPS], longest = 0;
    for (int group = 0; group < GROUPS; group++) {
        const int lane = 4 * group;
        long all_start, all_end;
        together(start + lane, end + lane, &all_start, &all_end);
        for (int k = 0; k < 4; k++)
            for (long t = start[lane + k]; t < end[lane + k]; t++) {
                if (t == all_start && all_end > all_start)
                    t = all_end;
                for (int axis = 0; axis < 3 && t < end[lane + k]; axis++)
                    signal[3 * (first[lane + k] + t) + axis] = tile[(3 * t + axis) * UB_LANES + lane + k];
            }
        from[group] = 3 * all_start, until[group] = 3 * all_end;
        longest = until[group] - from[group] > longest ? until[group] - from[group] : longest;
    }
    for (long done = 0; done < longest; done += AT_ONCE)
        for (int group = 0; group < GROUPS; group++) {
            const long begin = from[group] + done;
            const long stop = begin + AT_ONCE < until[group] ? begin + AT_ONCE : until[group];
            for (long number = begin; number < stop; number += 4) {
                four v[4];
                for (int k = 0; k < 4; k++)
                    memcpy(&v[k], tile + (number + k) * UB_LANES + 4 * group, sizeof v[k]);
                turn_over(v);
                for (int k = 0; k < 4; k++)
                    memcpy(signal + 3 * first[4 * group + k] + number, &v[k], sizeof v[k]);
            }
        }
}
