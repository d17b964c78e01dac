/* Sums over seconds and over five seconds of slots, for movement. movement/_seconds.py and movement/_steps.py hold the
   references. Sums are taken in sixteen parts and in one order, so that every instruction set gives the same bits. */
#include "kernel.h"
#include <math.h>
#include <string.h>

enum { SLOTS = 25, PADDED = 32, PARTS = 16, WINDOW = 5 * SLOTS };

static float added_up(float part[PARTS]) {
    for (int n = PARTS / 2; n > 0; n /= 2)
        for (int j = 0; j < n; j++)
            part[j] += part[j + n];
    return part[0];
}

static float sum(const float v[PADDED]) {
    float part[PARTS];
    for (int j = 0; j < PARTS; j++)
        part[j] = v[j] + v[j + PARTS];
    return added_up(part);
}

/* slots [n][25][3]; NaN where missing. A second with fewer than `least` slots is NaN throughout. mean [n][3], spread,
   mean_length and deviation [n], length [n][25]. */
UB_EXPORT void UB(second_figures)(const float *slots, int64_t n, int64_t least, float *mean, float *spread,
                                  float *mean_length, float *deviation, float *length) {
    for (int64_t second = 0; second < n; second++, slots += 3 * SLOTS) {
        float axis[3][PADDED] = {{0}}, size[PADDED] = {0}, there[PADDED] = {0}, square[PADDED], off[PADDED];
        for (int i = 0; i < SLOTS; i++)
            for (int k = 0; k < 3; k++)
                axis[k][i] = slots[3 * i + k];
        for (int i = 0; i < PADDED; i++)
            size[i] = sqrtf(axis[0][i] * axis[0][i] + axis[1][i] * axis[1][i] + axis[2][i] * axis[2][i]);
        memcpy(length + second * SLOTS, size, SLOTS * sizeof *size);
        for (int i = 0; i < SLOTS; i++)
            there[i] = size[i] < INFINITY ? 1.0F : 0.0F; /* no for NaN */
        const float count = sum(there);
        if (count < (float)SLOTS)
            for (int i = 0; i < SLOTS; i++)
                if (there[i] == 0)
                    axis[0][i] = axis[1][i] = axis[2][i] = size[i] = 0;
        const float per_slot = count >= (float)least ? 1.0F / count : NAN;
        float middle[3];
        for (int k = 0; k < 3; k++)
            mean[3 * second + k] = middle[k] = sum(axis[k]) * per_slot;
        const float middle_length = sum(size) * per_slot;
        mean_length[second] = middle_length;
        for (int i = 0; i < PADDED; i++) {
            const float x = axis[0][i] - middle[0], y = axis[1][i] - middle[1], z = axis[2][i] - middle[2];
            square[i] = (x * x + y * y + z * z) * there[i];
            off[i] = fabsf(size[i] - middle_length) * there[i];
        }
        spread[second] = sqrtf(sum(square) * per_slot);
        deviation[second] = sum(off) * per_slot;
    }
}

/* A filter of linear phase with 2 half + 1 taps: band[half] is the middle one. signal has `half` numbers more at both
   ends than out. */
UB_EXPORT void UB(band_passed)(const float *signal, int64_t n, const float *band, int64_t half, float *out) {
    for (int64_t start = 0; start < n; start += 64) {
        float total[64];
        const int64_t count = n - start < 64 ? n - start : 64;
        const float *at = signal + start;
        for (int64_t i = 0; i < count; i++)
            total[i] = band[half] * at[half + i];
        for (int64_t tap = 0; tap < half; tap++)
            for (int64_t i = 0; i < count; i++)
                total[i] += band[tap] * (at[tap + i] + at[2 * half - tap + i]);
        memcpy(out + start, total, (size_t)count * sizeof *total);
    }
}

/* The slots of some seconds one after the other: the length less `about`, and each axis (axes [3][n * SLOTS]); 0 where
   one is missing. */
UB_EXPORT void UB(slots_of_seconds)(const float *length, const float *acc, const int64_t *seconds, int64_t n,
                                    float about, uint8_t *missing, float *signal, float *axes) {
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < SLOTS; i++) {
            const int64_t from = seconds[k] * SLOTS + i, to = k * SLOTS + i;
            const int there = fabsf(length[from]) < INFINITY;
            missing[to] = !there;
            signal[to] = there ? length[from] - about : 0;
            for (int axis = 0; axis < 3; axis++)
                axes[axis * n * SLOTS + to] = there ? acc[3 * from + axis] : 0;
        }
}

/* Where the signal is highest for half a step to both sides and rises over the lowest by `least` or more, within the
   seconds `at`, and by how much it rises. `period` is the length of a step in slots, of each second, and `reach` the
   longest. Returns how many. */
UB_EXPORT int64_t UB(step_peaks)(const float *signal, const int64_t *at, int64_t n_at, const int64_t *period,
                                 int64_t reach, float least, int64_t *peaks, float *rises) {
    int64_t found = 0;
    for (int64_t k = 0; k < n_at; k++)
        for (int64_t t = at[k] * SLOTS; t < (at[k] + 1) * SLOTS; t++) {
            const float *here = signal + t;
            if (!(here[0] > here[-1] && here[0] >= here[1] && here[0] > 0))
                continue;
            const double step = (double)period[at[k]];
            float highest = here[0], lowest = here[0];
            for (int64_t by = 1; by <= reach && (double)by <= 0.55 * step; by++) {
                highest = here[-by] > highest ? here[-by] : highest;
                highest = here[by] > highest ? here[by] : highest;
            }
            for (int64_t by = 1; by <= reach && (double)by <= 0.75 * step; by++) {
                lowest = here[-by] < lowest ? here[-by] : lowest;
                lowest = here[by] < lowest ? here[by] : lowest;
            }
            if (here[0] >= highest && here[0] - lowest >= least)
                peaks[found] = t, rises[found++] = here[0] - lowest;
        }
    return found;
}

/* How alike five seconds around each of the rows `at` are to themselves some slots later: lags lag[row] + 0, 1, ... of
   them `n_lags`. signals [n_signals][n_slots], all of them together; out [n_at][n_lags]. */
UB_EXPORT void UB(likeness)(const float *signals, int64_t n_signals, int64_t n_slots, const int64_t *at, int64_t n_at,
                            const int64_t *lag, int64_t n_lags, float *out) {
    for (int64_t row = 0; row < n_at; row++) {
        const int64_t first = (at[row] - 2) * SLOTS;
        float window[3][WINDOW + PARTS];
        double square[WINDOW + 1] = {0}; /* of all numbers before */
        for (int64_t k = 0; k < n_signals; k++) {
            memcpy(window[k], signals + k * n_slots + first, WINDOW * sizeof(float));
            memset(window[k] + WINDOW, 0, PARTS * sizeof(float));
        }
        for (int i = 0; i < WINDOW; i++) {
            float here = 0;
            for (int64_t k = 0; k < n_signals; k++)
                here += window[k][i] * window[k][i];
            square[i + 1] = square[i] + (double)here;
        }
        for (int64_t j = 0; j < n_lags; j++) {
            const int64_t by = lag[row] + j, n = WINDOW - by;
            float part[PARTS] = {0};
            for (int64_t k = 0; k < n_signals; k++)
                for (int64_t i = 0; i < n; i += PARTS) /* beyond the window are zeros */
                    for (int p = 0; p < PARTS; p++)
                        part[p] += window[k][i + by + p] * window[k][i + p];
            const double ahead = square[WINDOW] - square[by], behind = square[n];
            out[row * n_lags + j] = added_up(part) / sqrtf((float)(ahead * behind) + 1e-6F);
        }
    }
}

/* Means of every `per` rows of three: out [n][3]. */
UB_EXPORT void UB(means_of_rows)(const float *rows, int64_t n, int64_t per, float *out) {
    for (int64_t i = 0; i < n; i++, rows += 3 * per)
        for (int k = 0; k < 3; k++) {
            float total = rows[k];
            for (int64_t j = 1; j < per; j++)
                total += rows[3 * j + k];
            out[3 * i + k] = total / (float)per;
        }
}

/* Directions of the mean of rows [at + begin, at + end) of three, for `per` moments in a row from each of `at` on; NaN
   where there is hardly any force. out [n_at][per][3]. */
UB_EXPORT void UB(directions)(const float *rows, const int64_t *at, int64_t n_at, int64_t per, int64_t begin,
                              int64_t end, float *out) {
    const float share = 1.0F / (float)(end - begin);
    for (int64_t i = 0; i < n_at; i++)
        for (int64_t j = 0; j < per; j++, out += 3) {
            const float *from = rows + 3 * (at[i] + j + begin);
            float x = 0, y = 0, z = 0;
            for (int64_t k = 0; k < end - begin; k++)
                x += from[3 * k], y += from[3 * k + 1], z += from[3 * k + 2];
            x *= share, y *= share, z *= share;
            const float length = sqrtf(x * x + y * y + z * z);
            const float scale = length > 1 ? 1 / length : NAN;
            out[0] = x * scale, out[1] = y * scale, out[2] = z * scale;
        }
}
