/* The vertical from angular velocity and specific force, live, for tiles and for any number of lanes. */
#include "lanes.h"

#define UB_LOAD ub_load
#define UB_STORE ub_store
#define UB_LOAD_BYTES ub_load_bytes
#define UB_CLEAR ub_clear_bytes
#define UB_STATE_STRIDE UB_LANES
#include "orient_live.h"

enum { PART = 64 }; /* samples that the last lanes are copied in at once */

UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        ub_live((ub_samples){gyr + lane, acc + lane, bad + lane, up + lane, UB_LANES}, state + lane, n_time,
                coefficients);
}

UB_EXPORT void UB(orient_know_bias)(float *state, long lane, const float *bias, float variance) {
    for (int k = 0; k < 3; k++) {
        state[(BIAS + k) * UB_LANES + lane] = bias[k];
        state[(ESTIMATED + X_BIAS + k) * UB_LANES + lane] = bias[k];
        state[(ESTIMATED + AT(X_BIAS + k, X_BIAS + k)) * UB_LANES + lane] = variance;
    }
}

/* The lanes that do not fill a tile, by way of one that is filled up with idle lanes. */
static void last_lanes(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                       long stride, long n_lanes, const float *coefficients) {
    float tile_gyr[PART * 3 * UB_LANES] = {0}, tile_acc[PART * 3 * UB_LANES] = {0}, tile_up[PART * 3 * UB_LANES];
    uint8_t tile_bad[PART * UB_LANES];
    memset(tile_bad, UB_IDLE, sizeof tile_bad);
    for (long start = 0; start < n_time; start += PART) {
        const long n = n_time - start < PART ? n_time - start : PART;
        for (long row = 0; row < 3 * n; row++) {
            memcpy(tile_gyr + row * UB_LANES, gyr + (3 * start + row) * stride, n_lanes * sizeof *gyr);
            memcpy(tile_acc + row * UB_LANES, acc + (3 * start + row) * stride, n_lanes * sizeof *acc);
        }
        for (long row = 0; row < n; row++)
            memcpy(tile_bad + row * UB_LANES, bad + (start + row) * stride, n_lanes);
        UB(orient_tile)(tile_gyr, tile_acc, tile_bad, state, tile_up, n, coefficients);
        for (long row = 0; row < 3 * n; row++)
            memcpy(up + (3 * start + row) * stride, tile_up + row * UB_LANES, n_lanes * sizeof *up);
    }
}

UB_EXPORT void UB(orient_lanes)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                                long n_time, long n_lanes, const float *coefficients) {
    long lane = 0;
    for (; lane + UB_LANES <= n_lanes; lane += UB_LANES, state += UB_ORIENT_STATE * UB_LANES)
        for (int part = 0; part < UB_LANES; part += UB_WIDTH) {
            const long first = lane + part;
            ub_live((ub_samples){gyr + first, acc + first, bad + first, up + first, n_lanes}, state + part, n_time,
                    coefficients);
        }
    if (lane < n_lanes)
        last_lanes(gyr + lane, acc + lane, bad + lane, state, up + lane, n_time, n_lanes, n_lanes - lane,
                   coefficients);
}
