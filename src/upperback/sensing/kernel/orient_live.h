/* The live estimate: what a lane does with each sample. Included with the width of the lanes, by orient.c for tiles and
   by orient_one.c for a single lane.

   A node's result is worked out a little after the node, for every lane of the instruction that is waiting by then:
   lanes whose nodes fall on different samples share the work, and what comes out does not depend on the neighbours. */
#include "orient.h"
#include "orient_parts.h"

enum { /* rows of the state */
    AGE,     /* samples since the start; as a float it stops growing at 16 million, which is as good as settled */
    GAP,     /* missing samples in a row */
    CALM,    /* 1 while there is no gap and the first node has been reached */
    RUNS,    /* 1 from the first node on */
    WAITS,   /* 1 while the last node has not been worked out */
    TURN,    /* quaternion, sensor to still frame */
    LAST = TURN + 4,         /* the last angular velocity, without bias */
    LAST_ACC = LAST + 3,
    BIAS = LAST_ACC + 3,     /* taken off the angular velocity */
    UP = BIAS + 3,           /* direction of the vertical in the still frame */
    UP_STEP = UP + 3,        /* what it moves by with each sample */
    NOW = UP_STEP + 3,       /* sums since the last node */
    HOT = NOW + SUMS,        /* rows up to here are needed for each sample */
    THEN = HOT,              /* sums of the stretch that ended with the last node */
    BIAS_THEN = THEN + SUMS,
    ESTIMATED = BIAS_THEN + 3,
    GOAL = ESTIMATED + ESTIMATE, /* direction of the vertical in the still frame, as the last node found it */
    ROWS = GOAL + 3
};
_Static_assert((int)ROWS <= (int)UB_ORIENT_STATE, "the state holds every row");
_Static_assert((int)COEFFICIENTS <= (int)UB_ORIENT_COEFFICIENTS, "the coefficients hold every number");

/* A row of the state in memory. */
#define ROW(k) (state + (k) * UB_STATE_STRIDE)

/* Work out the nodes that wait. */
static __attribute__((noinline)) void ub_work(vf *restrict s, float *restrict state, const float *restrict c) {
    vf e[ESTIMATE], sums[SUMS], bias[3];
    for (int k = 0; k < ESTIMATE; k++)
        e[k] = UB_LOAD(ROW(ESTIMATED + k));
    for (int k = 0; k < SUMS; k++)
        sums[k] = UB_LOAD(ROW(THEN + k));
    for (int k = 0; k < 3; k++)
        bias[k] = UB_LOAD(ROW(BIAS_THEN + k));
    ub_estimate(e, sums, bias, c, NULL);
    const vm waits = s[WAITS] > 0;
    vf goal[3];
    ub_direction(e + X_GRAVITY, goal);
    for (int k = 0; k < 3; k++)
        UB_STORE_WHERE(ROW(GOAL + k), goal[k], waits);
    if (ub_every(waits))
        for (int k = 0; k < ESTIMATE; k++)
            UB_STORE(ROW(ESTIMATED + k), e[k]);
    else
        for (int k = 0; k < ESTIMATE; k++)
            UB_STORE_WHERE(ROW(ESTIMATED + k), e[k], waits);
    s[WAITS] = ub_all(0);
}

/* The direction that the last node found is the goal for the next stretch. */
UB_INLINE void ub_aim(vf *s, const float *state, vm where, const float *c) {
    vf goal[3];
    for (int k = 0; k < 3; k++)
        goal[k] = UB_LOAD(ROW(GOAL + k));
    where &= ub_square(goal) > 0.5f;
    for (int k = 0; k < 3; k++)
        s[UP_STEP + k] = ub_select(where, (goal[k] - s[UP + k]) * c[C_NODE_SHARE], s[UP_STEP + k]);
}

/* A node: the sums are put aside, and the best bias so far is taken off from here on. */
UB_INLINE void ub_reach_node(vf *s, float *state, vm where) {
    for (int k = 0; k < SUMS; k++) {
        UB_STORE_WHERE(ROW(THEN + k), s[NOW + k], where);
        s[NOW + k] = ub_only(~where, s[NOW + k]);
    }
    for (int k = 0; k < 3; k++) {
        const vf bias = ub_select(where, UB_LOAD(ROW(ESTIMATED + X_BIAS + k)), s[BIAS + k]);
        UB_STORE_WHERE(ROW(BIAS_THEN + k), s[BIAS + k], where);
        s[LAST + k] += s[BIAS + k] - bias;
        s[BIAS + k] = bias;
    }
    ub_unit(s + TURN, where);
    s[WAITS] = ub_select(where, ub_all(1), s[WAITS]);
    s[RUNS] = ub_select(where, ub_all(1), s[RUNS]);
    s[CALM] = ub_only(s[GAP] == 0, s[RUNS]);
}

/* What follows from the lanes' places between nodes, where `passes` is set. */
static __attribute__((noinline)) void ub_events(vf *restrict s, float *restrict state, vm passes,
                                                const float *restrict c) {
    const vm due = passes & (s[RUNS] > 0) & (s[NOW + SUM_TIME] == c[C_APPLY]);
    const vm node = passes & (s[NOW + SUM_TIME] >= c[C_NODE]) & (s[NOW + SUM_TIME] > s[NOW + SUM_LOST]);
    if (ub_any(due & (s[WAITS] > 0)))
        ub_work(s, state, c);
    if (ub_any(due))
        ub_aim(s, state, due, c);
    if (ub_any(node))
        ub_reach_node(s, state, node);
}

/* One sample for all lanes: with samples missing before it, before the first node, and however far it turns. */
UB_INLINE void ub_sample(vf *s, const vf g[3], const vf a[3], vf up[3], const float *c) {
    const ub_series since = ub_series_of(ub_since(s[GAP], c));
    vf h[3], turn[4], m[9], rate[3], force[3], mean[3];
    for (int k = 0; k < 3; k++)
        rate[k] = g[k] - s[BIAS + k];
    const vf square = ub_half_turn(s + LAST, rate, &since, h);
    ub_any_quaternion_of(h, square, &since, turn);
    ub_turn(s + TURN, turn);
    ub_unit(s + TURN, s[GAP] > 0);
    ub_matrix(s + TURN, m);
    ub_force(a, s + LAST_ACC, c, force);
    ub_add_measured(s + NOW, g, ub_square(g), ub_square(a));
    ub_add_turned(s + NOW, m, force);
    s[NOW + SUM_TIME] += 1;
    s[AGE] += 1;
    ub_direction(s + NOW + SUM_FORCE, mean); /* before the first node, the mean specific force is the best there is */
    for (int k = 0; k < 3; k++)
        s[UP + k] = ub_select(s[RUNS] == 0, mean[k], s[UP + k] + s[UP_STEP + k]);
    ub_up(m, s + UP, rate, c[C_GYR_DELAY_S], up);
    for (int k = 0; k < 3; k++) {
        s[LAST + k] = rate[k];
        s[LAST_ACC + k] = a[k];
    }
}

/* A sample for lanes of which one has none, begins, or has not reached its first node. */
static __attribute__((noinline)) void ub_rare(vf *restrict s, float *restrict state, const vf gyr[3], const vf acc[3],
                                                const uint8_t *bad, vf up[3], const float *restrict c) {
    const vm fine = (ub_square(gyr) <= c[C_GYR_MAX] * c[C_GYR_MAX]) &
                    (ub_square(acc) <= c[C_ACC_MAX] * c[C_ACC_MAX]); /* false for NaN */
    const vm byte = UB_LOAD_BYTES(bad), good = fine & (byte == 0), begins = good & (s[AGE] == 0);
    const vm missing = ~good & (byte != UB_IDLE) & (s[AGE] > 0);
    vf before[HOT], g[3], a[3];
    memcpy(before, s, sizeof before);
    s[TURN] = ub_select(begins, ub_all(1), s[TURN]);
    for (int k = 0; k < 3; k++) {
        g[k] = ub_only(good, gyr[k]);
        a[k] = ub_only(good, acc[k]);
        s[TURN + 1 + k] = ub_only(~begins, s[TURN + 1 + k]);
        s[LAST + k] = ub_select(begins, g[k] - s[BIAS + k], s[LAST + k]);
        s[LAST_ACC + k] = ub_select(begins, a[k], s[LAST_ACC + k]);
    }
    ub_sample(s, g, a, up, c);
    for (int k = 0; k < 3; k++)
        up[k] = ub_select(good, up[k], ub_all(__builtin_nanf("")));
    for (int k = 0; k < HOT; k++)
        s[k] = ub_select(good, s[k], before[k]);

    s[GAP] = ub_only(~good, s[GAP] + ub_only(missing, ub_all(1)));
    s[CALM] = ub_only(s[GAP] == 0, s[RUNS]);
    s[NOW + SUM_LOST] += ub_only(missing, ub_all(1));
    s[NOW + SUM_TIME] += ub_only(missing, ub_all(1));
    const vm ends = missing & (s[GAP] >= c[C_GAP_MAX]); /* too long: the next sample is a first one */
    if (ub_any(ends)) {
        static const int forgotten[] = {AGE, GAP, CALM, RUNS, UP_STEP, UP_STEP + 1, UP_STEP + 2};
        ub_work(s, state, c); /* or it would depend on the neighbours whether the last node still counts */
        for (int k = 0; k < 7; k++)
            s[forgotten[k]] = ub_only(~ends, s[forgotten[k]]);
        for (int k = 0; k < SUMS; k++)
            s[NOW + k] = ub_only(~ends, s[NOW + k]);
        UB_STORE(ROW(ESTIMATED + STARTED), ub_only(~ends, UB_LOAD(ROW(ESTIMATED + STARTED))));
    }
    ub_events(s, state, good | missing, c);
}

/* Samples of calm lanes are worked on in stretches of so many: first how each turns, then what follows from it. Either
   loop is short enough for a processor to work on several samples at once. */
enum { STRETCH = 32 };

/* Where lanes turn to, until one of them has no sample to be taken as it is; returns how many samples that were. */
UB_INLINE long ub_stretch_turns(vf *s, ub_samples at, long n_time, vf (*turns)[7], const ub_series *step,
                                const float *c) {
    const vf gyr_max = ub_all(c[C_GYR_MAX] * c[C_GYR_MAX]), acc_max = ub_all(c[C_ACC_MAX] * c[C_ACC_MAX]);
    vf q[4], last[3], bias[3], gyr_sum[3], gyr2_sum = s[NOW + SUM_GYR2], acc2_sum = s[NOW + SUM_ACC2];
    for (int k = 0; k < 4; k++)
        q[k] = s[TURN + k];
    for (int k = 0; k < 3; k++) {
        last[k] = s[LAST + k];
        bias[k] = s[BIAS + k];
        gyr_sum[k] = s[NOW + SUM_GYR + k];
    }
    long t = 0;
    for (; t < n_time; t++) {
        vf g[3], a[3], rate[3], h[3], turn[4];
        UB_LOOK_ASIDE(at.gyr, at.stride, 0)
        UB_LOOK_ASIDE(at.acc, at.stride, 0)
        for (int k = 0; k < 3; k++) {
            g[k] = UB_LOAD(at.gyr + k * at.stride);
            a[k] = UB_LOAD(at.acc + k * at.stride);
            rate[k] = g[k] - bias[k];
        }
        const vf gyr2 = ub_square(g), acc2 = ub_square(a), square = ub_half_turn(last, rate, step, h);
        if (!ub_all_at_most(gyr2, gyr_max, acc2, acc_max, square, step->wide) || !UB_CLEAR(at.bad))
            break;
        ub_quaternion_of(h, square, step, turn);
        ub_turn(q, turn);
        for (int k = 0; k < 4; k++)
            turns[t][k] = q[k];
        for (int k = 0; k < 3; k++) {
            gyr_sum[k] += g[k];
            last[k] = turns[t][4 + k] = rate[k];
        }
        gyr2_sum += gyr2;
        acc2_sum += acc2;
        at.gyr += 3 * at.stride, at.acc += 3 * at.stride, at.bad += at.stride;
    }
    for (int k = 0; k < 4; k++)
        s[TURN + k] = q[k];
    for (int k = 0; k < 3; k++) {
        s[LAST + k] = last[k];
        s[NOW + SUM_GYR + k] = gyr_sum[k];
    }
    s[NOW + SUM_GYR2] = gyr2_sum;
    s[NOW + SUM_ACC2] = acc2_sum;
    return t;
}

/* What follows from where they turned to. */
UB_INLINE void ub_stretch_ups(vf *s, ub_samples at, long n_time, vf (*turns)[7], const float *c) {
    vf sums[SUM_FORCE + 3], last[3], direction[3], step[3];
    for (int k = 0; k < SUM_FORCE + 3; k++)
        sums[k] = s[NOW + k];
    for (int k = 0; k < 3; k++) {
        last[k] = s[LAST_ACC + k];
        direction[k] = s[UP + k];
        step[k] = s[UP_STEP + k];
    }
    for (long t = 0; t < n_time; t++) {
        vf a[3], m[9], force[3], up[3];
        UB_LOOK_ASIDE(at.up, at.stride, 1)
        for (int k = 0; k < 3; k++) {
            a[k] = UB_LOAD(at.acc + k * at.stride);
            direction[k] += step[k];
        }
        ub_matrix(turns[t], m);
        ub_force(a, last, c, force);
        ub_add_turned(sums, m, force);
        ub_up(m, direction, turns[t] + 4, c[C_GYR_DELAY_S], up);
        for (int k = 0; k < 3; k++) {
            last[k] = a[k];
            UB_STORE(at.up + k * at.stride, up[k]);
        }
        at.acc += 3 * at.stride, at.up += 3 * at.stride;
    }
    for (int k = 0; k < SUM_FORCE + 3; k++)
        s[NOW + k] = sums[k];
    for (int k = 0; k < 3; k++) {
        s[LAST_ACC + k] = last[k];
        s[UP + k] = direction[k];
    }
}

/* As many samples, up to n_time, as every lane has and after which nothing but the last can be due. Returns how many. */
UB_INLINE long ub_stretch(vf *s, float *state, ub_samples at, long n_time, const ub_series *step, const float *c) {
    vf turns[STRETCH][7];
    const vf time = s[NOW + SUM_TIME];
    const vf due = ub_select(time < c[C_APPLY], ub_all(c[C_APPLY]), ub_all(c[C_NODE]));
    const long n_due = (long)ub_least(due - time);
    n_time = n_time < STRETCH ? n_time : STRETCH;
    n_time = ub_stretch_turns(s, at, n_time < n_due ? n_time : n_due, turns, step, c);
    ub_stretch_ups(s, at, n_time, turns, c);
    s[NOW + SUM_TIME] = time + (float)n_time;
    s[AGE] = ub_min(s[AGE] + (float)n_time, ub_all(0x1p24f));
    if (n_time == n_due)
        ub_events(s, state, s[CALM] > 0, c);
    return n_time;
}

UB_INLINE void ub_live(ub_samples at, float *restrict state, long n_time, const float *restrict c) {
    const ub_series step = ub_series_of(ub_all(c[C_STEP_S]));
    vf s[HOT];
    for (int k = 0; k < HOT; k++)
        s[k] = UB_LOAD(ROW(k));
    for (long t = 0; t < n_time;) {
        long n = ub_every(s[CALM] > 0) ? ub_stretch(s, state, at, n_time - t, &step, c) : 0;
        if (n == 0) {
            vf g[3], a[3], up[3];
            for (int k = 0; k < 3; k++) {
                g[k] = UB_LOAD(at.gyr + k * at.stride);
                a[k] = UB_LOAD(at.acc + k * at.stride);
            }
            ub_rare(s, state, g, a, at.bad, up, c);
            for (int k = 0; k < 3; k++)
                UB_STORE(at.up + k * at.stride, up[k]);
            n = 1;
        }
        t += n;
        at.gyr += 3 * n * at.stride, at.acc += 3 * n * at.stride, at.up += 3 * n * at.stride, at.bad += n * at.stride;
    }
    for (int k = 0; k < HOT; k++)
        UB_STORE(ROW(k), s[k]);
}
