/* The vertical live, for tiles and for any number of lanes. */
#include "lane_of_tile.h"
#include "orient_live.h"
#include "tilt_parts.h"

UB_EXPORT void UB(orient_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                               long n_time, const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        ub_live((ub_samples){gyr + lane, acc + lane, bad + lane, up + lane, UB_LANES}, state + lane, n_time,
                coefficients);
}

UB_EXPORT void UB(tilt_tile)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                             const float *coefficients) {
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH)
        ub_tilt((ub_samples){NULL, acc + lane, bad + lane, up + lane, UB_LANES}, state + lane, n_time, coefficients);
}

/* So many samples of all lanes are worked on before the next ones: their pages of memory stay at hand. */
enum { AT_ONCE = 50 };
enum { PART = 64 }; /* samples that the last lanes are copied in at once */

/* The lanes that do not fill a tile, by way of one that is filled up with idle lanes. Without gyr: tilt. */
static void last_lanes(ub_samples at, float *state, long n_time, long n_lanes, const float *coefficients) {
    float gyr[PART * 3 * UB_LANES] = {0}, acc[PART * 3 * UB_LANES] = {0}, up[PART * 3 * UB_LANES];
    uint8_t bad[PART * UB_LANES];
    memset(bad, UB_IDLE, sizeof bad);
    for (long start = 0; start < n_time; start += PART) {
        const long n = n_time - start < PART ? n_time - start : PART;
        for (long row = 0; row < 3 * n; row++) {
            if (at.gyr)
                memcpy(gyr + row * UB_LANES, at.gyr + (3 * start + row) * at.stride, n_lanes * sizeof *gyr);
            memcpy(acc + row * UB_LANES, at.acc + (3 * start + row) * at.stride, n_lanes * sizeof *acc);
        }
        for (long row = 0; row < n; row++)
            memcpy(bad + row * UB_LANES, at.bad + (start + row) * at.stride, n_lanes);
        if (at.gyr)
            UB(orient_tile)(gyr, acc, bad, state, up, n, coefficients);
        else
            UB(tilt_tile)(acc, bad, state, up, n, coefficients);
        for (long row = 0; row < 3 * n; row++)
            memcpy(at.up + (3 * start + row) * at.stride, up + row * UB_LANES, n_lanes * sizeof *up);
    }
}

UB_EXPORT void UB(orient_lanes)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *up,
                                long n_time, long n_lanes, const float *coefficients) {
    const long whole = n_lanes / UB_LANES * UB_LANES;
    for (long start = 0; start < n_time; start += AT_ONCE) {
        const long n = n_time - start < AT_ONCE ? n_time - start : AT_ONCE, row = start * n_lanes;
        for (long lane = 0; lane < whole; lane += UB_WIDTH)
            ub_live((ub_samples){gyr + 3 * row + lane, acc + 3 * row + lane, bad + row + lane, up + 3 * row + lane,
                                 n_lanes},
                    state + lane / UB_LANES * UB_LANES * UB_ORIENT_STATE + lane % UB_LANES, n, coefficients);
    }
    if (whole < n_lanes)
        last_lanes((ub_samples){gyr + whole, acc + whole, bad + whole, up + whole, n_lanes},
                   state + whole * UB_ORIENT_STATE, n_time, n_lanes - whole, coefficients);
}

UB_EXPORT void UB(tilt_lanes)(const float *acc, const uint8_t *bad, float *state, float *up, long n_time,
                              long n_lanes, const float *coefficients) {
    long lane = 0;
    for (; lane + UB_LANES <= n_lanes; state += UB_TILT_STATE * UB_LANES)
        for (int part = 0; part < UB_LANES; part += UB_WIDTH, lane += UB_WIDTH)
            ub_tilt((ub_samples){NULL, acc + lane, bad + lane, up + lane, n_lanes}, state + part, n_time,
                    coefficients);
    if (lane < n_lanes)
        last_lanes((ub_samples){NULL, acc + lane, bad + lane, up + lane, n_lanes}, state, n_time, n_lanes - lane,
                   coefficients);
}
