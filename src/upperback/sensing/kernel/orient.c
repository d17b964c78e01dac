/* The vertical from angular velocity and specific force.

   Angular velocity, without its bias, turns a quaternion from the sensor into a frame that hardly turns. There the
   specific force is low-passed, which leaves gravity; turned back it is the vertical in the sensor frame. The bias is
   learnt while the sensor rests. */
#include "lanes.h"
#include "orient.h"

enum { /* rows of the state */
    AGE,
    GAP,
    REST,     /* samples at rest, in a row */
    LEARNT,   /* samples that the bias was learnt from */
    Q,        /* w, x, y, z */
    BIAS = Q + 4,
    FIRST = BIAS + 3,       /* low-pass of the turned specific force */
    SECOND = FIRST + 3,
    GYR_FIRST = SECOND + 3, /* low-passes that tell rest */
    GYR_SECOND = GYR_FIRST + 3,
    ACC_FIRST = GYR_SECOND + 3,
    ACC_SECOND = ACC_FIRST + 3,
    ROWS = ACC_SECOND + 3
};
enum { /* coefficients */
    STEP_S, B0, A1, A2, GAP_MAX, SETTLED, ACC_MAX, GYR_MAX,
    REST_B0, REST_A1, REST_A2, REST_GYR, REST_ACC, REST_RATE, REST_NEEDED, BIAS_GAIN_MIN
};

_Static_assert(ROWS <= UB_ORIENT_STATE, "the state holds every row");
_Static_assert(BIAS_GAIN_MIN < UB_ORIENT_COEFFICIENTS, "the coefficients hold every number");

typedef struct {
    vf b0, b1, a1, a2;
} low_pass;

UB_INLINE low_pass ub_low_pass(float b0, float a1, float a2) {
    return (low_pass){ub_all(b0), ub_all(2 * b0), ub_all(a1), ub_all(a2)};
}

/* One step where `moves` is set; `begins` as if x had always been there. Returns the low-passed x. */
UB_INLINE vf ub_low(const low_pass *f, vf x, vf *first, vf *second, vm moves, vm begins, int masked) {
    if (masked) {
        *first = ub_select(begins, (1 - f->b0) * x, *first);
        *second = ub_select(begins, (f->b0 - f->a2) * x, *second);
    }
    const vf low = f->b0 * x + *first;
    const vf next = f->b1 * x - f->a1 * low + *second, after = f->b0 * x - f->a2 * low;
    *first = masked ? ub_select(moves, next, *first) : next;
    *second = masked ? ub_select(moves, after, *second) : after;
    return low;
}

typedef struct {
    vf row[ROWS];
} lanes_state;

UB_INLINE void orient_step(lanes_state *s, const float *c, const vf g[3], const vf a[3], vm good, vf up[3],
                           int masked) {
    vf *const r = s->row;
    const vf zero = ub_all(0), one = ub_all(1);
    const low_pass force = ub_low_pass(c[B0], c[A1], c[A2]), rest = ub_low_pass(c[REST_B0], c[REST_A1], c[REST_A2]);
    const vm begins = good & (r[AGE] == zero);

    /* Rest: both signals stay near their low-passed selves for long enough. */
    vf gyr_low[3], gyr_off = zero, acc_off = zero, rate = zero;
    for (int k = 0; k < 3; k++) {
        gyr_low[k] = ub_low(&rest, g[k], &r[GYR_FIRST + k], &r[GYR_SECOND + k], good, begins, masked);
        const vf acc_low = ub_low(&rest, a[k], &r[ACC_FIRST + k], &r[ACC_SECOND + k], good, begins, masked);
        gyr_off += (g[k] - gyr_low[k]) * (g[k] - gyr_low[k]);
        acc_off += (a[k] - acc_low) * (a[k] - acc_low);
        rate += gyr_low[k] * gyr_low[k];
    }
    const vm still = (gyr_off < c[REST_GYR]) & (acc_off < c[REST_ACC]) & (rate < c[REST_RATE]);
    const vf rested = ub_only(still, ub_min(r[REST] + one, ub_all(c[REST_NEEDED])));
    const vm learns = good & (rested >= c[REST_NEEDED]);
    const vf learnt = ub_min(r[LEARNT] + one, ub_all(1 / c[BIAS_GAIN_MIN]));
    const vf gain = one / learnt;
    r[REST] = masked ? ub_select(good, rested, r[REST]) : rested;
    r[LEARNT] = ub_select(learns, learnt, r[LEARNT]);

    /* Turn. */
    vf h[3], square = zero;
    for (int k = 0; k < 3; k++) {
        r[BIAS + k] += ub_only(learns, gain * (gyr_low[k] - r[BIAS + k]));
        h[k] = (g[k] - r[BIAS + k]) * (0.5f * c[STEP_S]);
        square += h[k] * h[k];
    }
    const vf sine = one - square * (1 / 6.f - square * (1 / 120.f - square * (1 / 5040.f)));
    const vf cosine = one - square * (0.5f - square * (1 / 24.f - square * (1 / 720.f)));
    for (int k = 0; k < 3; k++)
        h[k] *= sine;
    vf w = r[Q], x = r[Q + 1], y = r[Q + 2], z = r[Q + 3];
    if (masked) {
        w = ub_select(begins, one, w);
        x = ub_only(~begins, x), y = ub_only(~begins, y), z = ub_only(~begins, z);
    }
    vf nw = w * cosine - x * h[0] - y * h[1] - z * h[2], nx = w * h[0] + x * cosine + y * h[2] - z * h[1];
    vf ny = w * h[1] - x * h[2] + y * cosine + z * h[0], nz = w * h[2] + x * h[1] - y * h[0] + z * cosine;
    const vf unit = 1.5f - 0.5f * (nw * nw + nx * nx + ny * ny + nz * nz);
    nw *= unit, nx *= unit, ny *= unit, nz *= unit;
    r[Q] = masked ? ub_select(good, nw, r[Q]) : nw;
    r[Q + 1] = masked ? ub_select(good, nx, r[Q + 1]) : nx;
    r[Q + 2] = masked ? ub_select(good, ny, r[Q + 2]) : ny;
    r[Q + 3] = masked ? ub_select(good, nz, r[Q + 3]) : nz;

    /* The specific force, turned, low-passed, turned back. */
    vf ux = 2 * (ny * a[2] - nz * a[1]), uy = 2 * (nz * a[0] - nx * a[2]), uz = 2 * (nx * a[1] - ny * a[0]);
    const vf turned[3] = {a[0] + nw * ux + ny * uz - nz * uy, a[1] + nw * uy + nz * ux - nx * uz,
                          a[2] + nw * uz + nx * uy - ny * ux};
    vf low[3], length = zero;
    for (int k = 0; k < 3; k++) {
        low[k] = ub_low(&force, turned[k], &r[FIRST + k], &r[SECOND + k], good, begins, masked);
        length += low[k] * low[k];
    }
    const vf scale = one / ub_sqrt(length);
    for (int k = 0; k < 3; k++)
        low[k] *= scale;
    ux = 2 * (ny * low[2] - nz * low[1]), uy = 2 * (nz * low[0] - nx * low[2]), uz = 2 * (nx * low[1] - ny * low[0]);
    up[0] = low[0] - nw * ux + ny * uz - nz * uy;
    up[1] = low[1] - nw * uy + nz * ux - nx * uz;
    up[2] = low[2] - nw * uz + nx * uy - ny * ux;

    const vf older = ub_min(r[AGE] + one, ub_all(c[SETTLED]));
    if (masked) {
        const vf gap = ub_min(r[GAP] + one, ub_all(c[GAP_MAX]));
        r[GAP] = ub_only(~good, gap);
        r[AGE] = ub_select(good, older, ub_only(gap < c[GAP_MAX], r[AGE]));
        for (int k = 0; k < 3; k++)
            up[k] = ub_select(good, up[k], ub_all(__builtin_nanf("")));
    } else {
        r[GAP] = zero;
        r[AGE] = older;
    }
}

static void orient_lanes(const float *restrict gyr, const float *restrict acc, const uint8_t *restrict bad,
                         float *restrict state, float *restrict up, long n_time, const float *restrict c) {
    const vf acc_max = ub_all(c[ACC_MAX]), gyr_max = ub_all(c[GYR_MAX]);
    lanes_state s;
    for (int k = 0; k < ROWS; k++)
        s.row[k] = ub_load(state + k * UB_LANES);
    for (long t = 0; t < n_time; t++, gyr += 3 * UB_LANES, acc += 3 * UB_LANES, up += 3 * UB_LANES, bad += UB_LANES) {
        vf g[3], a[3], out[3];
        vm good = ub_load_clear(bad);
        for (int k = 0; k < 3; k++) {
            g[k] = ub_load(gyr + k * UB_LANES);
            a[k] = ub_load(acc + k * UB_LANES);
            good &= (ub_abs(g[k]) <= gyr_max) & (ub_abs(a[k]) <= acc_max); /* false for NaN */
        }
        if (ub_every(good & (s.row[AGE] > 0))) {
            orient_step(&s, c, g, a, good, out, 0);
        } else {
            for (int k = 0; k < 3; k++)
                g[k] = ub_only(good, g[k]), a[k] = ub_only(good, a[k]);
            orient_step(&s, c, g, a, good, out, 1);
        }
        for (int k = 0; k < 3; k++)
            ub_store(up + k * UB_LANES, out[k]);
    }
    for (int k = 0; k < ROWS; k++)
        ub_store(state + k * UB_LANES, s.row[k]);
}

UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        orient_lanes(gyr + lane, acc + lane, bad + lane, state + lane, up + lane, n_time, coefficients);
}
