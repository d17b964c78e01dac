/* Quality of inertial samples, block by block: what the functions of quality.c take. In the order of quality/base.py. */
#ifndef UPPERBACK_QUALITY_H
#define UPPERBACK_QUALITY_H

#include "kernel.h"

struct limits {
    double acc, gyr, fall_square, jump_step, jump_cosine, gravity, gravity_share;
    int64_t acc_known, gyr_known, fall_first, fall_longest, jump_samples;
};

struct memory {
    float acc[2][3], gyr[2][3];
    int64_t falling, jumping, jumps, jumped_at;
};

/* Columns of a second. */
enum {
    UB_SECOND_LENGTH,
    UB_SECOND_SPREAD,
    UB_SECOND_STUCK,
    UB_SECOND_UP,
    UB_SECOND_RATE = UB_SECOND_UP + 3,
    UB_SECOND_RATE_SPREAD = UB_SECOND_RATE + 3,
    UB_SECOND_LATER,
    UB_SECOND_EARLIER = UB_SECOND_LATER + 3,
    UB_SECOND_COLUMNS = UB_SECOND_EARLIER + 3
};

/* Flags of `n` samples, added to those that are there. `gyr` may be NULL. */
UB_EXPORT void UB(quality_marks)(const float *acc, const float *gyr, int64_t n, const struct limits *l,
                                 struct memory *m, uint8_t *flags);

/* Figures of whole seconds of `n` samples. */
UB_EXPORT void UB(quality_seconds)(const float *acc, const float *gyr, int64_t seconds, int64_t n, double gravity,
                                   double stuck_least, double *columns);

#endif
