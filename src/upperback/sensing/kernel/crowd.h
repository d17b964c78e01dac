/* Many wearers at once: frames of samples with times of their own in, seconds and the trunk as it is now, out.

   A wearer is a row of numbers that can be copied, saved and gone on with elsewhere. A pass takes one stretch of one
   frame of each wearer that has one, brings it onto the even grid (sensing/even.py), looks at its quality (quality.c),
   finds the vertical with all wearers as lanes, and adds up seconds (posture.c) and holds (holds.c). What a wearer gets
   does not depend on who else is there, nor on how its samples are cut into frames. crowd/_reference.py does the same
   with one wearer after the other. */
#ifndef UPPERBACK_CROWD_H
#define UPPERBACK_CROWD_H

#include "orient.h"
#include "posture.h"
#include "quality.h"

enum { UB_CROWD_SECOND = 64, UB_CROWD_KEPT = 30, UB_CROWD_RECENT = 16, UB_CROWD_SHAKES = 60, UB_CROWD_BODY = 8 };
enum { UB_CROWD_ROWS = 1100, UB_CROWD_EPOCHS = 32 }; /* at most, of a turn */

/* The same fields stand in crowd/_compiled.py. */
typedef struct {
    double starts_s, zero_ms, shift_ms, last_ms, position; /* see even.py; zero_ms is NaN before the first sample */
    double holds[8];
    double seconds[UB_CROWD_KEPT][UB_SECOND_COLUMNS];
    double follow[3], gravity;
    double ride_memory[2][2], ride_held_s, ride_squares[UB_CROWD_SECOND];
    int64_t index, n_samples; /* the next place of the grid; samples that have been worked on, missing ones counted */
    int64_t stuck_seconds, drift_seconds, wrong_seconds;
    struct memory marks;
    float sign, has_up, has_front, measured_share;
    float axes[9];
    float last[6];
    float vertical[UB_ORIENT_STATE], posture[UB_POSTURE_STATE];
    float second_acc[3 * UB_CROWD_SECOND], second_gyr[3 * UB_CROWD_SECOND];
    float recent[UB_CROWD_RECENT][3];
    int32_t n_second, n_ride, settling, n_recent;
    int32_t implausible, gravity_wrong, good, moving, vehicle; /* vehicle: 1, 0, or -1 for not known */
    int8_t shaking[UB_CROWD_SHAKES];                           /* 1, 0, or -1 for not known */
} ub_wearer;

typedef struct {
    double rate, bridge, long_gap, on_grid, clock_back_ms, clock_ahead_ms;
    int64_t with_gyr, gap_max, settled, n_second, n_recent;
    const float *vertical_coefficients;
    const struct limits *limits;
    double stuck_least, still_share, still_seconds, gravity_share, moving_low, moving_high, drift_radps, drift_seconds,
        drift_spread;
    const double *hold_params, *sections, *start; /* sections: [2][6] of the ride's filter, start: [2][2] */
    double shaking_least, ride_hold_s;
    int64_t moving_seconds, moving_of, vehicle_seconds;
    const uint8_t *reasons;
} ub_crowd_tuning;

typedef struct {
    const ub_crowd_tuning *tuning;
    ub_wearer *wearers;
    int64_t n_turns;
    const int64_t *who;                /* [n_turns], each wearer once */
    const uint8_t *data;
    const int64_t *times, *acc, *gyr;  /* [n_turns], where the float32 of a frame begin in data, in bytes */
    const int64_t *n_in;               /* [n_turns], samples of the frame */
    const double *first_ms;            /* [n_turns] */
    int64_t *done;                     /* [n_turns], samples of the frame that have been worked on, in and out */
    float *flat_acc, *flat_gyr, *flat_up; /* [capacity][3], to work in */
    int64_t capacity;                  /* of these, in rows; who finds no room any more waits for the next pass */
    uint8_t *flags, *bad;              /* the same */
    int64_t *first, *lead, *n_rows;    /* [n_turns], out: rows of flat_up; missing ones before them; how many */
    float *tile[3];                    /* [UB_CROWD_ROWS + gap_max][3][UB_LANES], to work in */
    uint8_t *tile_bad;
    uint32_t *counts;                  /* of posture_run, to forget */
    int64_t *n_epochs;                 /* [n_turns], out */
    int64_t *epoch_s;                  /* [n_turns][UB_CROWD_EPOCHS], the second that each began */
    float *epochs;                     /* [n_turns][UB_CROWD_EPOCHS][UB_EPOCH_COLUMNS] */
    int64_t *n_body;                   /* [n_turns], out */
    float *body;                       /* [n_turns][UB_CROWD_EPOCHS][UB_CROWD_BODY]: acceleration, its tremor, angular
                                          velocity and its tremor, intensity is apart; NaN where not measured */
    float *intensity;                  /* [n_turns][UB_CROWD_EPOCHS] */
    float *now;                        /* [n_turns][3], out: the mean vertical of the last moment, or NaN */
} ub_crowd_job;

UB_EXPORT void UB(crowd_pass)(const ub_crowd_job *job);
UB_EXPORT int64_t UB(crowd_size)(void);

#endif
