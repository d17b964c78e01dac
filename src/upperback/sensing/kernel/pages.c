/* Samples as devices pack them into pages, to rows of three. devices/_cwa.py holds the references. `from` points at the
   first page's data, pages lie `stride` bytes apart. Each function returns the largest absolute value of its rows. */
#include "kernel.h"
#include <math.h>
#include <string.h>

enum { PARTS = 16, NUMBERS = 256 }; /* more than a page holds */

static float largest(const float *rows, int64_t n) {
    float part[PARTS] = {0}, found = 0;
    int64_t i = 0;
    for (; i + PARTS <= n; i += PARTS)
        for (int j = 0; j < PARTS; j++)
            part[j] = fabsf(rows[i + j]) > part[j] ? fabsf(rows[i + j]) : part[j];
    for (; i < n; i++)
        found = fabsf(rows[i]) > found ? fabsf(rows[i]) : found;
    for (int j = 0; j < PARTS; j++)
        found = part[j] > found ? part[j] : found;
    return found;
}

/* Sixteen bits a number, `columns` numbers a sample; the three from `first` on, times `factor`. */
UB_EXPORT float UB(counts_to_rows)(const uint8_t *from, int64_t stride, int64_t n_pages, int64_t samples,
                                   int64_t columns, int64_t first, float factor, float *out) {
    float found = 0;
    for (int64_t page = 0; page < n_pages; page++, out += 3 * samples) {
        int16_t counts[NUMBERS];
        float values[NUMBERS];
        float *const to = columns == 3 ? out : values;
        memcpy(counts, from + page * stride, (size_t)(samples * columns) * sizeof *counts);
        for (int64_t i = 0; i < samples * columns; i++)
            to[i] = (float)counts[i] * factor;
        if (columns != 3)
            for (int64_t i = 0; i < samples; i++)
                memcpy(out + 3 * i, values + columns * i + first, 3 * sizeof *out);
        const float most = largest(out, 3 * samples);
        found = most > found ? most : found;
    }
    return found;
}

/* Ten bits an axis and two of exponent for all three in one word; scale[exponent] is for values at the top of a word. */
UB_EXPORT float UB(packed_to_rows)(const uint8_t *from, int64_t stride, int64_t n_pages, int64_t samples,
                                   const float *scale, float *out) {
    float found = 0;
    for (int64_t page = 0; page < n_pages; page++, out += 3 * samples) {
        uint32_t words[128];
        memcpy(words, from + page * stride, (size_t)samples * sizeof *words);
        for (int64_t i = 0; i < samples; i++) {
            const float of = scale[words[i] >> 30];
            out[3 * i] = (float)(int32_t)((words[i] << 22) & 0xFFC00000U) * of;
            out[3 * i + 1] = (float)(int32_t)((words[i] << 12) & 0xFFC00000U) * of;
            out[3 * i + 2] = (float)(int32_t)((words[i] << 2) & 0xFFC00000U) * of;
        }
        const float most = largest(out, 3 * samples);
        found = most > found ? most : found;
    }
    return found;
}

/* Times of evenly spaced samples of each page. */
UB_EXPORT void UB(times_in_pages)(const double *start_s, const double *step_s, int64_t n_pages, int64_t samples,
                                  double *out) {
    for (int64_t page = 0; page < n_pages; page++, out += samples)
        for (int64_t i = 0; i < samples; i++)
            out[i] = start_s[page] + step_s[page] * (double)i;
}
