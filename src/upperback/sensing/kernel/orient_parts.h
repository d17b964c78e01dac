/* What the live estimate and the smoother share: one sample, one node, for all lanes of an instruction.

   Frames. The angular velocity turns a quaternion from the sensor into the "still" frame, which turns only as fast as
   the bias that was not taken off. In it the specific force is summed over stretches of a fifth of a second; the end of
   a stretch is a node. At a node a Kalman filter knows, in the still frame,

       gravity    what the specific force is at rest: the vertical, as long as gravity
       velocity   of the sensor; that it stays near zero is the measurement that keeps gravity in place
       bias       of the gyroscope, in the sensor frame

   A sensor at rest shows its bias directly. The numbers are in `Params` on the Python side, with their sources. */
#ifndef UPPERBACK_ORIENT_PARTS_H
#define UPPERBACK_ORIENT_PARTS_H

#include "lanes.h"

enum { /* coefficients */
    C_STEP_S,
    C_NODE,          /* samples between nodes */
    C_NODE_SHARE,    /* 1 / that */
    C_APPLY,         /* samples after a node from which its result is used */
    C_BRIDGE,        /* missing samples over which the turn is guessed from both sides */
    C_GAP_MAX,       /* missing samples in a row after which a lane starts afresh */
    C_ACC_MAX,
    C_GYR_MAX,
    C_GYR_DELAY_S,
    C_ACC_BACK,      /* samples by which the gyroscope is later than the accelerometer */
    C_GRAVITY_VAR,   /* of a start, (m/s2)2 */
    C_GRAVITY_WALK,  /* (m/s2)2 a second */
    C_VELOCITY_VAR,  /* of the measurement that it is zero, (m/s)2 s */
    C_BIAS_VAR,      /* of a start, (rad/s)2 */
    C_BIAS_WALK,     /* (rad/s)2 a second */
    C_BIAS_WALK_TURN, /* the same for each (rad/s)2 of angular velocity */
    C_BIAS_MAX,      /* rad/s */
    C_REST_BIAS_VAR, /* of the measurement that a resting sensor shows its bias, (rad/s)2 s */
    C_REST_NODES,    /* nodes at rest, in a row, before it counts */
    C_REST_GYR_VAR,
    C_REST_ACC_VAR,
    C_REST_GYR_MOVE, /* squares of how far means may move during a rest */
    C_REST_ACC_MOVE,
    C_LOST_VAR,      /* of gravity, for the fourth power of each second of missing samples */
    COEFFICIENTS
};

enum { /* sums over a stretch */
    SUM_TURN,              /* sensor-to-still matrix, by rows */
    SUM_FORCE = SUM_TURN + 9,
    SUM_GYR = SUM_FORCE + 3,
    SUM_GYR2 = SUM_GYR + 3,
    SUM_ACC2,
    SUM_TIME,              /* samples, the missing ones too */
    SUM_LOST,              /* samples that are missing */
    SUMS
};

enum { /* an estimate */
    X_GRAVITY,
    X_VELOCITY = X_GRAVITY + 3,
    X_BIAS = X_VELOCITY + 3,
    N_X = X_BIAS + 3,
    P = N_X,                    /* covariance, lower triangle by rows */
    REST = P + N_X * (N_X + 1) / 2,
    REST_GYR,
    REST_ACC = REST_GYR + 3,
    STARTED = REST_ACC + 3,
    ESTIMATE
};

#define UB_UNROLL _Pragma("GCC unroll 9")
#define AT(i, j) (P + ((i) >= (j) ? (i) * ((i) + 1) / 2 + (j) : (j) * ((j) + 1) / 2 + (i)))

/* Where the lanes' samples stand. */
typedef struct {
    const float *gyr, *acc;
    const uint8_t *bad;
    float *up;
    long stride; /* between numbers of a lane */
} ub_samples;

/* Lanes that stand far apart lie on another page of memory with each sample, where no processor looks ahead by itself. */
UB_INLINE void ub_look_ahead(const ub_samples *at) {
    enum { SAMPLES = 2 };
    if (at->stride > UB_LANES)
        for (long k = 3 * SAMPLES; k < 3 * SAMPLES + 3; k++) {
            if (at->gyr)
                __builtin_prefetch(at->gyr + k * at->stride);
            __builtin_prefetch(at->acc + k * at->stride);
            __builtin_prefetch(at->up + k * at->stride, 1);
        }
}

UB_INLINE vf ub_square(const vf v[3]) { return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; }

UB_INLINE void ub_cross(const vf a[3], const vf b[3], vf out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* Turn q (w, x, y, z) from the last sample to this one: angular velocities `last` and `now`, without bias. The mean of
   both, and what turning about one axis and then another leaves behind. */
UB_INLINE void ub_turn(vf q[4], const vf last[3], const vf now[3], vf step_s) {
    const vf quarter = step_s * 0.25f, small = step_s * step_s * (1 / 24.f);
    vf h[3], apart[3];
    ub_cross(last, now, apart);
    for (int k = 0; k < 3; k++)
        h[k] = (last[k] + now[k]) * quarter + apart[k] * small;
    const vf square = ub_square(h);
    const vf sine = 1 - square * (1 / 6.f - square * (1 / 120.f - square * (1 / 5040.f)));
    const vf cosine = 1 - square * (0.5f - square * (1 / 24.f - square * (1 / 720.f)));
    for (int k = 0; k < 3; k++)
        h[k] *= sine;
    const vf w = q[0], x = q[1], y = q[2], z = q[3];
    q[0] = w * cosine - x * h[0] - y * h[1] - z * h[2];
    q[1] = w * h[0] + x * cosine + y * h[2] - z * h[1];
    q[2] = w * h[1] - x * h[2] + y * cosine + z * h[0];
    q[3] = w * h[2] + x * h[1] - y * h[0] + z * cosine;
}

/* The time since the last sample, where `missing` ones lie between: over a short gap the turn is guessed from both sides. */
UB_INLINE vf ub_since(vf missing, const float *c) { return (ub_min(missing, ub_all(c[C_BRIDGE])) + 1) * c[C_STEP_S]; }

/* Rounding lets the length of q creep away from 1; once a stretch, and after a gap, it is brought back. */
UB_INLINE void ub_unit(vf q[4], vm where) {
    const vf unit = 1 / ub_sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    for (int k = 0; k < 4; k++)
        q[k] = ub_select(where, q[k] * unit, q[k]);
}

UB_INLINE void ub_matrix(const vf q[4], vf m[9]) {
    const vf x2 = q[1] + q[1], y2 = q[2] + q[2], z2 = q[3] + q[3];
    const vf xx = q[1] * x2, yy = q[2] * y2, zz = q[3] * z2, xy = q[1] * y2, xz = q[1] * z2, yz = q[2] * z2;
    const vf wx = q[0] * x2, wy = q[0] * y2, wz = q[0] * z2;
    m[0] = 1 - (yy + zz), m[1] = xy - wz, m[2] = xz + wy;
    m[3] = xy + wz, m[4] = 1 - (xx + zz), m[5] = yz - wx;
    m[6] = xz - wy, m[7] = yz + wx, m[8] = 1 - (xx + yy);
}

/* Add a sample to the sums: g and a as measured, `force` the specific force at the time that the gyroscope tells of. */
UB_INLINE void ub_add(vf *sums, const vf m[9], const vf g[3], const vf force[3], vf gyr2, vf acc2) {
    for (int k = 0; k < 9; k++)
        sums[SUM_TURN + k] += m[k];
    for (int k = 0; k < 3; k++) {
        sums[SUM_FORCE + k] += m[3 * k] * force[0] + m[3 * k + 1] * force[1] + m[3 * k + 2] * force[2];
        sums[SUM_GYR + k] += g[k];
    }
    sums[SUM_GYR2] += gyr2;
    sums[SUM_ACC2] += acc2;
    sums[SUM_TIME] += 1;
}

/* The vertical in the sensor frame from its direction in the still frame (nearly a unit vector). */
UB_INLINE void ub_up(const vf m[9], const vf direction[3], const vf rate[3], float delay_s, vf up[3]) {
    vf now[3], ahead[3];
    for (int k = 0; k < 3; k++)
        now[k] = m[k] * direction[0] + m[3 + k] * direction[1] + m[6 + k] * direction[2];
    ub_cross(now, rate, ahead); /* where it has got to since the gyroscope felt this */
    for (int k = 0; k < 3; k++)
        now[k] += ahead[k] * delay_s;
    const vf square = ub_square(now), off = square - 1;
    vf unit = 1 - off * (0.5f - off * (0.375f - off * 0.3125f));
    const vm far = ub_abs(off) > 0.05f; /* rare: directions that lie far apart, or none */
    if (ub_any(far))
        unit = ub_select(far, 1 / ub_sqrt(square), unit);
    for (int k = 0; k < 3; k++)
        up[k] = now[k] * unit;
}

/* A direction, as a unit vector; nothing stays nothing. */
UB_INLINE void ub_direction(const vf v[3], vf direction[3]) {
    const vf scale = 1 / ub_sqrt(ub_max(ub_square(v), ub_all(1e-12f)));
    for (int k = 0; k < 3; k++)
        direction[k] = v[k] * scale;
}

/* A measurement of one number of the state. `gain` and `pull` (innovation over its variance) are for the smoother. */
UB_INLINE void ub_measure(vf *e, int i, vf value, vf variance, vm where, vf gain[N_X], vf *pull) {
    const vf scale = ub_only(where, 1 / (e[AT(i, i)] + variance));
    const vf innovation = value - e[i];
    vf column[N_X];
    UB_UNROLL for (int k = 0; k < N_X; k++) {
        column[k] = e[AT(k, i)];
        gain[k] = column[k] * scale;
    }
    *pull = innovation * scale;
    UB_UNROLL for (int k = 0; k < N_X; k++)
        e[k] += gain[k] * innovation;
    UB_UNROLL for (int k = 0; k < N_X; k++)
        UB_UNROLL for (int j = 0; j <= k; j++)
            e[AT(k, j)] -= gain[k] * column[j];
}

/* Does the sensor rest? Small scatter in the stretch, and means that have not moved since the rest began. */
UB_INLINE vm ub_rests(vf *e, const vf *sums, vf share, const float *c) {
    vf gyr[3], acc[3], moved_gyr[3], moved_acc[3];
    UB_UNROLL for (int k = 0; k < 3; k++) {
        gyr[k] = sums[SUM_GYR + k] * share;
        acc[k] = (sums[SUM_TURN + k] * sums[SUM_FORCE] + sums[SUM_TURN + 3 + k] * sums[SUM_FORCE + 1] +
                  sums[SUM_TURN + 6 + k] * sums[SUM_FORCE + 2]) * (share * share); /* at rest: the mean */
        moved_gyr[k] = gyr[k] - e[REST_GYR + k];
        moved_acc[k] = acc[k] - e[REST_ACC + k];
    }
    const vm still = (sums[SUM_GYR2] * share - ub_square(gyr) < c[C_REST_GYR_VAR]) &
                     (sums[SUM_ACC2] * share - ub_square(acc) < c[C_REST_ACC_VAR]) &
                     (ub_square(gyr) < c[C_BIAS_MAX] * c[C_BIAS_MAX]) & (sums[SUM_LOST] == 0);
    const vm same = (ub_square(moved_gyr) < c[C_REST_GYR_MOVE]) & (ub_square(moved_acc) < c[C_REST_ACC_MOVE]);
    const vm goes_on = still & same & (e[REST] > 0);
    UB_UNROLL for (int k = 0; k < 3; k++) {
        e[REST_GYR + k] = ub_select(goes_on, e[REST_GYR + k], gyr[k]);
        e[REST_ACC + k] = ub_select(goes_on, e[REST_ACC + k], acc[k]);
    }
    e[REST] = ub_only(still, ub_min(ub_only(goes_on, e[REST]) + 1, ub_all(c[C_REST_NODES])));
    return still & (e[REST] >= c[C_REST_NODES]);
}

/* What the smoother keeps of a node. */
typedef struct {
    vf gravity[3];         /* predicted */
    vf direction[3];       /* of gravity, with hindsight */
    vf covariance[3][N_X]; /* of the predicted gravity with everything */
    vf drift[9];           /* gravity by bias, over the stretch */
    vf time_s;
    vf gain[6][N_X], pull[6];
    vm starts, rests;
    vm full; /* lanes that had a sample */
} ub_node;

/* Take a lane's estimate from the last node to this one. `bias_used` is what was taken off the angular velocity. */
UB_INLINE void ub_estimate(vf *e, const vf *sums, const vf bias_used[3], const float *c, ub_node *node) {
    const vf count = sums[SUM_TIME] - sums[SUM_LOST], share = 1 / count, time_s = count * c[C_STEP_S];
    const vm starts = e[STARTED] == 0, fresh = e[AT(X_BIAS, X_BIAS)] == 0;
    const vm rests = ub_rests(e, sums, share, c);
    const vf lost_s = sums[SUM_LOST] * c[C_STEP_S];

    /* A start: gravity is the mean specific force of the first stretch. What is known of the bias stays. */
    UB_UNROLL for (int k = 0; k < 3; k++) {
        e[X_GRAVITY + k] = ub_select(starts, sums[SUM_FORCE + k] * share, e[X_GRAVITY + k]);
        e[X_VELOCITY + k] = ub_only(~starts, e[X_VELOCITY + k]);
        UB_UNROLL for (int j = 0; j < N_X; j++)
            e[AT(X_GRAVITY + k, j)] = ub_only(~starts, e[AT(X_GRAVITY + k, j)]);
        UB_UNROLL for (int j = 0; j < N_X; j++)
            e[AT(X_VELOCITY + k, j)] = ub_only(~starts, e[AT(X_VELOCITY + k, j)]);
        e[AT(X_GRAVITY + k, X_GRAVITY + k)] =
            ub_select(starts, ub_all(c[C_GRAVITY_VAR]), e[AT(X_GRAVITY + k, X_GRAVITY + k)]);
        e[AT(X_VELOCITY + k, X_VELOCITY + k)] =
            ub_select(starts, c[C_VELOCITY_VAR] / time_s, e[AT(X_VELOCITY + k, X_VELOCITY + k)]);
        e[AT(X_BIAS + k, X_BIAS + k)] = ub_select(fresh, ub_all(c[C_BIAS_VAR]), e[AT(X_BIAS + k, X_BIAS + k)]);
    }
    e[STARTED] = ub_all(1);

    /* Predict. An unknown rest of bias turns gravity in the still frame: drift = -[gravity]x turn. */
    vf turn[9], drift[9], apart[3], turned[3], moved[3];
    UB_UNROLL for (int k = 0; k < 9; k++)
        turn[k] = sums[SUM_TURN + k] * c[C_STEP_S];
    UB_UNROLL for (int j = 0; j < 3; j++) {
        drift[j] = e[2] * turn[3 + j] - e[1] * turn[6 + j];
        drift[3 + j] = e[0] * turn[6 + j] - e[2] * turn[j];
        drift[6 + j] = e[1] * turn[j] - e[0] * turn[3 + j];
        apart[j] = e[X_BIAS + j] - bias_used[j];
    }
    UB_UNROLL for (int k = 0; k < 3; k++)
        turned[k] = turn[3 * k] * apart[0] + turn[3 * k + 1] * apart[1] + turn[3 * k + 2] * apart[2];
    ub_cross(turned, e, moved);
    UB_UNROLL for (int k = 0; k < 3; k++) {
        e[X_VELOCITY + k] += sums[SUM_FORCE + k] * c[C_STEP_S] - time_s * (e[X_GRAVITY + k] + 0.5f * moved[k]);
        e[X_GRAVITY + k] += moved[k];
    }

    /* ... and its covariance: first gravity takes up the drift, then velocity takes up gravity. */
    UB_UNROLL for (int i = 0; i < 3; i++) {
        vf with_bias[3];
        UB_UNROLL for (int j = 0; j < 3; j++) {
            with_bias[j] = e[AT(i, X_BIAS + j)];
            UB_UNROLL for (int k = 0; k < 3; k++)
                with_bias[j] += drift[3 * i + k] * e[AT(X_BIAS + k, X_BIAS + j)];
        }
        UB_UNROLL for (int j = i; j < 3; j++) /* the old rows j >= i meet the new row i */
            UB_UNROLL for (int k = 0; k < 3; k++)
                e[AT(i, j)] += with_bias[k] * drift[3 * j + k] + drift[3 * i + k] * e[AT(j, X_BIAS + k)];
        UB_UNROLL for (int j = 0; j < 3; j++)
            UB_UNROLL for (int k = 0; k < 3; k++)
                e[AT(X_VELOCITY + j, i)] += e[AT(X_VELOCITY + j, X_BIAS + k)] * drift[3 * i + k];
        UB_UNROLL for (int j = 0; j < 3; j++)
            e[AT(i, X_BIAS + j)] = with_bias[j];
    }
    UB_UNROLL for (int i = 0; i < 3; i++) {
        UB_UNROLL for (int j = 0; j <= i; j++)
            e[AT(X_VELOCITY + i, X_VELOCITY + j)] +=
                time_s * (time_s * e[AT(i, j)] - e[AT(X_VELOCITY + i, j)] - e[AT(X_VELOCITY + j, i)]);
    }
    UB_UNROLL for (int i = 0; i < 3; i++)
        UB_UNROLL for (int j = 0; j < 3; j++) {
            e[AT(X_VELOCITY + i, j)] -= time_s * e[AT(i, j)];
            e[AT(X_VELOCITY + i, X_BIAS + j)] -= time_s * e[AT(i, X_BIAS + j)];
        }
    const vf walk = time_s * c[C_GRAVITY_WALK] + lost_s * lost_s * lost_s * lost_s * c[C_LOST_VAR];
    const vf bias_walk = time_s * (c[C_BIAS_WALK] + c[C_BIAS_WALK_TURN] * sums[SUM_GYR2] * share);
    UB_UNROLL for (int k = 0; k < 3; k++) {
        e[AT(k, k)] += walk;
        e[AT(X_VELOCITY + k, X_VELOCITY + k)] += walk * time_s * time_s * (1 / 3.f);
        const vf bias_var = e[AT(X_BIAS + k, X_BIAS + k)]; /* what nothing is learnt about stays as unsure as at first */
        e[AT(X_BIAS + k, X_BIAS + k)] += ub_only(bias_var < c[C_BIAS_VAR], bias_walk);
    }

    vf gain[N_X], pull;
    if (node) {
        UB_UNROLL for (int i = 0; i < 3; i++) {
            node->gravity[i] = e[i];
            UB_UNROLL for (int j = 0; j < N_X; j++)
                node->covariance[i][j] = e[AT(i, j)];
        }
        memcpy(node->drift, drift, sizeof drift);
        node->time_s = time_s;
        node->starts = starts;
        node->rests = rests;
    }

    /* Measure: nobody runs away for long; and a sensor at rest shows its bias. */
    const vm all = count > 0;
    const vf variance = c[C_VELOCITY_VAR] / time_s;
    UB_UNROLL for (int k = 0; k < 3; k++)
        ub_measure(e, X_VELOCITY + k, ub_all(0), variance, all, node ? node->gain[k] : gain,
                   node ? &node->pull[k] : &pull);
    if (ub_any(rests)) {
        const vf rest_variance = c[C_REST_BIAS_VAR] / time_s;
        UB_UNROLL for (int k = 0; k < 3; k++)
            ub_measure(e, X_BIAS + k, sums[SUM_GYR + k] * share, rest_variance, rests,
                       node ? node->gain[3 + k] : gain, node ? &node->pull[3 + k] : &pull);
    }
    UB_UNROLL for (int k = 0; k < 3; k++)
        e[X_BIAS + k] = ub_max(ub_min(e[X_BIAS + k], ub_all(c[C_BIAS_MAX])), ub_all(-c[C_BIAS_MAX]));

    /* No signal can be so odd that a lane stays lost: an estimate that rounding has broken begins anew. */
    vm sound = all;
    UB_UNROLL for (int k = 0; k < N_X; k++)
        sound &= (e[AT(k, k)] > 0) & (e[AT(k, k)] < 1e6f) & (ub_abs(e[k]) < 1e6f);
    if (!ub_every(sound))
        for (int k = 0; k < ESTIMATE; k++)
            e[k] = ub_only(sound, e[k]);
}

#endif
