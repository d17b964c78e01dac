/* A single lane in the smallest instruction: every lane of it holds the same. */
#ifndef UPPERBACK_LANE_OF_ONE_H
#define UPPERBACK_LANE_OF_ONE_H

#include "lanes.h"

UB_INLINE vf ub_load_one(const float *from) { return ub_all(*from); }
UB_INLINE void ub_store_one(float *to, vf v) { *to = v[0]; }
UB_INLINE void ub_store_one_where(float *to, vf v, vm mask) {
    if (mask[0])
        *to = v[0];
}
UB_INLINE vm ub_load_one_byte(const uint8_t *from) { return (vm){0} + (int32_t)*from; }

#define UB_LOAD ub_load_one
#define UB_STORE ub_store_one
#define UB_STORE_WHERE ub_store_one_where
#define UB_LOAD_BYTES ub_load_one_byte
#define UB_CLEAR(from) (*(from) == 0)
#define UB_STATE_STRIDE 1

#endif
