/* The vertical with hindsight, for a single lane. */
#define UB_WIDTH 4
#include "lane_of_one.h"
#include "smooth_window.h"
#include "tilt_parts.h"

UB_EXPORT void UB(smooth_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *front,
                              float *up, const ub_window *window, float *work, const float *coefficients) {
    ub_smooth(&(ub_samples){gyr, acc, bad, up, 1}, state, front, window, work, coefficients);
}

UB_EXPORT void UB(tilt_smooth_one)(const float *acc, const uint8_t *bad, float *state, float *front, float *up,
                                   const ub_window *window, float *work, const float *coefficients) {
    ub_tilt_smooth((ub_samples){NULL, acc, bad, up, 1}, state, front, window, work, coefficients);
}
