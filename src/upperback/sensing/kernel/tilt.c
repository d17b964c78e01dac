/* The vertical from specific force alone: low-pass of second order, then the direction of what is left. */
#include "lanes.h"
#include "orient.h"

enum { AGE, GAP, FIRST, SECOND = FIRST + 3 };               /* rows of the state */
enum { B0, A1, A2, GAP_MAX, SETTLED, ACC_MAX };             /* coefficients */

static inline __attribute__((always_inline)) void tilt_lanes(const float *restrict acc, const uint8_t *restrict bad,
                                                             float *restrict state, float *restrict up, long n_time,
                                                             const float *c) {
    const vf b0 = ub_all(c[B0]), b1 = ub_all(2 * c[B0]), a1 = ub_all(c[A1]), a2 = ub_all(c[A2]);
    const vf gap_max = ub_all(c[GAP_MAX]), settled = ub_all(c[SETTLED]), acc_max = ub_all(c[ACC_MAX] * c[ACC_MAX]);
    const vf one = ub_all(1), nan = ub_all(__builtin_nanf(""));
    vf age = ub_load(state + AGE * UB_LANES), gap = ub_load(state + GAP * UB_LANES), first[3], second[3];
    for (int k = 0; k < 3; k++) {
        first[k] = ub_load(state + (FIRST + k) * UB_LANES);
        second[k] = ub_load(state + (SECOND + k) * UB_LANES);
    }
    for (long t = 0; t < n_time; t++, acc += 3 * UB_LANES, up += 3 * UB_LANES, bad += UB_LANES) {
        vf f[3], low[3];
        for (int k = 0; k < 3; k++)
            f[k] = ub_load(acc + k * UB_LANES);
        const vm fine = f[0] * f[0] + f[1] * f[1] + f[2] * f[2] <= acc_max; /* false for NaN */
        if (ub_clear_bytes(bad) && ub_every(fine & (age > 0))) {
            age = ub_min(age + one, settled);
            gap = ub_all(0);
            for (int k = 0; k < 3; k++) {
                low[k] = b0 * f[k] + first[k];
                first[k] = b1 * f[k] - a1 * low[k] + second[k];
                second[k] = b0 * f[k] - a2 * low[k];
            }
            const vf scale = one / ub_sqrt(low[0] * low[0] + low[1] * low[1] + low[2] * low[2]);
            for (int k = 0; k < 3; k++)
                ub_store(up + k * UB_LANES, low[k] * scale);
        } else {
            const vm byte = ub_load_bytes(bad), good = fine & (byte == 0);
            const vm begins = good & (age == 0); /* as if the first sample had always been there */
            gap = ub_only(~good, gap + ub_only(byte != UB_IDLE, one));
            age = ub_select(good, ub_min(age + one, settled), ub_only(gap < gap_max, age));
            for (int k = 0; k < 3; k++) {
                f[k] = ub_only(good, f[k]);
                first[k] = ub_select(begins, (one - b0) * f[k], first[k]);
                second[k] = ub_select(begins, (b0 - a2) * f[k], second[k]);
                low[k] = b0 * f[k] + first[k];
                first[k] = ub_select(good, b1 * f[k] - a1 * low[k] + second[k], first[k]);
                second[k] = ub_select(good, b0 * f[k] - a2 * low[k], second[k]);
            }
            const vf scale = one / ub_sqrt(low[0] * low[0] + low[1] * low[1] + low[2] * low[2]);
            for (int k = 0; k < 3; k++)
                ub_store(up + k * UB_LANES, ub_select(good, low[k] * scale, nan));
        }
    }
    ub_store(state + AGE * UB_LANES, age);
    ub_store(state + GAP * UB_LANES, gap);
    for (int k = 0; k < 3; k++) {
        ub_store(state + (FIRST + k) * UB_LANES, first[k]);
        ub_store(state + (SECOND + k) * UB_LANES, second[k]);
    }
}

UB_EXPORT void UB(tilt_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                             const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        tilt_lanes(acc + lane, bad + lane, state + lane, up + lane, n_time, coefficients);
}
