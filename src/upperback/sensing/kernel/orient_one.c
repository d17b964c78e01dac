/* The vertical live, for a single lane. */
#define UB_WIDTH 4
#include "lane_of_one.h"
#include "orient_live.h"
#include "tilt_parts.h"

UB_EXPORT void UB(orient_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                              long n_time, const float *coefficients) {
    ub_live((ub_samples){gyr, acc, bad, up, 1}, state, n_time, coefficients);
}

UB_EXPORT void UB(tilt_one)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                            const float *coefficients) {
    ub_tilt((ub_samples){NULL, acc, bad, up, 1}, state, n_time, coefficients);
}
