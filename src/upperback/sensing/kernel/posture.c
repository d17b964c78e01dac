/* Posture of a job's lanes, tile after tile: pack, find the vertical, take angles, count.

   A tile stays in the first cache from its packing to its counting, and no array as long as the recording is written
   but the epochs. */
#include "lanes.h"
#include "orient.h"
#include "posture.h"
#include "side_by_side.h"
#include <math.h>

enum { TILE = 32 };

enum { /* rows of the state; the first two as in orient.h */
    AGE,
    GAP,
    SEEN,        /* 1 where the sample before was measured */
    UP,          /* and this was its vertical */
    INCLINATION = UP + 3,
    SUM_INCLINATION,
    SUM_FLEXION,
    SUM_LATERAL,
    SUM_INCLINATION_VELOCITY,
    SUM_GENERALISED_VELOCITY,
    SUM_UP,
    N_MEASURED = SUM_UP + 3,
    N_VELOCITY,
    SUM_FORCE,   /* length of the specific force, above standard gravity */
    SUM_FORCE_SQUARE,
    N_FORCE,
    N_NOT_WORN,
    ROWS
};
enum { /* coefficients */
    AXIS_UP, AXIS_LEFT = AXIS_UP + 3, AXIS_FRONT = AXIS_LEFT + 3, HAS_UP = AXIS_FRONT + 3, HAS_FRONT, RATE, GAP_MAX,
    SETTLED
};

_Static_assert((int)ROWS <= (int)UB_POSTURE_STATE, "the state holds every row");
_Static_assert((int)SETTLED < (int)UB_POSTURE_COEFFICIENTS, "the coefficients hold every number");

typedef struct {
    _Alignas(64) float acc[TILE * 3 * UB_LANES], gyr[TILE * 3 * UB_LANES], up[TILE * 3 * UB_LANES];
    int32_t bins[TILE * 5 * UB_LANES];
    uint8_t bad[TILE * UB_LANES], why[TILE * UB_LANES]; /* for the filters, and the reason */
    const float *next[3][UB_LANES];                     /* where acc, gyr and up of the next tile stand */
} tile;

/* ------------------------------------------------------------------------------------------------ pack */

static const float nothing[3 * TILE]; /* what a lane reads that has no samples */
static const float missing[3 * TILE] = {[0 ... 3 * TILE - 1] = __builtin_nanf("")}; /* of a signal that a block lacks */

/* The number of the block with this sample, from `number` on; the last one where it lies behind all of them. */
static int64_t block_at(const ub_posture_job *job, int64_t sample, int64_t number) {
    while (number + 1 < job->n_blocks && sample >= job->blocks[number + 1].first)
        number++;
    return number;
}

static const float *rows_at(const float *rows, int64_t first, int64_t is_used) {
    return rows ? rows + 3 * first : is_used ? missing : nothing;
}

UB_INLINE void mark(const ub_posture_job *job, tile *t, int64_t at, uint8_t quality) {
    const uint8_t reason = job->reasons[quality];
    if (reason) {
        t->bad[at] = UB_MISSING;
        t->why[at] = reason;
    }
}

/* Samples [at[lane], at[lane] + n_time) of every lane. `where` is the number of the block in which each lane stands. */
static void pack(const ub_posture_job *job, const int64_t *at, int64_t *where, int64_t n_time, tile *t) {
    const float *rows[3][UB_LANES];
    float edge[3][UB_LANES][3 * TILE];
    const int64_t used[3] = {job->has_acc, job->has_gyr, job->has_up};
    memset(t->bad, 0, (size_t)n_time * UB_LANES);
    memset(t->why, 0, (size_t)n_time * UB_LANES);
    for (int lane = 0; lane < UB_LANES; lane++) {
        const int is_there = lane < job->n_lanes && job->n_blocks;
        const ub_posture_block *block = job->blocks;
        if (is_there)
            block += where[lane] = block_at(job, at[lane], where[lane]);
        const int64_t first = is_there ? at[lane] - block->first : 0;
        if (is_there && first >= 0 && first + n_time <= block->n) {
            rows[0][lane] = rows_at(block->acc, first, used[0]);
            rows[1][lane] = rows_at(block->gyr, first, used[1]);
            rows[2][lane] = rows_at(block->up, first, used[2]);
            for (int k = 0; k < 3; k++)
                t->next[k][lane] = rows[k][lane] + 3 * n_time;
            if (!block->quality)
                continue;
            const uint8_t *const quality = block->quality + first;
            __builtin_prefetch(quality + 2 * TILE);
            if (n_time == TILE) {
                uint64_t some[TILE / 8];
                memcpy(some, quality, sizeof some);
                if (!(some[0] | some[1] | some[2] | some[3]))
                    continue;
            }
            for (int64_t i = 0; i < n_time; i++)
                mark(job, t, i * UB_LANES + lane, quality[i]);
            continue;
        }
        for (int k = 0; k < 3; k++) { /* over an end of a block, or of the recording */
            memset(edge[k][lane], 0, sizeof edge[k][lane]);
            rows[k][lane] = edge[k][lane];
        }
        for (int64_t i = 0, number = is_there ? where[lane] : 0; i < n_time; i++) {
            number = is_there ? block_at(job, at[lane] + i, number) : 0;
            block = job->blocks + number;
            const int64_t row = is_there ? at[lane] + i - block->first : -1;
            if (row < 0 || row >= block->n) {
                t->bad[i * UB_LANES + lane] = UB_IDLE;
                continue;
            }
            const float *const from[3] = {rows_at(block->acc, row, used[0]), rows_at(block->gyr, row, used[1]),
                                          rows_at(block->up, row, used[2])};
            for (int k = 0; k < 3; k++)
                memcpy(edge[k][lane] + 3 * i, from[k], 3 * sizeof(float));
            if (block->quality)
                mark(job, t, i * UB_LANES + lane, block->quality[row]);
        }
    }
    if (job->has_acc)
        ub_side_by_side(rows[0], t->acc, 3 * n_time);
    if (job->has_gyr && !job->has_up)
        ub_side_by_side(rows[1], t->gyr, 3 * n_time);
    if (job->has_up)
        ub_side_by_side(rows[2], t->up, 3 * n_time);
}

/* Have some of the next tile fetched, at sample i of this one: its lanes are more streams than a processor follows by
   itself, and all of them at a time more than it fetches at once. */
UB_INLINE void look_ahead(const ub_posture_job *job, const tile *t, int64_t i) {
    enum { LINE = 16, LINES = 3 * TILE / LINE, PARTS = TILE / UB_LANES };
    const int64_t used[3] = {job->has_acc, job->has_gyr, job->has_up};
    for (int k = 0; k < 3; k++)
        if (used[k])
            for (int64_t line = i / UB_LANES * (LINES / PARTS); line < (i / UB_LANES + 1) * (LINES / PARTS); line++)
                __builtin_prefetch(t->next[k][i % UB_LANES] + LINE * line);
}

/* Ready verticals get length 1; what is none, or of a sample that is not used, becomes NaN. */
static void take_verticals(tile *t, int64_t n_time) {
    for (int64_t i = 0; i < n_time; i++)
        for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH) {
            float *const at = t->up + i * 3 * UB_LANES + lane;
            const vf x = ub_load(at), y = ub_load(at + UB_LANES), z = ub_load(at + 2 * UB_LANES);
            const vf square = x * x + y * y + z * z;
            const vm good = (ub_load_bytes(t->bad + i * UB_LANES + lane) == 0) & (square > 0.25f) & (square < 4);
            const vf scale = ub_select(good, 1 / ub_sqrt(square), ub_all(__builtin_nanf("")));
            ub_store(at, x * scale);
            ub_store(at + UB_LANES, y * scale);
            ub_store(at + 2 * UB_LANES, z * scale);
        }
}

/* ---------------------------------------------------------------------------------------------- angles */

/* Polynomials in deg, fitted to least largest error. The first is for 0 to 0.7072 and off by at most 1.5e-4 deg, the
   second for 0 to 1 and 1.1e-4 deg, the third for 0 to 0.5 and 4e-5 of the angle. */
UB_INLINE vf arcsine_deg(vf x) {
    const vf t = x * x;
    vf p = t * 6.30960842f - 0.426210285f;
    p = p * t + 5.05333091f;
    p = p * t + 9.4743679f;
    p = p * t + 57.2978257f;
    return p * x;
}

UB_INLINE vf arctangent_deg(vf x) {
    const vf t = x * x;
    vf p = t * -0.671457191f + 3.01647149f;
    p = p * t - 6.67074646f;
    p = p * t + 11.0890469f;
    p = p * t - 19.0578842f;
    p = p * t + 57.2944743f;
    return p * x;
}

UB_INLINE vf short_arcsine_deg(vf x) {
    const vf t = x * x;
    return x * ((t * 5.50510918f + 9.42602757f) * t + 57.2976018f);
}

UB_INLINE vf with_sign_of(vf size, vf sign) { return (vf)(((vm)sign & (vm)ub_all(-0.f)) | (vm)size); }

/* The angle, 0 to 180, to where `along` is largest, from the acute angle `part` to the nearest axis: across it if
   `aside` is smaller than `size`, else to it. */
UB_INLINE vf whole_angle_deg(vf part, vf aside, vf size, vf along) {
    const vf acute = ub_where_less(aside, size, part, 90 - part);
    return ub_where_less(along, ub_all(0), 180 - acute, acute);
}

/* Inclination of the spine to the vertical, from the vertical's components along and across the spine. */
UB_INLINE vf inclination_deg(vf along, vf across) {
    const vf size = ub_abs(along);
    return whole_angle_deg(arcsine_deg(ub_min(across, size)), across, size, along);
}

/* Forward bend. The vertical, seen from the trunk, leans the other way than the trunk does. */
UB_INLINE vf flexion_deg(vf along, vf ahead) {
    const vf x = ub_abs(along), y = ub_abs(ahead);
    const vf ratio = ub_min(x, y) / ub_max(ub_max(x, y), ub_all(1e-6f));
    return with_sign_of(whole_angle_deg(arctangent_deg(ratio), y, x, along), -ahead);
}

/* Side-bend to the right. */
UB_INLINE vf lateral_deg(vf aside, vf along, vf ahead) {
    const vf size = ub_abs(aside);
    const vm small = size < 0.7071f;
    if (ub_every(small))
        return with_sign_of(arcsine_deg(size), aside);
    const vf rest = ub_min(ub_sqrt(along * along + ahead * ahead), ub_all(0.7072f));
    const vf part = arcsine_deg(ub_select(small, size, rest));
    return with_sign_of(ub_select(small, part, 90 - part), aside);
}

/* ---------------------------------------------------------------------------------------------- counts */

typedef struct {
    vf row[ROWS];
    vm why[UB_REASONS]; /* samples, by reason */
} lanes_state;

static const int32_t copy_of_lane[UB_LANES] = {
    0, UB_BINS, 2 * UB_BINS, 3 * UB_BINS, 0, UB_BINS, 2 * UB_BINS, 3 * UB_BINS,
    0, UB_BINS, 2 * UB_BINS, 3 * UB_BINS, 0, UB_BINS, 2 * UB_BINS, 3 * UB_BINS};
_Static_assert((int)UB_COPIES == 4 && (int)UB_LANES == 16, "copy_of_lane fits");

/* Where the histograms of these lanes begin. */
typedef struct {
    vm inclination, flexion, lateral, inclination_velocity, generalised_velocity, nowhere;
} places;

UB_INLINE void put_bin(int32_t *to, vm bin, vm place, vm counts, vm nowhere, int fast) {
    bin += place;
    if (!fast)
        bin = (counts & bin) | (~counts & nowhere);
    memcpy(to, &bin, sizeof bin);
}

/* Towards minus infinity. */
UB_INLINE vm whole(vf value) {
#if UB_WIDTH == 16
    return (vm)_mm512_cvt_roundps_epi32((__m512)value, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#else
    const vm near = __builtin_convertvector(value, vm);
    return near + (vm)(__builtin_convertvector(near, vf) > value);
#endif
}

/* Count the bins of a sample of UB_WIDTH lanes, of which `n_lanes` are there. */
UB_INLINE void count_bins(uint32_t *restrict counts, const int32_t *restrict bins, int64_t n_lanes) {
    for (int k = 0; k < 5; k++, bins += UB_LANES) {
        if (n_lanes >= UB_WIDTH) {
#pragma GCC unroll 16
            for (int lane = 0; lane < UB_WIDTH; lane++)
                counts[(uint32_t)bins[lane]]++;
        } else {
            for (int lane = 0; lane < n_lanes; lane++)
                counts[(uint32_t)bins[lane]]++;
        }
    }
}

/* Why the sample of a lane was not measured. */
UB_INLINE void count_reasons(lanes_state *s, const uint8_t *reasons, vm good, vm missed) {
    vm why = ub_load_bytes(reasons);
    why |= (why == 0) & ~good & UB_IMPLAUSIBLE;
    why |= (why == 0) & UB_UNSETTLED;
    for (int reason = UB_GAP; reason < UB_REASONS; reason++)
        s->why[reason] -= (why == reason) & missed;
    s->row[N_NOT_WORN] += ub_only((why == UB_NOT_WORN) & missed, ub_all(1));
}

enum { FORCE_MAX = 10000 }; /* m/s2; false for NaN, which ready verticals may come with */

UB_INLINE vf force_square(const float *acc) {
    const vf x = ub_load(acc), y = ub_load(acc + UB_LANES), z = ub_load(acc + 2 * UB_LANES);
    return x * x + y * y + z * z;
}

UB_INLINE int have_force(const float *acc) {
    return ub_all_within(force_square(acc), 0, (float)FORCE_MAX * FORCE_MAX);
}

/* One sample of UB_WIDTH lanes. `fast`: every lane counts, has a settled vertical and a force, and had them before. */
UB_INLINE void posture_step(lanes_state *s, const float *c, const vf up[3], const float *acc, const uint8_t *reasons,
                            vm good, vm counts, const places *at, int32_t *bins, int fast) {
    vf *const r = s->row;
    const vf one = ub_all(1);
    vm measured = counts, follows = counts;
    if (!fast) { /* the same counting as in orient.c */
        const vf gap = ub_only(~good, ub_min(r[GAP] + one, ub_all(c[GAP_MAX])));
        r[AGE] = ub_select(good, ub_min(r[AGE] + one, ub_all(c[SETTLED])), ub_only(gap < c[GAP_MAX], r[AGE]));
        r[GAP] = gap;
        const vm settled = good & (r[AGE] >= c[SETTLED]);
        measured = settled & counts;
        follows = measured & (r[SEEN] > 0);
        r[SEEN] = ub_only(settled, one);
        count_reasons(s, reasons, good, counts & ~measured);
    }
    if (!fast)
        s->why[UB_MEASURED] -= measured;

    const vf x = up[0], y = up[1], z = up[2];
    const vf along = x * c[AXIS_UP] + y * c[AXIS_UP + 1] + z * c[AXIS_UP + 2];
    const vf aside = x * c[AXIS_LEFT] + y * c[AXIS_LEFT + 1] + z * c[AXIS_LEFT + 2];
    const vf ahead = x * c[AXIS_FRONT] + y * c[AXIS_FRONT + 1] + z * c[AXIS_FRONT + 2];
    const vf inclination = inclination_deg(along, ub_sqrt(aside * aside + ahead * ahead));
    const vf flexion = flexion_deg(along, ahead);
    const vf lateral = lateral_deg(aside, along, ahead);

    /* Speeds, where the sample before was measured too. */
    const vf dx = x - r[UP], dy = y - r[UP + 1], dz = z - r[UP + 2];
    const vf half_chord = ub_min(ub_sqrt(dx * dx + dy * dy + dz * dz) * 0.5f, ub_all(0.5f)); /* 60 deg from one */
    const vf generalised = short_arcsine_deg(half_chord) * (2 * c[RATE]);               /* sample to the next */
    const vf turned = ub_abs(inclination - r[INCLINATION]) * c[RATE];
    r[UP] = x, r[UP + 1] = y, r[UP + 2] = z, r[INCLINATION] = inclination;

    /* Sums of the epoch. In fast steps the caller counts them. */
#define ADD(sum, where, what) r[sum] += fast ? (what) : ub_only(where, what)
    ADD(SUM_INCLINATION, measured, inclination);
    ADD(SUM_FLEXION, measured, flexion);
    ADD(SUM_LATERAL, measured, lateral);
    ADD(SUM_UP, measured, x);
    ADD(SUM_UP + 1, measured, y);
    ADD(SUM_UP + 2, measured, z);
    ADD(SUM_INCLINATION_VELOCITY, follows, turned);
    ADD(SUM_GENERALISED_VELOCITY, follows, generalised);
    if (!fast) {
        r[N_MEASURED] += ub_only(measured, one);
        r[N_VELOCITY] += ub_only(follows, one);
    }
    if (acc) {
        const vf force = ub_sqrt(force_square(acc)) - 9.80665f;
        const vm plain = measured & (force < FORCE_MAX);
        ADD(SUM_FORCE, plain, force);
        ADD(SUM_FORCE_SQUARE, plain, force * force);
        if (!fast)
            r[N_FORCE] += ub_only(plain, one);
    }
#undef ADD

    const vm has_up = c[HAS_UP] > 0 ? measured : measured & 0, has_front = c[HAS_FRONT] > 0 ? measured : measured & 0;
    const vf fastest = ub_all(2047);
    const vm turned_bin = __builtin_convertvector(ub_min(turned * 4, fastest), vm);
    const vm generalised_bin = __builtin_convertvector(ub_min(generalised * 4, fastest), vm);
    put_bin(bins, __builtin_convertvector(inclination * 10, vm), at->inclination, has_up, at->nowhere, fast);
    put_bin(bins + UB_LANES, whole(flexion * 10), at->flexion, has_front, at->nowhere, fast);
    put_bin(bins + 2 * UB_LANES, whole(lateral * 10), at->lateral, has_front, at->nowhere, fast);
    put_bin(bins + 3 * UB_LANES, turned_bin, at->inclination_velocity, has_up & follows, at->nowhere, fast);
    put_bin(bins + 4 * UB_LANES, generalised_bin, at->generalised_velocity, follows, at->nowhere, fast);
}

/* Samples [begin, end) of a tile; none of them is the first of an epoch but perhaps `begin`. Bins are counted while the
   next sample is worked on, as one needs of a processor what the other does not. */
static void posture_lanes(const ub_posture_job *job, tile *t, int lane, int64_t begin, int64_t end,
                          const int32_t *counts_now) {
    lanes_state s;
    vm counts, copy;
    int64_t n_fast = 0;
    float *const state = job->state + lane;
    const float *const c = job->coefficients;
    const int complete = c[HAS_UP] > 0 && c[HAS_FRONT] > 0 && job->has_acc;
    for (int k = 0; k < ROWS; k++)
        s.row[k] = ub_load(state + k * UB_LANES);
    for (int k = 0; k < UB_REASONS; k++)
        s.why[k] = (vm){0};
    memcpy(&counts, counts_now + lane, sizeof counts);
    memcpy(&copy, copy_of_lane + lane, sizeof copy);
    const places place = {copy + UB_INCLINATION, copy + UB_FLEXION + 1800, copy + UB_LATERAL + 900,
                          copy + UB_INCLINATION_VELOCITY, copy + UB_GENERALISED_VELOCITY, copy + UB_NOWHERE};
    for (int64_t i = begin; i < end; i++) {
        const int64_t at = i * 3 * UB_LANES + lane;
        const vf up[3] = {ub_load(t->up + at), ub_load(t->up + at + UB_LANES), ub_load(t->up + at + 2 * UB_LANES)};
        const vf square = up[0] * up[0] + up[1] * up[1] + up[2] * up[2];
        const float least = 0.9f, most = 1.1f; /* nothing else may get near a bin */
        const float *const acc = job->has_acc ? t->acc + at : 0;
        const uint8_t *const reasons = t->why + i * UB_LANES + lane;
        int32_t *const bins = t->bins + i * 5 * UB_LANES + lane;
        if (complete && ub_every(counts & (s.row[SEEN] > 0)) && ub_all_within(square, least, most) && have_force(acc)) {
            posture_step(&s, c, up, acc, reasons, counts, counts, &place, bins, 1);
            n_fast++;
        } else {
            posture_step(&s, c, up, acc, reasons, (square >= least) & (square <= most), counts, &place, bins, 0);
        }
        if (lane == 0)
            look_ahead(job, t, i);
        if (i > begin)
            count_bins(job->counts, bins - 5 * UB_LANES, job->n_lanes - lane);
    }
    count_bins(job->counts, t->bins + (end - 1) * 5 * UB_LANES + lane, job->n_lanes - lane);
    if (n_fast) {
        s.row[N_MEASURED] += (float)n_fast;
        s.row[N_VELOCITY] += (float)n_fast;
        s.row[N_FORCE] += (float)n_fast;
        job->samples[UB_MEASURED] += n_fast * UB_WIDTH;
    }
    for (int k = 0; k < ROWS; k++)
        ub_store(state + k * UB_LANES, s.row[k]);
    if (n_fast < end - begin)
        for (int k = 0; k < UB_REASONS; k++)
            for (int l = 0; l < UB_WIDTH; l++)
                job->samples[k] += s.why[k][l];
}

/* ---------------------------------------------------------------------------------------------- epochs */

/* Negative for the epoch in which the recording begins; posture/_grid.py says the same. */
static int64_t first_of_epoch(const ub_posture_job *job, int64_t epoch) {
    return (int64_t)ceil((double)epoch * job->rate - job->phase - 1e-3);
}

/* Writes the finished epochs of the lanes where `over` is set, and begins the next ones. `expected`: their samples. */
static void finish_epochs(const ub_posture_job *job, const int32_t *over, const int64_t *epoch, const float *expected) {
    float columns[UB_EPOCH_COLUMNS][UB_LANES];
    const vf nan = ub_all(__builtin_nanf("")), none = ub_all(0), one = ub_all(1);
    const vf up_known = job->coefficients[HAS_UP] > 0 ? one : nan;
    const vf front_known = job->coefficients[HAS_FRONT] > 0 ? one : nan;
    for (int lane = 0; lane < job->n_lanes; lane += UB_WIDTH) {
        vf s[ROWS], to[UB_EPOCH_COLUMNS];
        for (int k = 0; k < ROWS; k++)
            s[k] = ub_load(job->state + k * UB_LANES + lane);
        const vf n = s[N_MEASURED], n_velocity = s[N_VELOCITY], n_force = s[N_FORCE], all = ub_load(expected + lane);
        const vf share = ub_where_less(none, n, 1 / n, nan);
        const vf share_velocity = ub_where_less(none, n_velocity, 1 / n_velocity, nan);
        to[UB_EPOCH_INCLINATION] = s[SUM_INCLINATION] * share * up_known;
        to[UB_EPOCH_FLEXION] = s[SUM_FLEXION] * share * front_known;
        to[UB_EPOCH_LATERAL] = s[SUM_LATERAL] * share * front_known;
        to[UB_EPOCH_INCLINATION_VELOCITY] = s[SUM_INCLINATION_VELOCITY] * share_velocity * up_known;
        to[UB_EPOCH_GENERALISED_VELOCITY] = s[SUM_GENERALISED_VELOCITY] * share_velocity;
        for (int k = 0; k < 3; k++)
            to[UB_EPOCH_UP + k] = s[SUM_UP + k] * share;
        const vf share_force = 1 / n_force, mean = s[SUM_FORCE] * share_force, square = s[SUM_FORCE_SQUARE] * share_force;
        const vf variance = ub_where_less(mean * mean, square, square - mean * mean, none);
        to[UB_EPOCH_MOVEMENT] = ub_where_less(none, n_force, ub_sqrt(variance), nan);
        const vf share_expected = 1 / all;
        to[UB_EPOCH_MEASURED] = ub_select(n == all, one, n * share_expected);
        to[UB_EPOCH_NOT_WORN] = s[N_NOT_WORN] * share_expected;
        for (int k = 0; k < UB_EPOCH_COLUMNS; k++)
            ub_store(columns[k] + lane, to[k]);
        vm ends;
        memcpy(&ends, over + lane, sizeof ends);
        for (int k = SUM_INCLINATION; k < ROWS; k++)
            ub_store(job->state + k * UB_LANES + lane, ub_only(~ends, s[k]));
    }
    for (int lane = 0; lane < job->n_lanes; lane++) {
        const int64_t row = epoch[lane] - job->first_epoch;
        if (over[lane] && row >= 0 && row < job->n_epochs)
            for (int k = 0; k < UB_EPOCH_COLUMNS; k++)
                job->epochs[row * UB_EPOCH_COLUMNS + k] = columns[k][lane];
    }
}

/* --------------------------------------------------------------------------------------------- the job */

/* A single lane by itself: fifteen idle ones beside it would cost as much as fifteen busy ones. */
static void orient_alone(const ub_posture_job *job, tile *t, int64_t n_time) {
    float gyr[3 * TILE], acc[3 * TILE], up[3 * TILE], state[UB_ORIENT_STATE];
    uint8_t bad[TILE];
    for (int64_t k = 0; k < 3 * n_time; k++)
        gyr[k] = t->gyr[k * UB_LANES], acc[k] = t->acc[k * UB_LANES];
    for (int64_t i = 0; i < n_time; i++)
        bad[i] = t->bad[i * UB_LANES];
    for (int k = 0; k < UB_ORIENT_STATE; k++)
        state[k] = job->vertical_state[k * UB_LANES];
    UB(orient_one)(gyr, acc, bad, state, up, (long)n_time, job->vertical_coefficients);
    for (int k = 0; k < UB_ORIENT_STATE; k++)
        job->vertical_state[k * UB_LANES] = state[k];
    for (int64_t k = 0; k < 3 * n_time; k++)
        t->up[k * UB_LANES] = up[k];
}

static void find_vertical(const ub_posture_job *job, tile *t, int64_t n_time) {
    if (job->has_up)
        take_verticals(t, n_time);
    else if (job->has_gyr && job->n_lanes == 1)
        orient_alone(job, t, n_time);
    else if (job->has_gyr)
        UB(orient_tile)(t->gyr, t->acc, t->bad, job->vertical_state, t->up, (long)n_time, job->vertical_coefficients);
    else
        UB(tilt_tile)(t->acc, t->bad, job->vertical_state, t->up, (long)n_time, job->vertical_coefficients);
}

UB_EXPORT void UB(posture_run)(const ub_posture_job *job) {
    int64_t at[UB_LANES] = {0}, where[UB_LANES] = {0}, epoch[UB_LANES] = {0}, next[UB_LANES] = {0}, longest = 0;
    int32_t counts_now[UB_LANES] = {0}, over[UB_LANES] = {0};
    float expected[UB_LANES] = {0};
    tile t;
    memset(t.next, 0, sizeof t.next);
    if (job->n_lanes < UB_LANES)
        memset(&t, 0, sizeof t); /* lanes without samples are worked on with those beside them */
    for (int lane = 0; lane < job->n_lanes; lane++) {
        at[lane] = job->from[lane] - job->n_warm;
        epoch[lane] = job->epoch[lane];
        next[lane] = first_of_epoch(job, epoch[lane] + 1);
        if (job->until[lane] - job->from[lane] > longest)
            longest = job->until[lane] - job->from[lane];
    }

    for (int64_t done = 0; done < job->n_warm;) {
        const int64_t n_time = job->n_warm - done < TILE ? job->n_warm - done : TILE;
        pack(job, at, where, n_time, &t);
        find_vertical(job, &t, n_time);
        done += n_time;
        if (done == job->n_warm) { /* the speed of the first sample that counts needs the one before */
            if (!job->has_up)
                memcpy(job->state, job->vertical_state, 2 * UB_LANES * sizeof(float)); /* AGE and GAP */
            for (int lane = 0; lane < job->n_lanes; lane += UB_WIDTH)
                posture_lanes(job, &t, lane, n_time - 1, n_time, counts_now);
        }
        for (int lane = 0; lane < job->n_lanes; lane++)
            at[lane] += n_time;
    }

    for (int64_t done = 0; done < longest;) {
        const int64_t n_time = longest - done < TILE ? longest - done : TILE;
        pack(job, at, where, n_time, &t);
        find_vertical(job, &t, n_time);
        for (int64_t begin = 0; begin < n_time;) { /* to the next sample where an epoch of some lane ends */
            int64_t end = n_time;
            for (int lane = 0; lane < job->n_lanes; lane++) {
                const int64_t here = at[lane] + begin;
                counts_now[lane] = here < job->until[lane] ? -1 : 0;
                if (counts_now[lane] && next[lane] - here < end - begin)
                    end = begin + next[lane] - here;
                if (counts_now[lane] && job->until[lane] - here < end - begin)
                    end = begin + job->until[lane] - here;
            }
            for (int lane = 0; lane < job->n_lanes; lane += UB_WIDTH)
                posture_lanes(job, &t, lane, begin, end, counts_now);
            int n_over = 0;
            for (int lane = 0; lane < job->n_lanes; lane++) {
                over[lane] = counts_now[lane] && at[lane] + end == next[lane] ? -1 : 0;
                if (over[lane]) {
                    expected[lane] = (float)(next[lane] - first_of_epoch(job, epoch[lane]));
                    n_over++;
                }
            }
            if (n_over) {
                finish_epochs(job, over, epoch, expected);
                for (int lane = 0; lane < job->n_lanes; lane++)
                    if (over[lane])
                        next[lane] = first_of_epoch(job, ++epoch[lane] + 1);
            }
            begin = end;
        }
        for (int lane = 0; lane < job->n_lanes; lane++)
            at[lane] += n_time;
        done += n_time;
    }
}

/* Mean of four samples' numbers after the other, and how far the farthest is from it, squared, for each axis. */
static void spread(const float *from, int64_t n_fours, float mean[3], float far[3]) {
    float sum[12] = {0}, middle[12], most[12] = {0};
    for (int64_t i = 0; i < n_fours; i++)
        for (int k = 0; k < 12; k++)
            sum[k] += from[12 * i + k];
    for (int k = 0; k < 3; k++)
        mean[k] = (sum[k] + sum[k + 3] + sum[k + 6] + sum[k + 9]) / (float)(4 * n_fours);
    for (int k = 0; k < 12; k++)
        middle[k] = mean[k % 3];
    for (int64_t i = 0; i < n_fours; i++)
        for (int k = 0; k < 12; k++) {
            const float off = (from[12 * i + k] - middle[k]) * (from[12 * i + k] - middle[k]);
            most[k] = off > most[k] ? off : most[k];
        }
    for (int k = 0; k < 3; k++)
        far[k] = fmaxf(fmaxf(most[k], most[k + 3]), fmaxf(most[k + 6], most[k + 9]));
}

UB_EXPORT void UB(posture_rests)(const float *gyr, const float *acc, int64_t n_samples, int64_t window, int64_t stride,
                                 const float *coefficients, double *sums) {
    const float gyr_max = coefficients[0], acc_max = coefficients[1], rate_max = coefficients[2];
    for (int64_t start = 0; start + window <= n_samples; start += stride) {
        float turn[3], turn_far[3], force[3], force_far[3];
        spread(gyr + 3 * start, window / 4, turn, turn_far);
        if (!(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2] < rate_max) || /* or NaN */
            !(turn_far[0] + turn_far[1] + turn_far[2] < gyr_max))
            continue;
        spread(acc + 3 * start, window / 4, force, force_far);
        if (!(force_far[0] + force_far[1] + force_far[2] < acc_max) || force[0] != force[0] || force[1] != force[1] ||
            force[2] != force[2])
            continue;
        for (int k = 0; k < 3; k++)
            sums[k] += turn[k];
        sums[3] += 1;
    }
}
