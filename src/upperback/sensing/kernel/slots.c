/* Means over slots: sensing/slots.py holds the reference. */
#include "kernel.h"
#include <math.h>
#include <string.h>

enum { GROUP = 64 };

static const float limit = 1e3f; /* no body reaches it */

/* Does every sample of [begin, end) count? */
static int all_count(const float *signal, const uint8_t *quality, int64_t begin, int64_t end, uint8_t untrusted) {
    int32_t doubt = 0;
    uint8_t flags = 0;
    for (int64_t i = 3 * begin; i < 3 * end; i++)
        doubt |= !(fabsf(signal[i]) < limit); /* or NaN */
    if (quality)
        for (int64_t i = begin; i < end; i++)
            flags |= quality[i];
    return !doubt && !(flags & untrusted);
}

static int all_in_twos(const int64_t *starts, int64_t n_slots) {
    int64_t other = 0;
    for (int64_t slot = 0; slot < n_slots; slot++)
        other |= starts[slot + 1] - starts[slot] - 2;
    return !other;
}

/* Slots of two samples each, as at 50 a second. Half the sum of two numbers is the same in float as in double. Four numbers
   at once: the next slot puts the fourth right. */
static void pairs(const float *v, int64_t n_slots, float *out) {
    for (int64_t slot = 0; slot < n_slots - 1; slot++, v += 6, out += 3) {
        float one[4], other[4];
        memcpy(one, v, sizeof one);
        memcpy(other, v + 3, sizeof other);
        for (int k = 0; k < 4; k++)
            one[k] = (one[k] + other[k]) * 0.5F;
        memcpy(out, one, sizeof one);
    }
    for (int k = 0; k < 3; k++)
        out[k] = (v[k] + v[3 + k]) * 0.5F;
}

/* signal [n][3], quality [n] or NULL, starts [n_slots + 1] into them. A sample counts unless it has a flag of `untrusted` or a
   value that no body reaches; a slot counts if half of its samples do. out [n_slots][3], NaN where it does not. */
UB_EXPORT void UB(slot_means)(const float *signal, const uint8_t *quality, const int64_t *starts, int64_t n_slots,
                              uint8_t untrusted, float *out) {
    for (int64_t slot = 0; slot < n_slots; slot++) {
        const int64_t ahead = n_slots - slot < GROUP ? n_slots - slot : GROUP;
        if (slot % GROUP == 0 && all_in_twos(starts + slot, ahead) &&
            all_count(signal, quality, starts[slot], starts[slot + ahead], untrusted)) {
            pairs(signal + 3 * starts[slot], ahead, out + 3 * slot);
            slot += ahead - 1;
            continue;
        }
        const int64_t begin = starts[slot], end = starts[slot + 1];
        double x = 0, y = 0, z = 0;
        int64_t counted = 0;
        for (int64_t i = begin; i < end; i++) {
            const float *v = signal + 3 * i;
            /* NaN is not below any limit. */
            if (!(quality && quality[i] & untrusted) && fabsf(v[0]) < limit && fabsf(v[1]) < limit && fabsf(v[2]) < limit) {
                x += v[0];
                y += v[1];
                z += v[2];
                counted++;
            }
        }
        float *mean = out + 3 * slot;
        if (counted > 0 && 2 * counted >= end - begin) {
            mean[0] = (float)(x / (double)counted);
            mean[1] = (float)(y / (double)counted);
            mean[2] = (float)(z / (double)counted);
        } else {
            mean[0] = mean[1] = mean[2] = NAN;
        }
    }
}
