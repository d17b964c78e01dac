/* A pass over many wearers: see crowd.h. */
#include "crowd.h"
#include "lanes.h"
#include <math.h>

enum { GAP = 1, IMPLAUSIBLE = 8, FREE_FALL = 16, UNSETTLED = 128 }; /* of QualityFlag, signal.py */

UB_EXPORT void UB(posture_run)(const ub_posture_job *job);
UB_EXPORT int64_t UB(posture_holds)(const float *rows, int64_t n_epochs, int64_t first_s, const double *params,
                                    double *state, int64_t *bouts, int64_t *counts, double *peak);

/* ------------------------------------------------------------------------------------------------ the even grid */

typedef struct {
    float acc[3], gyr[3];
} sample;

static float number_at(const uint8_t *data, int64_t at) {
    float x;
    memcpy(&x, data + at, sizeof x);
    return x;
}

static sample read_sample(const ub_crowd_job *job, const ub_wearer *w, int64_t turn, int64_t i) {
    sample s;
    for (int k = 0; k < 3; k++) {
        s.acc[k] = number_at(job->data, job->acc[turn] + 4 * (3 * i + k)) * w->sign;
        s.gyr[k] = job->tuning->with_gyr
                       ? number_at(job->data, job->gyr[turn] + 4 * (3 * i + k)) * (3.14159265358979323846f / 180.0f)
                       : 0;
    }
    return s;
}

/* Where a sample lies on the grid, in steps; NaN where it is not after the one before. even.py: _place. */
static double place_of(ub_wearer *w, const ub_crowd_tuning *t, double at_ms) {
    double time_ms = at_ms - w->zero_ms + w->shift_ms;
    const double step_ms = time_ms - w->last_ms;
    if (step_ms < -t->clock_back_ms || step_ms > t->clock_ahead_ms) {
        const double expected_ms = w->last_ms + 1000.0 / t->rate;
        w->shift_ms += expected_ms - time_ms;
        time_ms = expected_ms;
    } else if (step_ms <= 0) {
        return NAN;
    }
    double position = time_ms * t->rate / 1000.0;
    const double nearest = rint(position);
    if (fabs(position - nearest) <= t->on_grid && nearest > w->position)
        position = nearest;
    if (position <= w->position)
        return NAN;
    w->last_ms = time_ms;
    return position;
}

static void put_row(const ub_crowd_job *job, int64_t row, const float *acc, const float *gyr, uint8_t flag) {
    memcpy(job->flat_acc + 3 * row, acc, 3 * sizeof *acc);
    memcpy(job->flat_gyr + 3 * row, gyr, 3 * sizeof *gyr);
    job->flags[row] = flag;
}

/* Samples of the frame onto the grid, until it is used up, there is no room, or a long gap divides it. Rows begin at
   `row`, behind those that are missing. Returns how many samples are missing before them. */
static int64_t onto_grid(const ub_crowd_job *job, int64_t turn, int64_t row) {
    const ub_crowd_tuning *t = job->tuning;
    ub_wearer *w = job->wearers + job->who[turn];
    const float nothing[3] = {NAN, NAN, NAN};
    int64_t i = job->done[turn], n = 0, missing = 0;
    for (; i < job->n_in[turn] && n < UB_CROWD_ROWS - 512; i++) {
        const double at_ms = job->first_ms[turn] + (double)number_at(job->data, job->times[turn] + 4 * i);
        const sample s = read_sample(job, w, turn, i);
        if (isnan(w->zero_ms)) {
            w->zero_ms = at_ms, w->index = 1;
            put_row(job, row + n++, s.acc, s.gyr, 0);
        } else {
            const ub_wearer before = {.shift_ms = w->shift_ms, .last_ms = w->last_ms};
            const double position = place_of(w, t, at_ms);
            if (isnan(position))
                continue;
            if (position - w->position > t->long_gap) {
                if (n) { /* what comes after it is the next pass's */
                    w->shift_ms = before.shift_ms, w->last_ms = before.last_ms;
                    break;
                }
                const int64_t place = (int64_t)ceil(position);
                w->index = place;
                if (position == (double)place) {
                    put_row(job, row + n++, s.acc, s.gyr, 0);
                    w->index++;
                }
            } else {
                const double step = position - w->position;
                const int hole = step > t->bridge;
                for (; (double)w->index <= position; w->index++) {
                    if ((double)w->index == position) {
                        put_row(job, row + n++, s.acc, s.gyr, 0);
                    } else if (hole) {
                        put_row(job, row + n++, nothing, nothing, GAP);
                    } else {
                        const float share = (float)(((double)w->index - w->position) / step);
                        float acc[3], gyr[3];
                        for (int k = 0; k < 3; k++) {
                            acc[k] = w->last[k] + (s.acc[k] - w->last[k]) * share;
                            gyr[k] = w->last[3 + k] + (s.gyr[k] - w->last[3 + k]) * share;
                        }
                        put_row(job, row + n++, acc, gyr, 0);
                    }
                }
            }
            w->position = position;
        }
        memcpy(w->last, s.acc, sizeof s.acc);
        memcpy(w->last + 3, s.gyr, sizeof s.gyr);
    }
    job->done[turn] = i;
    job->n_rows[turn] = n;
    if (n)
        missing = w->index - n - w->n_samples;
    return missing;
}

/* ------------------------------------------------------------------------------------------------- quality */

/* Sum of a column over the last `n` of the kept seconds, where `counts` says so; the oldest first. */
static double sum_where(const double *values, const int *counts, int n) {
    double total = 0;
    for (int k = UB_CROWD_KEPT - n; k < UB_CROWD_KEPT; k++)
        total += counts[k] ? values[k] : 0;
    return total;
}

static int drifts(const double all[UB_CROWD_KEPT + 1][UB_SECOND_COLUMNS], const ub_crowd_tuning *t) {
    double up[UB_CROWD_KEPT + 1][3], alike = 0;
    const double near = (3.14159265358979323846 / 180.0) * (3.14159265358979323846 / 180.0);
    for (int k = 0; k <= UB_CROWD_KEPT; k++) {
        const double *u = all[k] + UB_SECOND_UP;
        const double length = sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
        const int is_gravity = fabs(length / t->limits->gravity - 1) < t->limits->gravity_share;
        for (int j = 0; j < 3; j++)
            up[k][j] = is_gravity ? 1 / length * u[j] : NAN;
    }
    for (int k = UB_CROWD_KEPT + 1 - (int)t->drift_seconds; k <= UB_CROWD_KEPT; k++) {
        const double *r = all[k] + UB_SECOND_RATE;
        double turned = 0;
        for (int j = 0; j < 3; j++)
            turned += (up[k][j] - up[k - 1][j]) * (up[k][j] - up[k - 1][j]);
        const int still = isfinite(all[k][UB_SECOND_LENGTH]) &&
                          all[k][UB_SECOND_SPREAD] < t->still_share * all[k][UB_SECOND_LENGTH];
        alike += still && turned < near && r[0] * r[0] + r[1] * r[1] + r[2] * r[2] > t->drift_radps * t->drift_radps &&
                 all[k][UB_SECOND_RATE_SPREAD] < t->drift_spread;
    }
    return alike > 0.8 * t->drift_seconds;
}

static void follow(ub_wearer *w, const double *before, const double *second, double gravity) {
    double terms[3] = {0};
    for (int k = 0; k < 3; k++) {
        const double seen = (second[UB_SECOND_UP + k] - before[UB_SECOND_UP + k]) / gravity;
        const double told = (before[UB_SECOND_LATER + k] + second[UB_SECOND_EARLIER + k]) / gravity;
        terms[0] += seen * told, terms[1] += told * told, terms[2] += seen * seen;
    }
    if (isfinite(terms[0]) && isfinite(terms[1]) && isfinite(terms[2]))
        for (int k = 0; k < 3; k++)
            w->follow[k] += terms[k];
}

/* A whole second: is what it shows possible? quality/_check.py: _judge. */
static void judge(ub_wearer *w, const ub_crowd_tuning *t) {
    double all[UB_CROWD_KEPT + 1][UB_SECOND_COLUMNS], lengths[UB_CROWD_KEPT];
    int still[UB_CROWD_KEPT], whole[UB_CROWD_KEPT];
    memcpy(all, w->seconds, sizeof w->seconds);
    double *second = all[UB_CROWD_KEPT];
    UB(quality_seconds)(w->second_acc, t->with_gyr ? w->second_gyr : NULL, 1, t->n_second, t->limits->gravity,
                        t->stuck_least, second);
    for (int k = 0; k < UB_SECOND_COLUMNS; k++)
        if (!isfinite(second[k]))
            second[k] = NAN;
    memcpy(w->seconds, all[1], sizeof w->seconds);
    for (int k = 0; k < UB_CROWD_KEPT; k++) {
        lengths[k] = w->seconds[k][UB_SECOND_LENGTH];
        whole[k] = isfinite(lengths[k]);
        still[k] = whole[k] && w->seconds[k][UB_SECOND_SPREAD] < t->still_share * lengths[k];
    }
    double n_still = 0, n_whole = 0, n_stuck = 0;
    for (int k = UB_CROWD_KEPT - 10; k < UB_CROWD_KEPT; k++)
        n_still += still[k], n_whole += whole[k];
    for (int k = UB_CROWD_KEPT - 2; k < UB_CROWD_KEPT; k++)
        n_stuck += w->seconds[k][UB_SECOND_STUCK] == 1;
    const double at_rest = sum_where(lengths, still, 10) / (n_still > 1 ? n_still : 1);
    const double on_average = sum_where(lengths, whole, 10) / (n_whole > 1 ? n_whole : 1);
    const double gravity = t->limits->gravity;
    const int tells = n_still >= t->still_seconds;
    const int wrong = (tells && fabs(at_rest / gravity - 1) > t->gravity_share) ||
                      (n_whole == 10 && (on_average < t->moving_low * gravity || on_average > t->moving_high * gravity));
    if (wrong)
        w->gravity_wrong = 1, w->gravity = tells ? at_rest : on_average;
    else if (tells)
        w->gravity_wrong = 0;
    const int turning = isfinite(second[UB_SECOND_RATE_SPREAD]), drift = turning && drifts(all, t);
    if (turning)
        follow(w, all[UB_CROWD_KEPT - 1], second, gravity);
    w->wrong_seconds += w->gravity_wrong;
    w->stuck_seconds += n_stuck == 2;
    w->drift_seconds += drift;
    w->implausible = w->gravity_wrong || n_stuck == 2 || drift;
}

/* Does it move or breathe? Means and tremor of a second in pairs of samples; movement/_seconds.py says why. */
static void body_of(const ub_wearer *w, const ub_crowd_tuning *t, float *to, float *intensity) {
    const int n = (int)t->n_second / 2;
    const float *from[2] = {w->second_acc, w->second_gyr};
    *intensity = NAN;
    for (int part = 0; part < 2; part++, to += 4) {
        float mean[3] = {0}, middle = 0, spread = 0, off = 0, length[UB_CROWD_SECOND / 2];
        if (part && !t->with_gyr) {
            to[0] = to[1] = to[2] = to[3] = NAN;
            continue;
        }
        for (int i = 0; i < n; i++) {
            float square = 0;
            for (int k = 0; k < 3; k++) {
                const float slot = (from[part][6 * i + k] + from[part][6 * i + 3 + k]) / 2;
                mean[k] += slot / (float)n, square += slot * slot;
            }
            length[i] = sqrtf(square), middle += length[i] / (float)n;
        }
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 3; k++) {
                const float slot = (from[part][6 * i + k] + from[part][6 * i + 3 + k]) / 2;
                spread += (slot - mean[k]) * (slot - mean[k]) / (float)n;
            }
            off += fabsf(length[i] - middle) / (float)n;
        }
        memcpy(to, mean, sizeof mean);
        to[3] = sqrtf(spread);
        if (!part)
            *intensity = off;
    }
}

static void look_at(const ub_crowd_job *job, int64_t turn, int64_t row, int64_t n, int64_t missing) {
    const ub_crowd_tuning *t = job->tuning;
    ub_wearer *w = job->wearers + job->who[turn];
    if (missing && w->n_samples) {
        w->n_second = 0;
        for (int k = 0; k < 6; k++)
            (&w->marks.acc[0][0])[k] = (&w->marks.gyr[0][0])[k] = NAN;
        w->marks.falling = w->marks.jumping = 0;
        memmove(w->seconds, w->seconds + 1, sizeof w->seconds - sizeof *w->seconds);
        for (int k = 0; k < UB_SECOND_COLUMNS; k++)
            w->seconds[UB_CROWD_KEPT - 1][k] = NAN;
    }
    const float *acc = job->flat_acc + 3 * row, *gyr = job->flat_gyr + 3 * row;
    uint8_t *flags = job->flags + row;
    UB(quality_marks)(acc, t->with_gyr ? gyr : NULL, n, t->limits, &w->marks, flags);
    w->good = 1;
    for (int64_t i = 0; i < n; i++) {
        if (w->implausible)
            flags[i] |= IMPLAUSIBLE;
        w->good &= !flags[i];
        memcpy(w->second_acc + 3 * w->n_second, acc + 3 * i, 3 * sizeof *acc);
        memcpy(w->second_gyr + 3 * w->n_second, gyr + 3 * i, 3 * sizeof *gyr);
        if (++w->n_second == t->n_second) {
            judge(w, t);
            const int64_t at = turn * UB_CROWD_EPOCHS + job->n_body[turn]++;
            body_of(w, t, job->body + at * UB_CROWD_BODY, job->intensity + at);
            w->n_second = 0;
        }
    }
}

/* ---------------------------------------------------------------------------------------------- the ride */

/* A second that is over: 1 shakes, 0 does not, -1 unknown. cues/_ride.py: _take. */
static void take_shake(ub_wearer *w, const ub_crowd_tuning *t, int8_t shakes) {
    int n = 0;
    memmove(w->shaking, w->shaking + 1, UB_CROWD_SHAKES - 1);
    w->shaking[UB_CROWD_SHAKES - 1] = shakes;
    for (int k = 0; k < UB_CROWD_SHAKES; k++)
        n += w->shaking[k] == 1;
    w->ride_held_s = n >= t->vehicle_seconds ? t->ride_hold_s : w->ride_held_s > 1 ? w->ride_held_s - 1 : 0;
}

/* As NumPy adds up: eight sums side by side. */
static double added_up(const double *x, int n) {
    double part[8], total;
    int i = 8;
    if (n < 8) {
        total = 0;
        for (i = 0; i < n; i++)
            total += x[i];
        return total;
    }
    memcpy(part, x, sizeof part);
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            part[k] += x[i + k];
    total = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++)
        total += x[i];
    return total;
}

static void ride(const ub_crowd_job *job, int64_t turn, int64_t row, int64_t n, int64_t missing) {
    const ub_crowd_tuning *t = job->tuning;
    ub_wearer *w = job->wearers + job->who[turn];
    if (missing && w->n_samples) {
        const double missing_s = (double)missing / t->rate, held_s = w->ride_held_s - missing_s;
        int64_t unknown = (int64_t)missing_s;
        unknown = unknown < 1 ? 1 : unknown > UB_CROWD_SHAKES ? UB_CROWD_SHAKES : unknown;
        w->settling = -1, w->n_ride = 0;
        for (int64_t k = 0; k < unknown; k++)
            take_shake(w, t, -1);
        w->ride_held_s = held_s > 0 ? held_s : 0;
    }
    for (int64_t i = 0; i < n; i++) {
        const float *a = job->flat_acc + 3 * (row + i);
        const double x = a[0], y = a[1], z = a[2], length = sqrt(x * x + y * y + z * z);
        double found = NAN;
        if (!(isfinite(length) && length < 1e3) || job->flags[row + i] & (GAP | IMPLAUSIBLE | FREE_FALL)) {
            w->settling = -1;
        } else {
            if (w->settling < 0) { /* afresh, as if it had always been so */
                for (int k = 0; k < 4; k++)
                    (&w->ride_memory[0][0])[k] = t->start[k] * length;
                w->settling = (int32_t)rint(t->rate);
            }
            double value = length;
            for (int k = 0; k < 2; k++) {
                const double *c = t->sections + 6 * k, in = value;
                double *m = w->ride_memory[k];
                value = c[0] * in + m[0];
                m[0] = c[1] * in - c[4] * value + m[1];
                m[1] = c[2] * in - c[5] * value;
            }
            if (w->settling > 0)
                w->settling--;
            else
                found = value;
        }
        w->ride_squares[w->n_ride++] = found * found;
        if (w->n_ride == t->n_second) {
            const double rms = sqrt(added_up(w->ride_squares, w->n_ride) / (double)w->n_ride);
            take_shake(w, t, isnan(rms) ? -1 : rms > t->shaking_least);
            w->n_ride = 0;
        }
    }
    int64_t shakes = 0, unknown = 0;
    for (int64_t k = UB_CROWD_SHAKES - t->moving_of; k < UB_CROWD_SHAKES; k++)
        shakes += w->shaking[k] == 1;
    for (int k = 0; k < UB_CROWD_SHAKES; k++)
        unknown += w->shaking[k] == -1;
    w->moving = shakes >= t->moving_seconds;
    w->vehicle = w->ride_held_s > 0 ? 1 : unknown > UB_CROWD_SHAKES / 2 ? -1 : 0;
}

/* ----------------------------------------------------------------------------------------- the vertical */

/* Sixteen turns from `begin` on: gather their states, work on all of them at once, and give them back. */
static void verticals(const ub_crowd_job *job, int64_t begin, int64_t end) {
    const ub_crowd_tuning *t = job->tuning;
    const int n_state = t->with_gyr ? UB_ORIENT_STATE : UB_TILT_STATE;
    _Alignas(64) float state[UB_ORIENT_STATE * UB_LANES] = {0};
    long first[UB_LANES] = {0}, start[UB_LANES] = {0}, stop[UB_LANES] = {0}, n_time = 0;
    for (int64_t turn = begin; turn < end; turn++) {
        const ub_wearer *w = job->wearers + job->who[turn];
        const int lane = (int)(turn - begin);
        for (int k = 0; k < n_state; k++)
            state[k * UB_LANES + lane] = w->vertical[k];
        first[lane] = (long)(job->first[turn] - job->lead[turn]);
        stop[lane] = (long)(job->lead[turn] + job->n_rows[turn]);
        n_time = stop[lane] > n_time ? stop[lane] : n_time;
    }
    UB(pack_tile)(job->flat_acc, first, start, stop, job->tile[0], n_time);
    UB(pack_bad)(job->bad, first, start, stop, job->tile_bad, n_time);
    if (t->with_gyr) {
        UB(pack_tile)(job->flat_gyr, first, start, stop, job->tile[1], n_time);
        UB(orient_tile)(job->tile[1], job->tile[0], job->tile_bad, state, job->tile[2], n_time,
                        t->vertical_coefficients);
    } else {
        UB(tilt_tile)(job->tile[0], job->tile_bad, state, job->tile[2], n_time, t->vertical_coefficients);
    }
    UB(unpack_tile)(job->tile[2], first, start, stop, job->flat_up);
    for (int64_t turn = begin; turn < end; turn++)
        for (int k = 0; k < n_state; k++)
            job->wearers[job->who[turn]].vertical[k] = state[k * UB_LANES + (int)(turn - begin)];
}

/* Flags of what was not usable or had not settled; `age` and `gap` of the lane before it. orientation/lanes.py. */
static void doubt(const ub_crowd_job *job, int64_t turn, float age, float gap) {
    const ub_crowd_tuning *t = job->tuning;
    const int64_t from = job->first[turn] - job->lead[turn], end = job->first[turn] + job->n_rows[turn];
    for (int64_t row = from; row < end; row++) {
        const int good = !isnan(job->flat_up[3 * row]);
        uint8_t found = age < (float)t->settled ? UNSETTLED : 0;
        if (!good && !(job->flags[row] & (GAP | IMPLAUSIBLE)))
            found |= IMPLAUSIBLE;
        job->flags[row] |= found;
        if (good)
            age += 1, gap = 0;
        else
            gap = age > 0 ? gap + 1 : 0;
        if (gap >= (float)t->gap_max)
            age = gap = 0;
    }
}

/* ------------------------------------------------------------------------------------------- seconds */

static int64_t first_of(const ub_crowd_tuning *t, double phase, int64_t epoch) {
    const int64_t found = (int64_t)ceil((double)epoch * t->rate - phase - 1e-3);
    return found > 0 ? found : 0;
}

static int64_t epoch_of(const ub_crowd_tuning *t, double phase, int64_t at) {
    int64_t epoch = (int64_t)(((double)at + phase) / t->rate);
    while (first_of(t, phase, epoch + 1) <= at)
        epoch++;
    while (epoch > 0 && first_of(t, phase, epoch) > at)
        epoch--;
    return epoch;
}

/* Goes on by n samples, whose verticals and quality are given; the seconds that become complete are counted and, as
   far as they are `wanted`, told. */
static void add_up(const ub_crowd_job *job, int64_t turn, const float *acc, const float *up, const uint8_t *quality,
                   int64_t n, int64_t wanted) {
    const ub_crowd_tuning *t = job->tuning;
    ub_wearer *w = job->wearers + job->who[turn];
    const double phase = (w->starts_s - floor(w->starts_s)) * t->rate;
    const int64_t from = w->n_samples, until = from + n, epoch = epoch_of(t, phase, from);
    const int64_t n_epochs = epoch_of(t, phase, until) - epoch;
    float coefficients[UB_POSTURE_COEFFICIENTS] = {0}, state[UB_POSTURE_STATE * UB_LANES] = {0};
    float rows[(UB_CROWD_EPOCHS + 1) * UB_EPOCH_COLUMNS];
    int64_t samples[UB_REASONS] = {0}, bouts[2 * (UB_CROWD_EPOCHS + 1)], counts[3] = {0};
    double peak = 0;
    memcpy(coefficients, w->axes, sizeof w->axes);
    coefficients[9] = w->has_up, coefficients[10] = w->has_front;
    coefficients[11] = (float)t->rate, coefficients[12] = 1, coefficients[13] = 0;
    for (int k = 0; k < UB_POSTURE_STATE; k++)
        state[k * UB_LANES] = w->posture[k];
    const ub_posture_block block = {.acc = acc, .up = up, .quality = quality, .first = from, .n = n};
    const ub_posture_job posture = {
        .blocks = &block, .n_blocks = 1, .has_acc = acc != 0, .has_up = up != 0, .reasons = t->reasons,
        .rate = t->rate, .phase = phase, .n_lanes = 1, .from = &from, .until = &until, .epoch = &epoch,
        .coefficients = coefficients, .state = state, .counts = job->counts, .samples = samples, .epochs = rows,
        .first_epoch = epoch, .n_epochs = n_epochs};
    UB(posture_run)(&posture);
    for (int k = 0; k < UB_POSTURE_STATE; k++)
        w->posture[k] = state[k * UB_LANES];
    const int64_t first_s = (int64_t)floor(w->starts_s) + epoch;
    UB(posture_holds)(rows, n_epochs, first_s, t->hold_params, w->holds, bouts, counts, &peak);
    for (int64_t k = 0; k < n_epochs; k++) {
        w->measured_share = rows[k * UB_EPOCH_COLUMNS + UB_EPOCH_MEASURED];
        if (k < wanted && job->n_epochs[turn] < UB_CROWD_EPOCHS) {
            const int64_t at = turn * UB_CROWD_EPOCHS + job->n_epochs[turn]++;
            job->epoch_s[at] = first_s + k;
            memcpy(job->epochs + at * UB_EPOCH_COLUMNS, rows + k * UB_EPOCH_COLUMNS, UB_EPOCH_COLUMNS * sizeof *rows);
        }
    }
    w->n_samples = until;
}

/* Samples that never came: only the second in which they began may hold something. */
static void add_missing(const ub_crowd_job *job, int64_t turn, int64_t missing) {
    enum { PART = 1024 };
    float nothing[3 * PART];
    uint8_t gap[PART];
    for (int k = 0; k < 3 * PART; k++)
        nothing[k] = NAN;
    memset(gap, GAP, sizeof gap);
    for (int64_t done = 0; done < missing; done += PART)
        add_up(job, turn, nothing, nothing, gap, missing - done < PART ? missing - done : PART, done == 0);
}

/* The mean direction of the last moment. monitor/_monitor.py: _remember and _mean. */
static void remember(const ub_crowd_job *job, int64_t turn, int64_t missing) {
    ub_wearer *w = job->wearers + job->who[turn];
    const int64_t most = job->tuning->n_recent, n = job->n_rows[turn];
    const float *up = job->flat_up + 3 * job->first[turn];
    if (missing)
        w->n_recent = 0;
    for (int64_t i = n > most ? n - most : 0; i < n; i++) {
        if (w->n_recent == most)
            memmove(w->recent, w->recent + 1, (size_t)(most - 1) * sizeof *w->recent), w->n_recent--;
        memcpy(w->recent[w->n_recent++], up + 3 * i, sizeof *w->recent);
    }
    double mean[3] = {0};
    for (int i = 0; i < w->n_recent; i++)
        for (int k = 0; k < 3; k++)
            mean[k] += w->recent[i][k];
    for (int k = 0; k < 3; k++)
        mean[k] /= (double)w->n_recent;
    const double length = sqrt(mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2]);
    for (int k = 0; k < 3; k++)
        job->now[3 * turn + k] = (float)(mean[k] / (length > 1e-6 ? length : isnan(length) ? length : 1e-6));
}

/* ------------------------------------------------------------------------------------------ the pass */

UB_EXPORT void UB(crowd_pass)(const ub_crowd_job *job) {
    const ub_crowd_tuning *t = job->tuning;
    int64_t row = 0;
    for (int64_t turn = 0; turn < job->n_turns; turn++) {
        job->n_epochs[turn] = job->n_body[turn] = job->n_rows[turn] = job->lead[turn] = job->first[turn] = 0;
        job->now[3 * turn] = 0;
        if (row + t->gap_max + UB_CROWD_ROWS > job->capacity)
            continue;
        const int64_t missing = onto_grid(job, turn, row + t->gap_max), n = job->n_rows[turn];
        const int64_t lead = missing < t->gap_max ? missing : t->gap_max;
        job->first[turn] = row + t->gap_max, job->lead[turn] = lead;
        for (int64_t k = job->first[turn] - lead; k < job->first[turn]; k++) {
            memset(job->flat_acc + 3 * k, 0, 3 * sizeof(float));
            memset(job->flat_gyr + 3 * k, 0, 3 * sizeof(float));
            job->flags[k] = GAP;
        }
        if (n) {
            look_at(job, turn, job->first[turn], n, missing);
            ride(job, turn, job->first[turn], n, missing);
            for (int64_t k = job->first[turn] - lead; k < job->first[turn] + n; k++)
                job->bad[k] = job->flags[k] & (GAP | IMPLAUSIBLE) ? UB_MISSING : 0;
            if (missing)
                add_missing(job, turn, missing);
        }
        row = job->first[turn] + n;
        job->now[3 * turn] = (float)missing; /* until it is known */
    }
    for (int64_t begin = 0; begin < job->n_turns; begin += UB_LANES) {
        const int64_t end = begin + UB_LANES < job->n_turns ? begin + UB_LANES : job->n_turns;
        float before[UB_LANES][2];
        for (int64_t turn = begin; turn < end; turn++)
            memcpy(before[turn - begin], job->wearers[job->who[turn]].vertical, sizeof *before); /* AGE and GAP */
        verticals(job, begin, end);
        for (int64_t turn = begin; turn < end; turn++) {
            const int64_t missing = (int64_t)job->now[3 * turn], first = job->first[turn];
            if (job->n_rows[turn]) {
                doubt(job, turn, before[turn - begin][0], before[turn - begin][1]);
                add_up(job, turn, job->flat_acc + 3 * first, job->flat_up + 3 * first, job->flags + first,
                       job->n_rows[turn], UB_CROWD_EPOCHS);
            }
            remember(job, turn, missing);
        }
    }
}

UB_EXPORT int64_t UB(crowd_size)(void) { return (int64_t)sizeof(ub_wearer); }
