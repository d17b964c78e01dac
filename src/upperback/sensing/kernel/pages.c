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

/* Sixteen bits a number, `columns` numbers a sample: the three from `first[k]` on, times `factor[k]`, to out[k] for both
   k, or only for the first where out[1] is NULL. most[k] becomes the largest absolute value. */
UB_EXPORT void UB(counts_to_rows)(const uint8_t *from, int64_t stride, int64_t n_pages, int64_t samples,
                                  int64_t columns, const int64_t *first, const float *factor, float *const *out,
                                  float *most) {
    const int n_out = out[1] ? 2 : 1;
    const int64_t n = samples * columns;
    int16_t counts[NUMBERS], low[NUMBERS] = {0}, high[NUMBERS] = {0}; /* number by number, over all pages */
    for (int64_t page = 0; page < n_pages; page++) {
        memcpy(counts, from + page * stride, (size_t)n * sizeof *counts);
        for (int64_t i = 0; i < n; i++) {
            low[i] = counts[i] < low[i] ? counts[i] : low[i];
            high[i] = counts[i] > high[i] ? counts[i] : high[i];
        }
        for (int k = 0; k < n_out; k++) {
            float values[NUMBERS], *const rows = out[k] + page * 3 * samples, *const to = columns == 3 ? rows : values;
            for (int64_t i = 0; i < n; i++)
                to[i] = (float)counts[i] * factor[k];
            if (columns == 3)
                continue;
            const float *const wanted = values + first[k];
            for (int64_t i = 0; i < samples - 1; i++) /* four at once: the next sample puts the fourth right */
                memcpy(rows + 3 * i, wanted + columns * i, 4 * sizeof *rows);
            memcpy(rows + 3 * (samples - 1), wanted + columns * (samples - 1), 3 * sizeof *rows);
        }
    }
    for (int k = 0; k < n_out; k++) {
        int32_t found = 0;
        for (int64_t i = 0; i < n; i++)
            if (i % columns >= first[k] && i % columns < first[k] + 3) {
                found = high[i] > found ? high[i] : found;
                found = -(int32_t)low[i] > found ? -(int32_t)low[i] : found;
            }
        most[k] = (float)found * factor[k];
    }
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

/* ---- Axivity: heads of blocks of 512 bytes, as devices/_cwa.py describes them ------------------------------------ */

enum { BLOCK_BYTES = 512, DATA_BYTES = 480, DATA_LENGTH = 508, BLOCK_MARK = 0x5841, HAS_FRACTION = 0x8000 };
enum { DAMAGED = 0, GOOD = 1, UNUSED = 2 };

static uint32_t number(const uint8_t *at, int n_bytes) {
    uint32_t found = 0;
    for (int i = 0; i < n_bytes; i++)
        found |= (uint32_t)at[i] << (8 * i);
    return found;
}

/* Days from 1970 to the first of a month since 2000 or after, months counted from 0. */
static int64_t days_to(int64_t year, int64_t month) {
    static const int16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int64_t y = year - 1; /* whole years before this one; every fourth is a leap year up to 2099 */
    const int leap = year % 4 == 0;
    return 365 * (year - 1970) + (y / 4 - 1969 / 4) + before[month] + (leap && month > 1);
}

static int is_good(const uint8_t *block) {
    uint16_t sum = 0;
    if (number(block, 2) != BLOCK_MARK || number(block + 2, 2) != DATA_LENGTH)
        return 0;
    for (int i = 0; i < BLOCK_BYTES / 2; i++)
        sum = (uint16_t)(sum + (block[2 * i] | block[2 * i + 1] << 8));
    const uint32_t clock = number(block + 14, 4), axes = block[25] >> 4, packing = block[25] & 15, n = number(block + 28, 2);
    const uint32_t month = clock >> 22 & 15;
    return (!sum || !number(block + 510, 2)) && month >= 1 && month <= 12 && (clock >> 17 & 31) >= 1 &&
           (clock >> 12 & 31) < 24 && (clock >> 6 & 63) < 60 && (clock & 63) < 60 && n > 0 && block[24] &&
           ((packing == 0 && axes == 3 && 4 * n <= DATA_BYTES) ||
            (packing == 2 && (axes == 3 || axes == 6 || axes == 9) && 2 * axes * n <= DATA_BYTES));
}

/* What each block is, and of each good one (n, 3): at which of its samples the clock was read, what it said in s since
   1970, and its number of samples. */
UB_EXPORT void UB(axivity_heads)(const uint8_t *blocks, int64_t n, uint8_t *kinds, double *heads) {
    for (int64_t k = 0; k < n; k++, blocks += BLOCK_BYTES, heads += 3) {
        const uint32_t mark = number(blocks, 4), clock = number(blocks + 14, 4), seen = number(blocks + 4, 2);
        const int64_t fraction = seen & HAS_FRACTION ? (int64_t)(seen & 0x7FFF) << 1 : 0;
        kinds[k] = is_good(blocks) ? GOOD : !mark || mark == 0xFFFFFFFF ? UNUSED : DAMAGED;
        heads[0] = heads[1] = heads[2] = 0;
        if (kinds[k] != GOOD)
            continue;
        const int64_t days = days_to(2000 + (clock >> 26), (clock >> 22 & 15) - 1) + (clock >> 17 & 31) - 1;
        const int64_t second = days * 86400 + (clock >> 12 & 31) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
        const int64_t whole_hz = 3200 >> (15 - (blocks[24] & 15));
        heads[0] = (double)((int16_t)number(blocks + 26, 2) + (fraction * whole_hz >> 16));
        heads[1] = (double)second + (double)fraction / 65536;
        heads[2] = number(blocks + 28, 2);
    }
}
