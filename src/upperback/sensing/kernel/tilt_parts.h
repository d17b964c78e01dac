/* The vertical from specific force alone: a low-pass of second order, then the direction of what is left. Live, and with
   hindsight: the same low-pass once more, backward, which takes the delay away. */
#include "orient.h"
#include "orient_parts.h"

enum { L_AGE, L_GAP, L_FIRST, L_SECOND = L_FIRST + 3, L_ROWS = L_SECOND + 3 }; /* rows of the state */
enum { L_B0, L_A1, L_A2, L_GAP_MAX, L_ACC_MAX, L_COEFFICIENTS };

_Static_assert((int)L_ROWS == (int)UB_TILT_STATE, "the state holds every row");
_Static_assert((int)L_COEFFICIENTS == (int)UB_TILT_COEFFICIENTS, "the coefficients hold every number");

#define L_ROW(k) (state + (k) * UB_STATE_STRIDE)

/* Low-pass one sample of every lane (transposed direct form II, which needs two numbers for each axis). */
UB_INLINE void ub_low(vf *s, const vf x[3], const float *c, vf low[3]) {
    for (int k = 0; k < 3; k++) {
        low[k] = c[L_B0] * x[k] + s[L_FIRST + k];
        s[L_FIRST + k] = 2 * c[L_B0] * x[k] - c[L_A1] * low[k] + s[L_SECOND + k];
        s[L_SECOND + k] = c[L_B0] * x[k] - c[L_A2] * low[k];
    }
    s[L_AGE] += 1;
}

/* The same where a lane begins (as if its first sample had always been there) or has none. Returns where it has one. */
static __attribute__((noinline)) vm ub_low_rare(vf *restrict s, const vf x[3], vm fine, vm byte,
                                                const float *restrict c, vf low[3]) {
    const vm good = fine & (byte == 0), begins = good & (s[L_AGE] == 0);
    vf before[L_ROWS], there[3];
    memcpy(before, s, sizeof before);
    for (int k = 0; k < 3; k++) {
        there[k] = ub_only(good, x[k]);
        s[L_FIRST + k] = ub_select(begins, (1 - c[L_B0]) * there[k], s[L_FIRST + k]);
        s[L_SECOND + k] = ub_select(begins, (c[L_B0] - c[L_A2]) * there[k], s[L_SECOND + k]);
    }
    ub_low(s, there, c, low);
    for (int k = 0; k < L_ROWS; k++)
        s[k] = ub_select(good, s[k], before[k]);
    s[L_GAP] = ub_only(~good, s[L_GAP] + ub_only((byte != UB_IDLE) & (s[L_AGE] > 0), ub_all(1)));
    s[L_AGE] = ub_only(s[L_GAP] < c[L_GAP_MAX], s[L_AGE]); /* too long a gap: the next sample is a first one */
    s[L_GAP] = ub_only(s[L_AGE] > 0, s[L_GAP]);
    return good;
}

/* Row t through the low-pass; returns where there is a sample. */
UB_INLINE vm ub_low_row(vf *s, const float *acc, const uint8_t *bad, long stride, const float *c, vf low[3]) {
    vf x[3];
    for (int k = 0; k < 3; k++)
        x[k] = UB_LOAD(acc + k * stride);
    const vm fine = ub_square(x) <= c[L_ACC_MAX] * c[L_ACC_MAX]; /* false for NaN */
    if (UB_CLEAR(bad) && ub_every(fine & (s[L_AGE] > 0) & (s[L_GAP] == 0))) {
        ub_low(s, x, c, low);
        return fine;
    }
    return ub_low_rare(s, x, fine, UB_LOAD_BYTES(bad), c, low);
}

/* Nothing has no direction: NaN, and NaN where there is no sample. */
UB_INLINE void ub_store_up(float *up, long stride, const vf low[3], vm good) {
    const vf scale = ub_select(good, 1 / ub_sqrt(ub_square(low)), ub_all(__builtin_nanf("")));
    for (int k = 0; k < 3; k++)
        UB_STORE(up + k * stride, low[k] * scale);
}

UB_INLINE void ub_tilt(ub_samples at, float *restrict state, long n_time, const float *restrict c) {
    vf s[L_ROWS];
    for (int k = 0; k < L_ROWS; k++)
        s[k] = UB_LOAD(L_ROW(k));
    for (long t = 0; t < n_time; t++) {
        vf low[3];
        UB_LOOK_ASIDE(at.acc, at.stride, 0)
        UB_LOOK_ASIDE(at.up, at.stride, 1)
        const vm good = ub_low_row(s, at.acc, at.bad, at.stride, c, low);
        ub_store_up(at.up, at.stride, low, good);
        at.acc += 3 * at.stride, at.up += 3 * at.stride, at.bad += at.stride;
    }
    for (int k = 0; k < L_ROWS; k++)
        UB_STORE(L_ROW(k), s[k]);
}

/* A window with hindsight: see orient.h. Across a gap, forward and backward begin afresh. */
UB_INLINE void ub_tilt_smooth(ub_samples at, float *restrict state, float *restrict front, const ub_window *window,
                              float *restrict work, const float *restrict c) {
    const long n_time = window->n_time, n_keep = window->n_keep, n_done = window->n_done;
    vf(*lows)[4] = (vf(*)[4])work;
    vf s[L_ROWS];
    for (int k = 0; k < L_ROWS; k++)
        s[k] = n_done ? UB_LOAD(front + k * UB_STATE_STRIDE) : UB_LOAD(L_ROW(k));
    for (long t = n_done; t <= n_time; t++) {
        if (t == n_keep)
            for (int k = 0; k < L_ROWS; k++)
                UB_STORE(L_ROW(k), s[k]);
        if (t == n_time)
            break;
        vf low[3];
        const vm good = ub_low_row(s, at.acc + 3 * t * at.stride, at.bad + t * at.stride, at.stride, c, low);
        for (int k = 0; k < 3; k++)
            lows[t][k] = low[k];
        lows[t][3] = (vf)good;
    }
    for (int k = 0; k < L_ROWS; k++)
        UB_STORE(front + k * UB_STATE_STRIDE, s[k]);
    for (int k = 0; k < L_ROWS; k++)
        s[k] = ub_all(0);
    for (long t = n_time - 1; at.up && t >= 0; t--) { /* without up it is a warm-up */
        const vm good = (vm)lows[t][3];
        vf low[3];
        if (ub_every(good & (s[L_AGE] > 0) & (s[L_GAP] == 0)))
            ub_low(s, lows[t], c, low);
        else
            ub_low_rare(s, lows[t], good, UB_LOAD_BYTES(at.bad + t * at.stride), c, low);
        if (t < n_keep)
            ub_store_up(at.up + 3 * t * at.stride, at.stride, low, good);
    }
    if (n_keep < n_time) /* what the next window begins with */
        memmove(lows, lows + n_keep, (n_time - n_keep) * sizeof *lows);
}
