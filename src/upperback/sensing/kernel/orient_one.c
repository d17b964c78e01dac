/* The vertical from angular velocity and specific force, live, for a single lane: the smallest instruction, every lane
   of it the same. */
#define UB_WIDTH 4
#include "lanes.h"

UB_INLINE vf load_one(const float *from) { return ub_all(*from); }
UB_INLINE void store_one(float *to, vf v) { *to = v[0]; }
UB_INLINE vm load_one_byte(const uint8_t *from) { return (vm){0} + (int32_t)*from; }

#define UB_LOAD load_one
#define UB_STORE store_one
#define UB_LOAD_BYTES load_one_byte
#define UB_CLEAR(from) (*(from) == 0)
#define UB_STATE_STRIDE 1
#include "orient_live.h"

UB_EXPORT void UB(orient_one)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                              long n_time, const float *coefficients) {
    ub_live((ub_samples){gyr, acc, bad, up, 1}, state, n_time, coefficients);
}
