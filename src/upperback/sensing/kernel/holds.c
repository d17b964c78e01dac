/* Static bouts, changes and dose, from one epoch to the next. _hold_rows in posture/_holds.py says the same. */
#include "posture.h"
#include <math.h>

enum { SHARE_MIN, STILL_MAX, SAME_COS, BRIDGE_S, BOUT_S_MIN, DOSE_MIN, FADE };       /* params */
enum { X, Y, Z, LENGTH, START, AWAY, MISSING, LOAD };                               /* state */

UB_EXPORT int64_t UB(posture_holds)(const float *rows, int64_t n_epochs, int64_t first_s, const double *params,
                                    double *state, int64_t *bouts, int64_t *counts, double *peak) {
    int64_t n_bouts = 0;
    for (int64_t k = 0; k < n_epochs; k++, rows += UB_EPOCH_COLUMNS) {
        const double x = rows[UB_EPOCH_UP], y = rows[UB_EPOCH_UP + 1], z = rows[UB_EPOCH_UP + 2];
        const double share = rows[UB_EPOCH_MEASURED], angle = rows[UB_EPOCH_FLEXION];
        const double size = sqrt(x * x + y * y + z * z);
        const int measured = share >= params[SHARE_MIN] && size > 0.5; /* false for NaN */
        const int still = measured && rows[UB_EPOCH_GENERALISED_VELOCITY] < params[STILL_MAX];
        counts[0] += measured;
        if (measured && angle == angle) {
            const double beyond = angle > params[DOSE_MIN] ? angle - params[DOSE_MIN] : 0;
            counts[2] += (int64_t)(beyond * share * 1000 + 0.5);
            state[LOAD] += params[FADE] * (beyond - state[LOAD]);
            if (state[LOAD] > *peak)
                *peak = state[LOAD];
        }
        if (state[LENGTH] > 0) {
            const double along = x * state[X] + y * state[Y] + z * state[Z];
            const double sum = sqrt(state[X] * state[X] + state[Y] * state[Y] + state[Z] * state[Z]);
            if (still && along >= params[SAME_COS] * size * sum) {
                state[LENGTH] += state[AWAY] + 1;
                state[AWAY] = state[MISSING] = 0;
                state[X] += x / size, state[Y] += y / size, state[Z] += z / size;
                continue;
            }
            state[AWAY] += 1;
            if (!measured)
                state[MISSING] = 1;
            if (state[AWAY] <= params[BRIDGE_S])
                continue;
            if (state[LENGTH] >= params[BOUT_S_MIN]) {
                bouts[2 * n_bouts] = (int64_t)state[START];
                bouts[2 * n_bouts + 1] = (int64_t)state[LENGTH];
                n_bouts++;
                counts[1] += state[MISSING] == 0;
            }
            state[LENGTH] = state[AWAY] = state[MISSING] = 0;
        }
        if (still) {
            state[X] = x / size, state[Y] = y / size, state[Z] = z / size;
            state[LENGTH] = 1;
            state[START] = (double)(first_s + k);
        }
    }
    return n_bouts;
}
