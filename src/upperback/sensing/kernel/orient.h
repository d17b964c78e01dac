/* Where is up? The vertical in the sensor frame, for a tile of lanes.

   gyr (rad/s), acc (m/s2), up (unit vector, pointing up): [n_time][3][UB_LANES]. state: [UB_..._STATE][UB_LANES], all
   zero for a fresh lane, changed in place. coefficients: UB_..._COEFFICIENTS numbers, from the Python side.
   bad: [n_time][UB_LANES]; 0 a sample, UB_MISSING a sample is missing, UB_IDLE nothing is due in this lane.

   A sample that is not finite or beyond what any body does counts as missing. Where there is no sample, up is NaN and
   the lane's state is held. Missing samples count as time: over a few the turn is guessed from both sides, after too many
   in a row the lane starts afresh. Idle ones do not: they fill up lanes that are shorter, and leave no trace.
   state[UB_..._AGE] counts the samples since the start: by it the caller knows whether a lane has settled. */
#ifndef UPPERBACK_ORIENT_H
#define UPPERBACK_ORIENT_H

#include "kernel.h"

enum { UB_MISSING = 1, UB_IDLE = 2 };
enum { UB_TILT_AGE = 0, UB_TILT_STATE = 8, UB_TILT_COEFFICIENTS = 5 };
enum { UB_SMOOTH_STATE = 112, UB_SMOOTH_NODE = 112, UB_SMOOTH_ROW = 4 };
enum { UB_ORIENT_AGE = 0, UB_ORIENT_STATE = 136, UB_ORIENT_COEFFICIENTS = 24 };

/* From specific force alone: its low-passed direction. */
UB_EXPORT void UB(tilt_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                             const float *coefficients);

/* The same for one lane, and for any number of lanes: see orient_one and orient_lanes. */
UB_EXPORT void UB(tilt_one)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                            const float *coefficients);
UB_EXPORT void UB(tilt_lanes)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                              long n_lanes, const float *coefficients);

/* From angular velocity and specific force. */
UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients);

/* The same for one lane: gyr, acc and up are [n_time][3], bad [n_time], state [UB_ORIENT_STATE]. */
UB_EXPORT void UB(orient_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                              long n_time, const float *coefficients);

/* The same for lanes that stand n_lanes apart: gyr, acc and up are [n_time][3][n_lanes], bad [n_time][n_lanes], state
   [tiles][UB_ORIENT_STATE][UB_LANES], as many tiles as hold the lanes. */
UB_EXPORT void UB(orient_lanes)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                                long n_time, long n_lanes, const float *coefficients);

/* A window with hindsight: samples [0, n_time), of which the first n_keep are answered. n_keep is a multiple of the
   samples between nodes, or n_time where the recording ends. The next window begins at n_keep; its first n_done =
   n_time - n_keep samples have been through the forward filter already. No window is longer than n_most, and none but
   the last keeps less than it looks ahead. With gyroscope the work space is a ring, in which the window begins at sample
   `ring`: n_keep further on, modulo n_most, for the next one. */
typedef struct {
    long n_time, n_keep, n_done, n_most, ring;
} ub_window;

/* With hindsight. state: [UB_SMOOTH_STATE][UB_LANES], of the first sample of the window, and then of the next window's.
   A stream that goes on elsewhere with it has n_done = 0. front: the same for the first sample that is not done.
   work: UB_LANES * (UB_SMOOTH_NODE * nodes + UB_SMOOTH_ROW * samples) numbers for n_most samples, aligned to 64 bytes.
   up may be NULL: then the state is taken on and nothing else. */
UB_EXPORT void UB(smooth_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *front,
                               float *up, const ub_window *window, float *work, const float *coefficients);
UB_EXPORT void UB(tilt_smooth_tile)(const float *acc, const uint8_t *bad, float *state, float *front, float *up,
                                    const ub_window *window, float *work, const float *coefficients);

/* The same for one lane, with a quarter of the work space. */
UB_EXPORT void UB(smooth_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *front,
                              float *up, const ub_window *window, float *work, const float *coefficients);
UB_EXPORT void UB(tilt_smooth_one)(const float *acc, const uint8_t *bad, float *state, float *front, float *up,
                                   const ub_window *window, float *work, const float *coefficients);

/* Recordings as lanes: row t of a lane is row first[lane] + t of a signal [rows][3], for t from start[lane] to
   end[lane]. pack_tile fills the rest with zero, pack_bad with UB_IDLE (its bad may be NULL: every sample is there);
   unpack_tile writes these rows and no other. pack_rows is pack_tile where row start[lane] of a lane and those behind it
   stand at rows[lane], each lane in a place of its own. */
UB_EXPORT void UB(pack_rows)(const float *const *rows, const long *start, const long *end, float *tile, long n_time);
UB_EXPORT void UB(pack_tile)(const float *signal, const long *first, const long *start, const long *end, float *tile,
                             long n_time);
UB_EXPORT void UB(pack_bad)(const uint8_t *bad, const long *first, const long *start, const long *end, uint8_t *tile,
                            long n_time);
UB_EXPORT void UB(unpack_tile)(const float *tile, const long *first, const long *start, const long *end,
                               float *signal);

#endif
