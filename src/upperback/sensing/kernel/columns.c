/* Samples as files hold them, column by column, to samples as every stage takes them. devices/_compiled.py holds the
   reference. */
#include "kernel.h"
#include <math.h>

enum { FAR = 1, NOT_FINITE = 2 };

/* The three columns, times `factor`, as rows: out [n][3]. Returns FAR where a value lies beyond `far`, NOT_FINITE where
   one is no number. */
UB_EXPORT int UB(columns_to_rows)(const float *x, const float *y, const float *z, int64_t n, float factor, float far,
                                  float *out) {
    int32_t beyond = 0, odd = 0;
    for (int64_t i = 0; i < n; i++) {
        const float a = x[i] * factor, b = y[i] * factor, c = z[i] * factor;
        out[3 * i] = a, out[3 * i + 1] = b, out[3 * i + 2] = c;
        beyond |= (fabsf(a) > far) | (fabsf(b) > far) | (fabsf(c) > far);
        odd |= !(fabsf(a) < INFINITY) | !(fabsf(b) < INFINITY) | !(fabsf(c) < INFINITY);
    }
    return (beyond ? FAR : 0) | (odd ? NOT_FINITE : 0);
}

/* Do the samples come one after the other on the grid, each within `on_grid` of its place, the first at `first`? No
   two may be closer than `apart` seconds; `before` is the time of the sample before. */
UB_EXPORT int UB(times_in_step)(const double *time_s, int64_t n, double rate, double first, double on_grid, double apart,
                                double before) {
    int64_t off = !(time_s[0] - before > apart);
    for (int64_t i = 0; i < n; i++)
        off |= !(fabs(time_s[i] * rate - (first + (double)i)) <= on_grid);
    for (int64_t i = 1; i < n; i++)
        off |= !(time_s[i] - time_s[i - 1] > apart);
    return !off;
}
