/* Where is up? The vertical in the sensor frame, for a tile of lanes.

   gyr (rad/s), acc (m/s2), up (unit vector, pointing up): [n_time][3][UB_LANES]. bad: [n_time][UB_LANES], non-zero where
   a lane has no sample that can be used now. state: [UB_..._STATE][UB_LANES], all zero for a fresh lane, changed in
   place. coefficients: UB_..._COEFFICIENTS numbers, from the Python side.

   A sample that is bad, not finite or beyond what any body does is not used: the lane's state is held and up is NaN.
   After too many of them in a row the lane starts afresh. state[UB_..._AGE] counts the samples since the start, up to
   the number from which the lane is settled. */
#ifndef UPPERBACK_ORIENT_H
#define UPPERBACK_ORIENT_H

#include "kernel.h"

enum { UB_TILT_AGE = 0, UB_TILT_STATE = 8, UB_TILT_COEFFICIENTS = 6 };
enum { UB_ORIENT_AGE = 0, UB_ORIENT_STATE = 40, UB_ORIENT_COEFFICIENTS = 16 };

/* From specific force alone: its low-passed direction. */
UB_EXPORT void UB(tilt_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                             const float *coefficients);

/* From angular velocity and specific force. */
UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients);

#endif
