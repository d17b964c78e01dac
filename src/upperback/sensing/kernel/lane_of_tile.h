/* Lanes of a tile, as many as an instruction holds. */
#ifndef UPPERBACK_LANE_OF_TILE_H
#define UPPERBACK_LANE_OF_TILE_H

#include "lanes.h"

#define UB_LOAD ub_load
#define UB_STORE ub_store
#define UB_STORE_WHERE ub_store_where
#define UB_LOAD_BYTES ub_load_bytes
#define UB_CLEAR ub_clear_bytes
#define UB_STATE_STRIDE UB_LANES

#endif
