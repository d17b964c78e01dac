/* Quality of inertial samples: flags sample by sample, and figures of each second. The obvious version stands in
   quality/_reference.py. */
#include "quality.h"
#include <math.h>

enum { GAP = 1, CLIPPED = 2, IMPLAUSIBLE = 8, FREE_FALL = 16 };

enum { GROUP = 64, LANES = 16, MOST = 256 }; /* of samples at once */

/* Is an axis at the end of its range: at the known one, or the third alike where one may be? */
static int clipped(const float *x, const float *one_before, const float *two_before, double limit, int64_t known) {
    for (int k = 0; k < 3; k++)
        if (fabsf(x[k]) >= limit && (known || (x[k] == one_before[k] && one_before[k] == two_before[k])))
            return 1;
    return 0;
}

/* Has gravity turned further than a body can between two samples? */
static int jumped(const float *x, const float *before, const struct limits *l) {
    double dot = 0, here = 0, there = 0;
    int far = 0;
    for (int k = 0; k < 3; k++) {
        far |= fabsf(x[k] - before[k]) > l->jump_step;
        dot += (double)x[k] * before[k], here += (double)x[k] * x[k], there += (double)before[k] * before[k];
    }
    if (!far)
        return 0;
    here = sqrt(here), there = sqrt(there);
    return fabs(here / l->gravity - 1) < l->gravity_share && fabs(there / l->gravity - 1) < l->gravity_share &&
           dot / (here * there) < l->jump_cosine;
}

static int mark(const float *acc, const float *gyr, const struct limits *l, struct memory *m, int64_t at) {
    const float square = acc[0] * acc[0] + acc[1] * acc[1] + acc[2] * acc[2];
    int flags = 0;
    if (isnan(acc[0]) || isnan(acc[1]) || isnan(acc[2]))
        flags |= GAP;
    if (isinf(square) || (gyr && (isinf(gyr[0]) || isinf(gyr[1]) || isinf(gyr[2]))))
        flags |= IMPLAUSIBLE;
    if (clipped(acc, m->acc[1], m->acc[0], l->acc, l->acc_known) ||
        (gyr && clipped(gyr, m->gyr[1], m->gyr[0], l->gyr, l->gyr_known)))
        flags |= CLIPPED;
    m->falling = square < l->fall_square ? m->falling + 1 : 0;
    if (m->falling >= l->fall_first)
        flags |= m->falling <= l->fall_longest ? FREE_FALL : IMPLAUSIBLE;
    if (l->jump_samples && jumped(acc, m->acc[1], l))
        m->jumping = m->jumping > l->jump_samples ? m->jumping : l->jump_samples, m->jumps++, m->jumped_at = at;
    if (m->jumping)
        m->jumping--, flags |= IMPLAUSIBLE;
    return flags;
}

/* Can nothing be wrong with this group? Looks at all three axes at once, without asking which is which. */
static int calm(const float *acc, const float *gyr, const struct limits *l) {
    const float limit = (float)l->acc, least = (float)sqrt(l->fall_square), step = (float)l->jump_step;
    int32_t doubt = 0;
    for (int i = 3; i < 3 * GROUP; i++)
        doubt |= !(fabsf(acc[i]) < limit) | !(fabsf(acc[i] - acc[i - 3]) <= step);
    for (int i = 0; i < 3 * GROUP - 2; i++)
        doubt |= !((fabsf(acc[i]) >= least) | (fabsf(acc[i + 1]) >= least) | (fabsf(acc[i + 2]) >= least));
    if (gyr)
        for (int i = 0; i < 3 * GROUP; i++)
            doubt |= !(fabsf(gyr[i]) < (float)l->gyr);
    return !doubt;
}

static void remember(float memory[2][3], const float *x, int64_t n) {
    for (int64_t t = n > 1 ? n - 2 : 0; t < n; t++)
        for (int k = 0; k < 3; k++)
            memory[0][k] = memory[1][k], memory[1][k] = x[3 * t + k];
}

UB_EXPORT void UB(quality_marks)(const float *acc, const float *gyr, int64_t n, const struct limits *l,
                                 struct memory *m, uint8_t *flags) {
    for (int64_t start = 0; start < n; start += GROUP) {
        const int64_t count = n - start < GROUP ? n - start : GROUP;
        const float *a = acc + 3 * start, *g = gyr ? gyr + 3 * start : gyr;
        int first = 0;
        if (count == GROUP && !m->falling && !m->jumping && calm(a, g, l)) {
            flags[start] |= (uint8_t)mark(a, g, l, m, start); /* the step from the group before */
            remember(m->acc, a, 1);
            if (g)
                remember(m->gyr, g, 1);
            first = m->falling || m->jumping ? 1 : GROUP;
        }
        for (int64_t t = first; t < count; t++) {
            flags[start + t] |= (uint8_t)mark(a + 3 * t, g ? g + 3 * t : g, l, m, start + t);
            remember(m->acc, a + 3 * t, 1);
            if (g)
                remember(m->gyr, g + 3 * t, 1);
        }
        if (first == GROUP) {
            remember(m->acc, a, GROUP);
            if (g)
                remember(m->gyr, g, GROUP);
        }
    }
}

/* Columns of a second. */
enum {
    LENGTH = UB_SECOND_LENGTH,
    SPREAD = UB_SECOND_SPREAD,
    STUCK = UB_SECOND_STUCK,
    UP = UB_SECOND_UP,
    RATE = UB_SECOND_RATE,
    RATE_SPREAD = UB_SECOND_RATE_SPREAD,
    LATER = UB_SECOND_LATER,
    EARLIER = UB_SECOND_EARLIER,
    COLUMNS = UB_SECOND_COLUMNS
};

/* A second's axes side by side, in whole groups of lanes with zeros behind. */
static int64_t apart(const float *x, int64_t n, float axes[3][MOST]) {
    const int64_t room = (n + LANES - 1) / LANES * LANES;
    for (int64_t t = 0; t < n; t++)
        axes[0][t] = x[3 * t], axes[1][t] = x[3 * t + 1], axes[2][t] = x[3 * t + 2];
    for (int64_t t = n; t < room; t++)
        axes[0][t] = axes[1][t] = axes[2][t] = 0;
    return room;
}

/* In pairs of pairs, so that it can be done side by side. */
static double added_up(const float part[LANES]) {
    double sum[LANES / 2];
    for (int j = 0; j < LANES / 2; j++)
        sum[j] = (double)part[j] + (double)part[j + LANES / 2];
    for (int n = LANES / 4; n > 0; n /= 2)
        for (int j = 0; j < n; j++)
            sum[j] += sum[j + n];
    return sum[0];
}

/* Sums of a stretch of a second: of each axis, and of the length less `about` and its square, so that nothing is lost where the
   length hardly varies. Sixteen samples side by side. */
static void add_stretch(float axes[3][MOST], int64_t n, int64_t room, float about, double sums[5]) {
    float part[5][LANES] = {{0}}, off[MOST];
    for (int64_t t = 0; t < room; t++)
        off[t] = sqrtf(axes[0][t] * axes[0][t] + axes[1][t] * axes[1][t] + axes[2][t] * axes[2][t]) - about;
    for (int64_t t = n; t < room; t++)
        off[t] = 0;
    for (int64_t t = 0; t < room; t += LANES)
        for (int j = 0; j < LANES; j++) {
            part[0][j] += axes[0][t + j], part[1][j] += axes[1][t + j], part[2][j] += axes[2][t + j];
            part[3][j] += off[t + j], part[4][j] += off[t + j] * off[t + j];
        }
    for (int k = 0; k < 5; k++)
        sums[k] += added_up(part[k]);
}

/* Does an axis stay the same while another moves more than `least`? */
static int stuck(const float *x, int64_t n, double least) {
    int same[3] = {0}, any = 0, moves = 0;
    for (int k = 0; k < 3; k++) {
        int64_t t = 1;
        while (t < n && x[3 * t + k] == x[k])
            t++;
        same[k] = t >= n;
        any |= same[k];
    }
    for (int k = 0; k < 3 && any; k++) {
        double mean = 0, square = 0;
        for (int64_t t = 0; t < n; t++)
            mean += x[3 * t + k];
        mean /= (double)n;
        for (int64_t t = 0; t < n; t++)
            square += (x[3 * t + k] - mean) * (x[3 * t + k] - mean);
        moves |= sqrt(square / (double)n) > least;
    }
    return any && moves;
}

/* How the gyroscope turns the acceleration, a x w, in the stretch from `start` of a second of `n` samples: weighted with
   the time since the start of the second (`later`) and with the time to its end (`earlier`). */
static void add_turns(float u[3][MOST], float v[3][MOST], int64_t start, int64_t room, int64_t n, double later[3],
                      double earlier[3]) {
    const float per = 1.0F / (float)n;
    float part[6][LANES] = {{0}}, since[MOST];
    for (int64_t t = 0; t < room; t++)
        since[t] = ((float)(start + t) + 0.5F) * per;
    for (int64_t t = 0; t < room; t += LANES)
        for (int j = 0; j < LANES; j++) {
            const int64_t i = t + j;
            const float x = u[1][i] * v[2][i] - u[2][i] * v[1][i], y = u[2][i] * v[0][i] - u[0][i] * v[2][i];
            const float z = u[0][i] * v[1][i] - u[1][i] * v[0][i];
            part[0][j] += x * since[i], part[1][j] += y * since[i], part[2][j] += z * since[i];
            part[3][j] += x * (1 - since[i]), part[4][j] += y * (1 - since[i]), part[5][j] += z * (1 - since[i]);
        }
    for (int k = 0; k < 3; k++)
        later[k] += added_up(part[k]), earlier[k] += added_up(part[3 + k]);
}

UB_EXPORT void UB(quality_seconds)(const float *acc, const float *gyr, int64_t seconds, int64_t n, double gravity,
                                   double stuck_least, double *columns) {
    const double per = 1.0 / (double)n;
    for (int64_t s = 0; s < seconds; s++, acc += 3 * n, gyr = gyr ? gyr + 3 * n : gyr) {
        double *row = columns + s * COLUMNS, force[5] = {0}, rate[5] = {0}, later[3] = {0}, earlier[3] = {0};
        for (int64_t start = 0; start < n; start += MOST) {
            const int64_t count = n - start < MOST ? n - start : MOST;
            float u[3][MOST], v[3][MOST];
            const int64_t room = apart(acc + 3 * start, count, u);
            add_stretch(u, count, room, (float)gravity, force);
            if (!gyr)
                continue;
            apart(gyr + 3 * start, count, v);
            add_stretch(v, count, room, 0, rate);
            add_turns(u, v, start, room, n, later, earlier);
        }
        const double off = force[3] * per, spread = force[4] * per - off * off;
        row[LENGTH] = (float)gravity + off;
        row[SPREAD] = sqrt(spread < 0 ? 0 : spread);
        row[STUCK] = stuck(acc, n, stuck_least);
        double even = rate[4] * per;
        for (int k = 0; k < 3; k++) {
            row[UP + k] = force[k] * per;
            row[RATE + k] = rate[k] * per, even -= row[RATE + k] * row[RATE + k];
            row[LATER + k] = later[k] / (double)n, row[EARLIER + k] = earlier[k] / (double)n;
        }
        row[RATE_SPREAD] = sqrt(even < 0 ? 0 : even);
        for (int k = RATE; k < COLUMNS && !gyr; k++)
            row[k] = NAN;
    }
}
