/* The vertical with hindsight, for tiles. */
#include "lane_of_tile.h"
#include "smooth_window.h"
#include "tilt_parts.h"

UB_EXPORT void UB(smooth_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, long n_keep, float *work, const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        ub_smooth(&(ub_samples){gyr + lane, acc + lane, bad + lane, up ? up + lane : NULL, UB_LANES}, state + lane, n_time, n_keep, work, coefficients);
}

UB_EXPORT void UB(tilt_smooth_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                                    long n_keep, float *work, const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        ub_tilt_smooth((ub_samples){NULL, acc + lane, bad + lane, up ? up + lane : NULL, UB_LANES}, state + lane, n_time, n_keep, work, coefficients);
}
