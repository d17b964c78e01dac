/* The vertical with hindsight, for tiles. */
#include "lane_of_tile.h"
#include "smooth_window.h"
#include "tilt_parts.h"

/* Each instruction's lanes have their own part of the work space, since it is kept for the next window. */
UB_EXPORT void UB(smooth_tile)(const float *gyr, const float *acc, const uint8_t *bad, float *state, float *front,
                               float *up, const ub_window *window, float *work, const float *coefficients) {
    const long m = (long)coefficients[C_NODE], n_nodes = (window->n_most + m - 1) / m;
    const long part = UB_WIDTH * (UB_SMOOTH_NODE * n_nodes + UB_SMOOTH_ROW * window->n_most);
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH, work += part)
        ub_smooth(&(ub_samples){gyr + lane, acc + lane, bad + lane, up ? up + lane : NULL, UB_LANES}, state + lane,
                  front + lane, window, work, coefficients);
}

UB_EXPORT void UB(tilt_smooth_tile)(const float *acc, const uint8_t *bad, float *state, float *front, float *up,
                                    const ub_window *window, float *work, const float *coefficients) {
    const long part = UB_WIDTH * UB_SMOOTH_ROW * window->n_most;
    for (int lane = 0; lane < UB_LANES; lane += UB_WIDTH, work += part)
        ub_tilt_smooth((ub_samples){NULL, acc + lane, bad + lane, up ? up + lane : NULL, UB_LANES}, state + lane,
                       front + lane, window, work, coefficients);
}
