/* From samples, or ready verticals, to posture: histograms, epochs of one second, and how much was measured.

   A job is up to UB_LANES stretches of one recording, each a lane. Live there is one, whose state goes on; in batch
   there are many, each with some samples before it to warm the filters up, and fresh states. */
#ifndef UPPERBACK_POSTURE_H
#define UPPERBACK_POSTURE_H

#include "kernel.h"

/* Where each histogram begins in `counts`; the same numbers stand in histogram.py. The last one takes what does not
   count. */
enum {
    UB_INCLINATION = 0,
    UB_FLEXION = UB_INCLINATION + 1801, /* one more, for the very end of the range */
    UB_LATERAL = UB_FLEXION + 3601,
    UB_INCLINATION_VELOCITY = UB_LATERAL + 1801,
    UB_GENERALISED_VELOCITY = UB_INCLINATION_VELOCITY + 2048,
    UB_NOWHERE = UB_GENERALISED_VELOCITY + 2048,
    UB_BINS = 11312 /* a whole number of cache lines */
};
/* Neighbouring lanes count in different copies, or they would wait for each other's bins. */
enum { UB_COPIES = 4 };

/* Why a sample was not measured, and how many were. */
enum { UB_MEASURED, UB_GAP, UB_NOT_WORN, UB_IMPLAUSIBLE, UB_UNSETTLED, UB_OTHER, UB_REASONS };

/* Columns of an epoch; the same order stands in epochs.py. */
enum {
    UB_EPOCH_INCLINATION,
    UB_EPOCH_FLEXION,
    UB_EPOCH_LATERAL,
    UB_EPOCH_INCLINATION_VELOCITY,
    UB_EPOCH_GENERALISED_VELOCITY,
    UB_EPOCH_UP,
    UB_EPOCH_MOVEMENT = UB_EPOCH_UP + 3,
    UB_EPOCH_MEASURED,
    UB_EPOCH_NOT_WORN,
    UB_EPOCH_COLUMNS
};

enum { UB_POSTURE_STATE = 24, UB_POSTURE_COEFFICIENTS = 14 };

/* Consecutive samples as they came; null: this signal did not come with them. */
typedef struct {
    const float *acc;           /* (n, 3) m/s2 */
    const float *gyr;           /* (n, 3) rad/s */
    const float *up;            /* (n, 3) ready verticals */
    const uint8_t *quality;     /* (n) */
    int64_t first, n;
} ub_posture_block;

/* Samples are counted from the start of the stream; blocks follow each other without a gap. Epoch k begins with the first
   sample at or after k seconds; sample 0 comes `phase` samples after epoch 0 began. */
typedef struct {
    const ub_posture_block *blocks;
    int64_t n_blocks;
    int64_t has_acc;            /* without: no movement, and no vertical either without `up` */
    int64_t has_gyr, has_up;    /* with `up`, verticals are ready; without, they come from acc and gyr */
    const uint8_t *reasons;     /* (256), why a sample of that quality is not used, UB_GAP to UB_OTHER, or 0 */
    double rate, phase;
    int64_t n_lanes, n_warm;    /* samples before `from` that only warm up */
    const int64_t *from, *until, *epoch; /* per lane: samples that count, and the epoch of the first */
    const float *vertical_coefficients;  /* of orient_tile or tilt_tile */
    const float *coefficients;  /* UB_POSTURE_COEFFICIENTS */
    float *vertical_state;      /* of orient_tile or tilt_tile */
    float *state;               /* [UB_POSTURE_STATE][UB_LANES], zero for fresh lanes, changed in place */
    uint32_t *counts;           /* [UB_COPIES][UB_BINS], added to */
    int64_t *samples;           /* [UB_REASONS], added to */
    float *epochs;              /* [n_epochs][UB_EPOCH_COLUMNS], finished ones are written */
    int64_t first_epoch, n_epochs;
} ub_posture_job;

UB_EXPORT void UB(posture_run)(const ub_posture_job *job);

/* Bias of a gyroscope at rest: of every `stride` samples the first `window` (in fours) are looked at. They rest if the
   squares of the farthest from the mean, all axes together, are below coefficients[0] and [1] for the gyroscope and
   the accelerometer, and the square of the mean angular velocity is below [2]. sums: [4], added to: the means at rest,
   and how many windows rested. */
UB_EXPORT void UB(posture_rests)(const float *gyr, const float *acc, int64_t n_samples, int64_t window, int64_t stride,
                                 const float *coefficients, double *sums);

#endif
