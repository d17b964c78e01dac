/* The vertical with hindsight, for one window of samples. Included with the width of the lanes, like orient_live.h.

   Forward: the same sums and the same filter as live, with each node's prediction and gains kept. Backward: what came
   later corrects each node (the smoother of Bryson and Frazier, which needs no inverse of a covariance). Then gravity
   is drawn straight from node to node in the still frame, and turned into the sensor frame. The window is longer than
   what it yields: the samples beyond are the hindsight. What the forward way found about them is kept for the next
   window, which begins where this one ends to yield. */
#include "orient.h"
#include "orient_parts.h"

enum { /* rows of the state */
    S_GAP,                       /* missing samples in a row; below zero before the first sample */
    S_SEEN,                      /* 1 from the first sample after a start on */
    S_TURN,
    S_LAST = S_TURN + 4,
    S_LAST_ACC = S_LAST + 3,
    S_NOW = S_LAST_ACC + 3,
    S_ESTIMATED = S_NOW + SUMS,
    S_DIRECTION = S_ESTIMATED + ESTIMATE, /* of the vertical in the still frame, where the last window ended */
    S_ROWS = S_DIRECTION + 3
};
_Static_assert((int)S_ROWS <= (int)UB_SMOOTH_STATE, "the state holds every row");
_Static_assert(sizeof(ub_node) <= UB_SMOOTH_NODE * sizeof(float) * UB_WIDTH, "the work space holds every node");

#define S_ROW(k) (state + (k) * UB_STATE_STRIDE)

/* What is put aside for the nodes and the samples of a window, in rings. */
typedef struct {
    ub_node *nodes;
    vf (*turns)[4];
    long first_node, n_nodes, first_turn, n_turns;
} ub_aside;

UB_INLINE ub_node *ub_node_of(const ub_aside *aside, long node) {
    const long at = aside->first_node + node;
    return aside->nodes + (at < aside->n_nodes ? at : at - aside->n_nodes);
}

UB_INLINE vf *ub_turn_of(const ub_aside *aside, long t) {
    const long at = aside->first_turn + t;
    return aside->turns[at < aside->n_turns ? at : at - aside->n_turns];
}

/* Lanes that have a sample in row t. */
UB_INLINE vm ub_have(const ub_samples *at, long t, vf g[3], vf a[3], const float *c) {
    for (int k = 0; k < 3; k++) {
        g[k] = UB_LOAD(at->gyr + (3 * t + k) * at->stride);
        a[k] = UB_LOAD(at->acc + (3 * t + k) * at->stride);
    }
    const vm fine = (ub_square(g) <= c[C_GYR_MAX] * c[C_GYR_MAX]) & (ub_square(a) <= c[C_ACC_MAX] * c[C_ACC_MAX]);
    return UB_CLEAR(at->bad + t * at->stride) ? fine : fine & (UB_LOAD_BYTES(at->bad + t * at->stride) == 0);
}

UB_INLINE void ub_step(vf *s, const vf g[3], const vf a[3], const ub_series *since, const float *c) {
    vf h[3], turn[4], m[9], force[3];
    const vf square = ub_half_turn(s + S_LAST, g, since, h);
    ub_any_quaternion_of(h, square, since, turn);
    ub_turn(s + S_TURN, turn);
    ub_matrix(s + S_TURN, m);
    ub_force(a, s + S_LAST_ACC, c, force);
    ub_add_measured(s + S_NOW, g, ub_square(g), ub_square(a));
    ub_add_turned(s + S_NOW, m, force);
    s[S_NOW + SUM_TIME] += 1;
    for (int k = 0; k < 3; k++) {
        s[S_LAST + k] = g[k];
        s[S_LAST_ACC + k] = a[k];
    }
}

/* A row in which a lane begins, or has no sample. */
static __attribute__((noinline)) void ub_step_rare(vf *restrict s, const vf gyr[3], const vf acc[3], vm good,
                                                   vm passes, const float *restrict c) {
    enum { HELD = S_NOW + SUMS };
    vf before[HELD], g[3], a[3];
    memcpy(before, s, sizeof before);
    const vm begins = good & (s[S_SEEN] == 0);
    const vf turned = s[S_TURN] * s[S_TURN] + ub_square(s + S_TURN + 1);
    s[S_TURN] = ub_select(turned == 0, ub_all(1), s[S_TURN]);
    for (int k = 0; k < 3; k++) {
        g[k] = ub_only(good, gyr[k]);
        a[k] = ub_only(good, acc[k]);
        s[S_LAST + k] = ub_select(begins, g[k], s[S_LAST + k]);
        s[S_LAST_ACC + k] = ub_select(begins, a[k], s[S_LAST_ACC + k]);
    }
    s[S_SEEN] = ub_all(1);
    const ub_series since = ub_series_of(ub_since(s[S_GAP], c));
    ub_step(s, g, a, &since, c);
    ub_unit(s + S_TURN, s[S_GAP] > 0);
    for (int k = 0; k < HELD; k++)
        s[k] = ub_select(good, s[k], before[k]);
    const vm missing = ~good & passes & (s[S_SEEN] > 0);
    s[S_GAP] = ub_only(~good, s[S_GAP] + ub_only(missing, ub_all(1)));
    s[S_NOW + SUM_LOST] += ub_only(missing, ub_all(1));
    s[S_NOW + SUM_TIME] += ub_only(missing, ub_all(1));
    const vm ends = missing & (s[S_GAP] >= c[C_GAP_MAX]);
    s[S_GAP] = ub_only(~ends, s[S_GAP]);
    s[S_SEEN] = ub_only(~ends, s[S_SEEN]);
    s[S_ESTIMATED + STARTED] = ub_only(~ends, s[S_ESTIMATED + STARTED]);
    for (int k = 0; k < SUMS; k++)
        s[S_NOW + k] = ub_only(~ends, s[S_NOW + k]);
}

/* A node in the forward direction. */
static __attribute__((noinline)) void ub_node_forward(vf *restrict s, const float *restrict c,
                                                      ub_node *restrict node) {
    const vm full = s[S_NOW + SUM_TIME] > s[S_NOW + SUM_LOST];
    const vf none[3] = {ub_all(0), ub_all(0), ub_all(0)};
    vf before[ESTIMATE];
    memcpy(before, s + S_ESTIMATED, sizeof before);
    ub_estimate(s + S_ESTIMATED, s + S_NOW, none, c, node);
    node->full = full;
    if (!ub_every(full))
        for (int k = 0; k < ESTIMATE; k++)
            s[S_ESTIMATED + k] = ub_select(full, s[S_ESTIMATED + k], before[k]);
    for (int k = 0; k < SUMS; k++)
        s[S_NOW + k] = ub_only(~full, s[S_NOW + k]);
    ub_unit(s + S_TURN, full);
}

/* The same node in the backward direction: what came later, by way of `later`, moves its gravity. */
UB_INLINE void ub_node_backward(ub_node *node, vf later[N_X], vf direction[3]) {
    vf w[N_X];
    memcpy(w, later, sizeof w);
    if (ub_any(node->rests))
        for (int k = 5; k >= 3; k--) {
            vf along = node->pull[k];
            for (int j = 0; j < N_X; j++)
                along += node->gain[k][j] * w[j];
            w[X_BIAS + k - 3] -= ub_only(node->rests, along);
        }
    for (int k = 2; k >= 0; k--) {
        vf along = node->pull[k];
        for (int j = 0; j < N_X; j++)
            along += node->gain[k][j] * w[j];
        w[X_VELOCITY + k] -= along;
    }
    vf gravity[3];
    for (int k = 0; k < 3; k++) {
        gravity[k] = node->gravity[k];
        for (int j = 0; j < N_X; j++)
            gravity[k] -= node->covariance[k][j] * w[j];
    }
    vf found[3];
    ub_direction(gravity, found);
    for (int k = 0; k < 3; k++) {
        direction[k] = ub_select(node->full, found[k], direction[k]);
        node->direction[k] = direction[k];
    }
    for (int k = 0; k < 3; k++)
        w[k] -= node->time_s * w[X_VELOCITY + k];
    for (int k = 0; k < 3; k++)
        w[X_BIAS + k] += node->drift[k] * w[0] + node->drift[3 + k] * w[1] + node->drift[6 + k] * w[2];
    for (int k = 0; k < X_BIAS; k++)
        w[k] = ub_only(~node->starts, w[k]); /* gravity at a start owes nothing to what was before */
    for (int k = 0; k < N_X; k++)
        later[k] = ub_select(node->full, w[k], later[k]);
}

/* Backward over all nodes; then up for the first n_keep samples. `from`: where the last window ended. */
UB_INLINE void ub_yield(const ub_samples *at, float *restrict state, vf from[3], const ub_aside *aside, long n_nodes,
                        long n_keep, const float *restrict c) {
    const long m = (long)c[C_NODE];
    vf later[N_X], direction[3];
    for (int k = 0; k < N_X; k++)
        later[k] = ub_all(0);
    for (int k = 0; k < 3; k++)
        direction[k] = ub_all(0);
    for (long node = n_nodes - 1; node >= 0; node--)
        ub_node_backward(ub_node_of(aside, node), later, direction);

    for (long node = 0; node * m < n_keep; node++) {
        const long start = node * m, end = start + m < n_keep ? start + m : n_keep;
        const ub_node *here = ub_node_of(aside, node);
        const vm jumps = here->starts | ~(ub_square(from) > 0); /* no direction, or none to go on from */
        vf step[3];
        for (int k = 0; k < 3; k++) {
            from[k] = ub_select(jumps, here->direction[k], from[k]);
            step[k] = (here->direction[k] - from[k]) * (1 / (float)(end - start));
        }
        for (long t = start; t < end; t++) {
            vf g[3], a[3], m9[9], up[3];
            const vm good = ub_have(at, t, g, a, c);
            for (int k = 0; k < 3; k++)
                from[k] += step[k];
            ub_matrix(ub_turn_of(aside, t), m9);
            ub_up(m9, from, g, c[C_GYR_DELAY_S], up);
            for (int k = 0; k < 3; k++)
                UB_STORE(at->up + (3 * t + k) * at->stride, ub_select(good, up[k], ub_all(__builtin_nanf(""))));
        }
        memcpy(from, here->direction, 3 * sizeof *from);
    }
    for (int k = 0; k < 3; k++)
        UB_STORE(S_ROW(S_DIRECTION + k), from[k]);
}

UB_INLINE void ub_smooth(const ub_samples *at, float *restrict state, float *restrict front, const ub_window *window,
                         float *restrict work, const float *restrict c) {
    const long m = (long)c[C_NODE], n_time = window->n_time, n_keep = window->n_keep, n_done = window->n_done;
    const long n_nodes = (n_time + m - 1) / m;
    const long most_nodes = (window->n_most + m - 1) / m;
    ub_node *nodes = (ub_node *)work;
    const ub_aside aside = {nodes, (vf(*)[4])(nodes + most_nodes), window->ring / m, most_nodes, window->ring,
                            window->n_most};
    const ub_series step = ub_series_of(ub_all(c[C_STEP_S]));
    vf s[S_ROWS], from[3];
    for (int k = 0; k < 3; k++)
        from[k] = UB_LOAD(S_ROW(S_DIRECTION + k));
    for (int k = 0; k < S_ROWS; k++)
        s[k] = n_done ? UB_LOAD(front + k * UB_STATE_STRIDE) : UB_LOAD(S_ROW(k));
    for (long t = n_done; t <= n_time; t++) {
        if (t == n_keep)
            for (int k = 0; k < S_DIRECTION; k++)
                UB_STORE(S_ROW(k), s[k]);
        if (t == n_time)
            break;
        vf g[3], a[3];
        const vm good = ub_have(at, t, g, a, c);
        if (ub_every(good & (s[S_SEEN] > 0) & (s[S_GAP] == 0)))
            ub_step(s, g, a, &step, c);
        else
            ub_step_rare(s, g, a, good, UB_LOAD_BYTES(at->bad + t * at->stride) != UB_IDLE, c);
        memcpy(ub_turn_of(&aside, t), s + S_TURN, 4 * sizeof(vf));
        if ((t + 1) % m == 0 || t + 1 == n_time)
            ub_node_forward(s, c, ub_node_of(&aside, t / m));
    }
    for (int k = 0; k < S_ROWS; k++)
        UB_STORE(front + k * UB_STATE_STRIDE, s[k]);
    if (at->up) /* else it is a warm-up */
        ub_yield(at, state, from, &aside, n_nodes, n_keep, c);
}
