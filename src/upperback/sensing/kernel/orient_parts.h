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

/* The lanes beside these are worked on next. They lie on other pages of memory with each sample, where no processor looks
   ahead by itself. Called with the numbers of these lanes; their last number counts, as lanes may begin anywhere in a
   line of memory. `writes` is a constant. */
#define UB_LOOK_ASIDE(numbers, stride, writes)                                                                         \
    if ((stride) > UB_LANES)                                                                                           \
        for (long axis = 0; axis < 3; axis++)                                                                          \
            __builtin_prefetch((numbers) + axis * (stride) + 2 * UB_LANES - 1, writes);

UB_INLINE vf ub_square(const vf v[3]) { return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; }

UB_INLINE void ub_cross(const vf a[3], const vf b[3], vf out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* Half the turn from the last sample to this one, by angular velocities `last` and `now` without bias: the mean of both,
   and what turning about one axis and then another leaves behind. All of it over a quarter of the time between them,
   which is put right in the series for its sine and cosine. */
typedef struct {
    vf apart, sine[4], cosine[4];
    vf wide; /* squares beyond this want the whole series; half of it is exact to 1e-8 below */
} ub_series;

UB_INLINE ub_series ub_series_of(vf since_s) {
    const vf quarter = since_s * 0.25f, square = quarter * quarter;
    const vf fourth = square * square, sixth = fourth * square;
    return (ub_series){
        since_s * (1 / 6.f),
        {quarter, quarter * square * (1 / 6.f), quarter * fourth * (1 / 120.f), quarter * sixth * (1 / 5040.f)},
        {ub_all(1), square * (1 / 2.f), fourth * (1 / 24.f), sixth * (1 / 720.f)},
        0.02f / square,
    };
}

/* Returns the square of h. */
UB_INLINE vf ub_half_turn(const vf last[3], const vf now[3], const ub_series *series, vf h[3]) {
    ub_cross(last, now, h);
    for (int k = 0; k < 3; k++)
        h[k] = last[k] + now[k] + h[k] * series->apart;
    return ub_square(h);
}

/* The quaternion of a half turn that is not wide. */
UB_INLINE void ub_quaternion_of(const vf h[3], vf square, const ub_series *series, vf turn[4]) {
    const vf sine = series->sine[0] - square * (series->sine[1] - square * series->sine[2]);
    turn[0] = series->cosine[0] - square * (series->cosine[1] - square * series->cosine[2]);
    for (int k = 0; k < 3; k++)
        turn[1 + k] = h[k] * sine;
}

/* The quaternion of any half turn. */
UB_INLINE void ub_any_quaternion_of(const vf h[3], vf square, const ub_series *series, vf turn[4]) {
    ub_quaternion_of(h, square, series, turn);
    const vm wide = square > series->wide;
    if (ub_any(wide)) {
        const vf *s = series->sine, *c = series->cosine;
        const vf sine = s[0] - square * (s[1] - square * (s[2] - square * s[3]));
        turn[0] = ub_select(wide, c[0] - square * (c[1] - square * (c[2] - square * c[3])), turn[0]);
        for (int k = 0; k < 3; k++)
            turn[1 + k] = ub_select(wide, h[k] * sine, turn[1 + k]);
    }
}

/* Turn q (w, x, y, z) on. */
UB_INLINE void ub_turn(vf q[4], const vf turn[4]) {
    const vf w = q[0], x = q[1], y = q[2], z = q[3];
    q[0] = w * turn[0] - x * turn[1] - y * turn[2] - z * turn[3];
    q[1] = w * turn[1] + x * turn[0] + y * turn[3] - z * turn[2];
    q[2] = w * turn[2] - x * turn[3] + y * turn[0] + z * turn[1];
    q[3] = w * turn[3] + x * turn[2] - y * turn[1] + z * turn[0];
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

/* The specific force at the time that the gyroscope tells of. */
UB_INLINE void ub_force(const vf a[3], const vf last[3], const float *c, vf force[3]) {
    for (int k = 0; k < 3; k++)
        force[k] = a[k] + (last[k] - a[k]) * c[C_ACC_BACK];
}

/* Add a sample to the sums: what was measured, and what it is in the still frame. */
UB_INLINE void ub_add_measured(vf *sums, const vf g[3], vf gyr2, vf acc2) {
    for (int k = 0; k < 3; k++)
        sums[SUM_GYR + k] += g[k];
    sums[SUM_GYR2] += gyr2;
    sums[SUM_ACC2] += acc2;
}

UB_INLINE void ub_add_turned(vf *sums, const vf m[9], const vf force[3]) {
    for (int k = 0; k < 9; k++)
        sums[SUM_TURN + k] += m[k];
    for (int k = 0; k < 3; k++)
        sums[SUM_FORCE + k] += m[3 * k] * force[0] + m[3 * k + 1] * force[1] + m[3 * k + 2] * force[2];
}

/* The vertical in the sensor frame from its direction in the still frame (nearly a unit vector). */
UB_INLINE void ub_up(const vf m[9], const vf direction[3], const vf rate[3], float delay_s, vf up[3]) {
    vf now[3], ahead[3];
    for (int k = 0; k < 3; k++)
        now[k] = m[k] * direction[0] + m[3 + k] * direction[1] + m[6 + k] * direction[2];
    ub_cross(now, rate, ahead); /* where it has got to since the gyroscope felt this */
    for (int k = 0; k < 3; k++)
        now[k] += ahead[k] * delay_s;
    const vf square = ub_square(now);
    vf unit = 1.875f - square * (1.25f - square * 0.375f); /* exact to 1e-7 where it is used */
    if (!ub_all_within(square, 0.994f, 1.006f)) {          /* rare: directions that lie far apart, or none */
        const vm near = (square >= 0.994f) & (square <= 1.006f);
        unit = ub_select(near, unit, 1 / ub_sqrt(square));
    }
    for (int k = 0; k < 3; k++)
        up[k] = now[k] * unit;
}

/* A direction, as a unit vector; nothing stays nothing. */
UB_INLINE void ub_direction(const vf v[3], vf direction[3]) {
    const vf scale = 1 / ub_sqrt(ub_max(ub_square(v), ub_all(1e-12f)));
    for (int k = 0; k < 3; k++)
        direction[k] = v[k] * scale;
}

/* Measurements of three numbers of the state, one after the other. `gain` and `pull` (innovation over its variance) are
   for the smoother. A measurement needs of the covariance what those before it have left of its own column; all else
   takes up the three at once, so that it is read and written once. */
UB_INLINE void ub_measure(vf *e, int first, const vf value[3], vf variance, vm where, vf gain[3][N_X], vf pull[3]) {
    vf column[3][N_X];
    UB_UNROLL for (int n = 0; n < 3; n++) {
        const int i = first + n;
        UB_UNROLL for (int k = 0; k < N_X; k++) {
            const int known = k >= first && k < i ? k - first : 0; /* what that column has taken up already */
            UB_UNROLL for (int before = 0; before < n; before++)
                if (before >= known)
                    e[AT(k, i)] -= gain[before][k > i ? k : i] * column[before][k > i ? i : k];
            column[n][k] = e[AT(k, i)];
        }
        const vf scale = ub_only(where, 1 / (column[n][i] + variance)), innovation = value[n] - e[i];
        pull[n] = innovation * scale;
        UB_UNROLL for (int k = 0; k < N_X; k++) {
            gain[n][k] = column[n][k] * scale;
            e[k] += gain[n][k] * innovation;
        }
    }
    UB_UNROLL for (int k = 0; k < N_X; k++)
        UB_UNROLL for (int j = 0; j <= k; j++) {
            const int k_known = k >= first && k < first + 3 ? k - first : 0;
            const int known = j >= first && j < first + 3 && j - first > k_known ? j - first : k_known;
            UB_UNROLL for (int n = 0; n < 3; n++)
                if (n >= known)
                    e[AT(k, j)] -= gain[n][k] * column[n][j];
        }
}

/* Does the sensor rest? Small scatter in the stretch, and means that have not moved since the rest began. */
UB_INLINE vm ub_rests(vf *e, const vf *sums, vf share, const float *c) {
    vf gyr[3], acc[3], moved_gyr[3], moved_acc[3];
    UB_UNROLL for (int k = 0; k < 3; k++)
        gyr[k] = sums[SUM_GYR + k] * share;
    const vf gyr2 = ub_square(gyr);
    const vm calm = (sums[SUM_GYR2] * share - gyr2 < c[C_REST_GYR_VAR]) &
                    (gyr2 < c[C_BIAS_MAX] * c[C_BIAS_MAX]) & (sums[SUM_LOST] == 0);
    if (!ub_any(calm)) {
        e[REST] = ub_all(0);
        return calm;
    }
    UB_UNROLL for (int k = 0; k < 3; k++) {
        acc[k] = (sums[SUM_TURN + k] * sums[SUM_FORCE] + sums[SUM_TURN + 3 + k] * sums[SUM_FORCE + 1] +
                  sums[SUM_TURN + 6 + k] * sums[SUM_FORCE + 2]) * (share * share); /* at rest: the mean */
        moved_gyr[k] = gyr[k] - e[REST_GYR + k];
        moved_acc[k] = acc[k] - e[REST_ACC + k];
    }
    const vm still = calm & (sums[SUM_ACC2] * share - ub_square(acc) < c[C_REST_ACC_VAR]);
    const vm same = (ub_square(moved_gyr) < c[C_REST_GYR_MOVE]) & (ub_square(moved_acc) < c[C_REST_ACC_MOVE]);
    const vm goes_on = still & same & (e[REST] > 0), begins = still & ~goes_on;
    UB_UNROLL for (int k = 0; k < 3; k++) {
        e[REST_GYR + k] = ub_select(begins, gyr[k], e[REST_GYR + k]);
        e[REST_ACC + k] = ub_select(begins, acc[k], e[REST_ACC + k]);
    }
    e[REST] = ub_only(still, ub_min(ub_only(goes_on, e[REST]) + 1, ub_all(c[C_REST_NODES])));
    return still & (e[REST] >= c[C_REST_NODES]);
}

/* Does an estimate still make sense, whatever the signal was and whatever rounding has done? */
UB_INLINE vm ub_sound(const vf *e) {
    vf total = ub_all(0), least = e[AT(0, 0)];
    UB_UNROLL for (int k = 0; k < N_X; k++) {
        total += ub_abs(e[k]) + e[AT(k, k)];
        least = ub_min(e[AT(k, k)], least);
    }
    return (least > 0) & (total < 1e6f); /* false for NaN */
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
    if (ub_any(starts | fresh)) UB_UNROLL for (int k = 0; k < 3; k++) {
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
    const vf *turn = sums + SUM_TURN;
    vf gravity_s[3], drift[9], apart[3], moved[3];
    UB_UNROLL for (int k = 0; k < 3; k++) {
        gravity_s[k] = e[X_GRAVITY + k] * c[C_STEP_S];
        apart[k] = e[X_BIAS + k] - bias_used[k];
    }
    UB_UNROLL for (int j = 0; j < 3; j++) {
        drift[j] = gravity_s[2] * turn[3 + j] - gravity_s[1] * turn[6 + j];
        drift[3 + j] = gravity_s[0] * turn[6 + j] - gravity_s[2] * turn[j];
        drift[6 + j] = gravity_s[1] * turn[j] - gravity_s[0] * turn[3 + j];
    }
    UB_UNROLL for (int k = 0; k < 3; k++) {
        moved[k] = drift[3 * k] * apart[0] + drift[3 * k + 1] * apart[1] + drift[3 * k + 2] * apart[2];
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
    const vf none[3] = {ub_all(0), ub_all(0), ub_all(0)};
    vf gain[3][N_X], pull[3];
    ub_measure(e, X_VELOCITY, none, c[C_VELOCITY_VAR] / time_s, all, node ? node->gain : gain, node ? node->pull : pull);
    if (ub_any(rests)) {
        vf gyr[3];
        UB_UNROLL for (int k = 0; k < 3; k++)
            gyr[k] = sums[SUM_GYR + k] * share;
        ub_measure(e, X_BIAS, gyr, c[C_REST_BIAS_VAR] / time_s, rests, node ? node->gain + 3 : gain,
                   node ? node->pull + 3 : pull);
    }
    UB_UNROLL for (int k = 0; k < 3; k++)
        e[X_BIAS + k] = ub_max(ub_min(e[X_BIAS + k], ub_all(c[C_BIAS_MAX])), ub_all(-c[C_BIAS_MAX]));

    /* No signal can be so odd that a lane stays lost: an estimate that rounding has broken begins anew. */
    const vm sound = all & ub_sound(e);
    if (!ub_every(sound))
        for (int k = 0; k < ESTIMATE; k++)
            e[k] = ub_only(sound, e[k]);
}

#endif
