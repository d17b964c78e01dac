/* Where is up? The vertical in the sensor frame, for a tile of lanes.

   gyr (rad/s), acc (m/s2), up (unit vector, pointing up): [n_time][3][UB_LANES]. state: [UB_..._STATE][UB_LANES], all
   zero for a fresh lane, changed in place. coefficients: UB_..._COEFFICIENTS numbers, from the Python side.
   bad: [n_time][UB_LANES]; 0 a sample, UB_MISSING a sample is missing, UB_IDLE nothing is due in this lane.

   A sample that is not finite or beyond what any body does counts as missing. Where there is no sample, up is NaN and
   the lane's state is held. Missing samples count as time: after too many in a row the lane starts afresh. Idle ones
   do not: they fill up lanes that are shorter than others, and leave no trace.
   state[UB_..._AGE] counts the samples since the start, up to the number from which the lane is settled. */
#ifndef UPPERBACK_ORIENT_H
#define UPPERBACK_ORIENT_H

#include "kernel.h"

enum { UB_MISSING = 1, UB_IDLE = 2 };
enum { UB_TILT_AGE = 0, UB_TILT_STATE = 8, UB_TILT_COEFFICIENTS = 6 };
enum { UB_ORIENT_AGE = 0, UB_ORIENT_STATE = 136, UB_ORIENT_COEFFICIENTS = 24 };

/* From specific force alone: its low-passed direction. */
UB_EXPORT void UB(tilt_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                             const float *coefficients);

/* From angular velocity and specific force. */
UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients);

/* Tells a fresh lane the bias of its gyroscope (rad/s) and how sure that is (variance of each axis). */
UB_EXPORT void UB(orient_know_bias)(float *state, long lane, const float *bias, float variance);

/* The same for one lane: gyr, acc and up are [n_time][3], bad [n_time], state [UB_ORIENT_STATE]. */
UB_EXPORT void UB(orient_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                              long n_time, const float *coefficients);

/* The same for lanes that stand n_lanes apart: gyr, acc and up are [n_time][3][n_lanes], bad [n_time][n_lanes], state
   [tiles][UB_ORIENT_STATE][UB_LANES], as many tiles as hold the lanes. */
UB_EXPORT void UB(orient_lanes)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                                long n_time, long n_lanes, const float *coefficients);

#endif
