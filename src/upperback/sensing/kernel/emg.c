/* Surface EMG. The filters and the energy per hop in one pass over the samples, then, per hop: the gate for heart
   beats, the windows with their histogram and rest gaps. The obvious version of each function is in
   muscle/_reference.py.

   The filters run in double: their poles lie close to one, the offset of an electrode is a thousand times the muscle
   at rest, and rest is what counts. Where a processor can multiply and add in one step it does, so that instruction
   sets differ in the last bits; muscle/base.py says how much that may be. */
#include "side_by_side.h"
#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
/* Clang does this by itself. */
#pragma GCC optimize("fp-contract=fast")
#endif

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
enum { WIDTH = 8 };
#elif defined(__AVX__)
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif
typedef double vd __attribute__((vector_size(8 * WIDTH)));
typedef int64_t vl __attribute__((vector_size(8 * WIDTH)));
typedef float vs __attribute__((vector_size(4 * WIDTH)));

/* What a channel or a lane remembers behind the two numbers of each section. */
enum { OFFSET, ENERGY, SUM, SINCE, POSITION, BITS, STARTED, REST_OF_MEMORY };

/* The first two are bits of QualityFlag. */
enum { GAP = 1, UNSETTLED = 128, USUAL_SECTIONS = 4, MOST_SECTIONS = 12, TILE = 256 };

/* Below this a filter is silent; left alone it would sink into numbers that processors are slow with. */
#define SILENCE 1e-150

/* Direct form II transposed with b0 = b2 = 1, for one number or for lanes; `c` is b1, a1, a2. */
#define SECTION(x, c, z)                                                                                               \
    do {                                                                                                               \
        __typeof__(x) in_ = (x);                                                                                       \
        (x) = in_ + (z)[0];                                                                                            \
        (z)[0] = ((c)[0] * in_ + (z)[1]) - (c)[1] * (x);                                                               \
        (z)[1] = in_ - (c)[2] * (x);                                                                                   \
    } while (0)

/* One sample after the other. Hops before `skip` are not written; `sum` may be NULL. Returns the number of hops that
   ended. */
INLINE int64_t one_by_one(const float *x, int64_t n, int64_t sections, const double *c, int64_t hop, int64_t settle,
                          int64_t skip, double *memory, double *energy, double *sum, uint8_t *bits) {
    double z[2 * MOST_SECTIONS], *own = memory + 2 * sections;
    for (int64_t s = 0; s < 2 * sections; s++)
        z[s] = memory[s];
    int64_t hops = 0, position = (int64_t)own[POSITION], since = (int64_t)own[SINCE];
    int flags = (int)own[BITS], started = own[STARTED] != 0;
    double offset = own[OFFSET], hop_energy = own[ENERGY], hop_sum = own[SUM];
    for (int64_t t = 0; t < n; t++) {
        double y = x[t];
        if (!(y - y == 0)) { /* NaN or infinite: nothing was received, so start afresh behind it */
            for (int64_t s = 0; s < 2 * sections; s++)
                z[s] = 0;
            started = 0, since = 0, offset = 0, flags |= GAP;
        } else {
            if (!started)
                started = 1, offset = y;
            y -= offset;
            hop_sum += y;
            for (int64_t s = 0; s < sections; s++)
                SECTION(y, c + 3 * s, z + 2 * s);
            hop_energy += y * y;
            if (since < settle)
                since++, flags |= UNSETTLED;
        }
        if (++position == hop) {
            if (hops >= skip)
                energy[hops] = hop_energy, bits[hops] = (uint8_t)flags;
            if (sum && hops >= skip)
                sum[hops] = hop_sum;
            hops++, position = 0, flags = 0, hop_energy = 0, hop_sum = 0;
            for (int64_t s = 0; s < 2 * sections; s++)
                if (z[s] < SILENCE && z[s] > -SILENCE)
                    z[s] = 0;
        }
    }
    for (int64_t s = 0; s < 2 * sections; s++)
        memory[s] = z[s];
    own[OFFSET] = offset, own[ENERGY] = hop_energy, own[SUM] = hop_sum, own[SINCE] = (double)since;
    own[POSITION] = (double)position, own[BITS] = (double)flags, own[STARTED] = (double)started;
    return hops;
}

/* Any stretch of one channel, with everything handed over in `memory`. */
UB_EXPORT int64_t UB(emg_hops)(const float *x, int64_t n, int64_t sections, const double *c, int64_t hop,
                               int64_t settle, double *memory, double *energy, double *sum, uint8_t *bits) {
    if (sections == USUAL_SECTIONS) /* a number that the compiler knows is worth a second copy of the loop */
        return one_by_one(x, n, USUAL_SECTIONS, c, hop, settle, 0, memory, energy, sum, bits);
    return one_by_one(x, n, sections, c, hop, settle, 0, memory, energy, sum, bits);
}

/* Sixteen stretches, `apart` samples from each other, as a tile [time][lane]. Is every sample a number? Their sums tell;
   where one is beyond counting, the answer is no, which costs time only. */
INLINE int pack(const float *x, int64_t apart, int64_t n, float *tile) {
    enum { CHAINS = 4 };
    const float *from[UB_LANES];
    vf sum[CHAINS] = {{0}}, total = {0};
    for (int lane = 0; lane < UB_LANES; lane++)
        from[lane] = x + lane * apart;
    ub_side_by_side(from, tile, n);
    const int64_t numbers = n * UB_LANES, step = CHAINS * UB_WIDTH, whole = numbers - numbers % step;
    for (int64_t i = 0; i < whole; i += step)
        for (int k = 0; k < CHAINS; k++)
            sum[k] += ub_load(tile + i + k * UB_WIDTH);
    for (int64_t i = whole; i < numbers; i += UB_WIDTH)
        sum[0] += ub_load(tile + i);
    for (int k = 0; k < CHAINS; k++)
        total += sum[k];
    return ub_every(total - total == 0);
}

/* What the lanes remember, turned round: [number][lane]. */
struct lanes {
    double z[2 * MOST_SECTIONS][UB_LANES], offset[UB_LANES], energy[UB_LANES], sum[UB_LANES];
};

/* Two vectors of lanes at once, so that one can go on while the other waits for its own last result. */
struct pair {
    vd a, b;
};

INLINE struct pair load_pair(const double *from) {
    struct pair p;
    memcpy(&p, from, sizeof p);
    return p;
}

INLINE void store_pair(double *to, struct pair p) { memcpy(to, &p, sizeof p); }

/* Exactly the samples, as doubles; compilers take the long way round. */
INLINE vd widened(const float *from) {
#if defined(__AVX512F__)
    return (vd)_mm512_cvtps_pd(_mm256_loadu_ps(from));
#elif defined(__AVX__)
    return (vd)_mm256_cvtps_pd(_mm_loadu_ps(from));
#else
    vs f;
    memcpy(&f, from, sizeof f);
    return __builtin_convertvector(f, vd);
#endif
}

INLINE vd silenced(vd z) { return (vd)((vl)z & ~((z < SILENCE) & (z > -SILENCE))); }

/* A tile through the filters of the lanes from `lane` on. What hops hold at their end goes to `ended`. */
INLINE void filter_pair(const float *tile, int64_t n, int64_t sections, const double *c, int64_t hop, int64_t position,
                        struct lanes *l, int lane, double (*ended)[2][UB_LANES]) {
    vd za[2 * MOST_SECTIONS], zb[2 * MOST_SECTIONS];
    for (int64_t s = 0; s < 2 * sections; s++) {
        struct pair z = load_pair(l->z[s] + lane);
        za[s] = z.a, zb[s] = z.b;
    }
    const struct pair offset = load_pair(l->offset + lane);
    struct pair energy = load_pair(l->energy + lane), sum = load_pair(l->sum + lane);
    for (int64_t t = 0, hops = 0; t < n;) {
        const int64_t until = t + hop - position < n ? t + hop - position : n;
        position += until - t;
        for (; t < until; t++) {
            vd a = widened(tile + t * UB_LANES + lane) - offset.a;
            vd b = widened(tile + t * UB_LANES + lane + WIDTH) - offset.b;
            sum.a += a, sum.b += b;
            for (int64_t s = 0; s < sections; s++) {
                SECTION(a, c + 3 * s, za + 2 * s);
                SECTION(b, c + 3 * s, zb + 2 * s);
            }
            energy.a += a * a, energy.b += b * b;
        }
        if (position == hop) {
            store_pair(ended[hops][0] + lane, energy);
            store_pair(ended[hops][1] + lane, sum);
            hops++, position = 0;
            energy.a = energy.b = sum.a = sum.b = (vd){0};
            for (int64_t s = 0; s < 2 * sections; s++)
                za[s] = silenced(za[s]), zb[s] = silenced(zb[s]);
        }
    }
    for (int64_t s = 0; s < 2 * sections; s++)
        store_pair(l->z[s] + lane, (struct pair){za[s], zb[s]});
    store_pair(l->energy + lane, energy);
    store_pair(l->sum + lane, sum);
}

INLINE int64_t memory_size(int64_t sections) { return 2 * sections + REST_OF_MEMORY; }

INLINE void lanes_from_memory(const double *memory, int64_t sections, int n_lanes, struct lanes *l) {
    for (int lane = 0; lane < n_lanes; lane++) {
        const double *z = memory + lane * memory_size(sections), *own = z + 2 * sections;
        for (int64_t s = 0; s < 2 * sections; s++)
            l->z[s][lane] = z[s];
        l->offset[lane] = own[OFFSET], l->energy[lane] = own[ENERGY], l->sum[lane] = own[SUM];
    }
}

INLINE void memory_from_lanes(const struct lanes *l, int64_t sections, int64_t position, double *memory) {
    for (int lane = 0; lane < UB_LANES; lane++) {
        double *z = memory + lane * memory_size(sections), *own = z + 2 * sections;
        for (int64_t s = 0; s < 2 * sections; s++)
            z[s] = l->z[s][lane];
        own[ENERGY] = l->energy[lane], own[SUM] = l->sum[lane], own[POSITION] = (double)position;
    }
}

/* Are lanes in the middle of good signal, so that only arithmetic is left to do? */
INLINE int are_settled(const double *memory, int64_t sections, int64_t settle, int first, int last) {
    for (int lane = first; lane < last; lane++) {
        const double *own = memory + lane * memory_size(sections) + 2 * sections;
        if (own[SINCE] < (double)settle || own[BITS] != 0 || own[STARTED] == 0)
            return 0;
    }
    return 1;
}

/* The first lane is by itself until it has settled: it may be the start of the recording. With `all_fine` it ends where
   there is something that is no number, and returns 0. */
INLINE int side_by_side(const float *x, int64_t per_lane, int64_t warm, int64_t sections, const double *c, int64_t hop,
                        int64_t settle, int all_fine, double *memory, double *energy, double *sum, uint8_t *bits) {
    const int64_t samples = (per_lane + warm) * hop, apart = per_lane * hop;
    float tile[TILE * UB_LANES] __attribute__((aligned(64)));
    double ended[TILE][2][UB_LANES] __attribute__((aligned(64)));
    struct lanes l;
    int turned = 0;
    for (int64_t t = 0, position = 0, hops = 0; t < samples;) {
        const int64_t n = samples - t < TILE ? samples - t : TILE, ends = (position + n) / hop;
        const int fine = pack(x + t, apart, n, tile);
        if (all_fine && !fine)
            return 0;
        if (fine && (turned || are_settled(memory, sections, settle, 1, UB_LANES))) {
            if (!turned)
                lanes_from_memory(memory, sections, UB_LANES, &l);
            turned = 1;
            const int alone = !are_settled(memory, sections, settle, 0, 1);
            for (int lane = 0; lane < UB_LANES; lane += 2 * WIDTH)
                filter_pair(tile, n, sections, c, hop, position, &l, lane, ended);
            if (alone) {
                one_by_one(x + t, n, sections, c, hop, settle, 0, memory, energy + hops, sum ? sum + hops : sum,
                           bits + hops);
                lanes_from_memory(memory, sections, 1, &l);
            }
            for (int64_t h = hops; h < hops + ends; h++)
                for (int lane = alone; lane < (h < warm ? 1 : UB_LANES); lane++) {
                    energy[lane * per_lane + h] = ended[h - hops][0][lane];
                    if (sum)
                        sum[lane * per_lane + h] = ended[h - hops][1][lane];
                    bits[lane * per_lane + h] = 0;
                }
        } else {
            if (turned)
                memory_from_lanes(&l, sections, position, memory);
            turned = 0;
            for (int lane = 0; lane < UB_LANES; lane++) {
                const int64_t to = lane * per_lane + hops;
                one_by_one(x + lane * apart + t, n, sections, c, hop, settle, lane ? warm - hops : 0,
                           memory + lane * memory_size(sections), energy + to, sum ? sum + to : sum, bits + to);
            }
        }
        position = (position + n) % hop, hops += ends, t += n;
    }
    if (turned)
        memory_from_lanes(&l, sections, 0, memory);
    return 1;
}

/* Where the last NaN or infinity is, or -1. */
INLINE int64_t last_bad(const float *x, int64_t n) {
    enum { PART = 512 };
    for (int64_t end = n; end > 0; end -= PART) {
        const int64_t start = end > PART ? end - PART : 0;
        int32_t bad = 0;
        for (int64_t t = start; t < end; t++)
            bad |= !(x[t] - x[t] == 0);
        for (int64_t t = end - 1; bad && t >= start; t--)
            if (!(x[t] - x[t] == 0))
                return t;
    }
    return -1;
}

/* What lanes 1 to 15 would remember at their first sample, but for the numbers of their filters. `all_fine`: every
   sample is a number. */
INLINE void start_lanes(const float *x, int64_t apart, int64_t sections, int64_t settle, int all_fine, double *memory) {
    for (int lane = 1; lane < UB_LANES; lane++) {
        double *z = memory + lane * memory_size(sections), *own = z + 2 * sections;
        const double *before = own - memory_size(sections);
        const float *from = x + (lane - 1) * apart;
        const int64_t bad = all_fine ? -1 : last_bad(from, apart), since = apart - 1 - bad;
        memset(z, 0, sizeof(double) * (size_t)memory_size(sections));
        if (bad < 0) {
            own[OFFSET] = before[STARTED] != 0 ? before[OFFSET] : from[0];
            own[SINCE] = before[SINCE] + (double)apart;
        } else if (since > 0) {
            own[OFFSET] = from[bad + 1];
            own[SINCE] = (double)since;
        }
        own[STARTED] = since > 0;
        own[SINCE] = own[SINCE] < (double)settle ? own[SINCE] : (double)settle;
    }
}

/* One long stretch as 16 lanes. Lane l works on hops [l * per_lane, (l + 1) * per_lane + warm) and keeps all but the
   first `warm`, which bring its filters to where they would be; lane 0 keeps all. `memory` has a row per
   lane; the first is what lane 0 starts with. */
UB_EXPORT void UB(emg_lanes)(const float *x, int64_t per_lane, int64_t warm, int64_t sections, const double *c,
                             int64_t hop, int64_t settle, double *memory, double *energy, double *sum, uint8_t *bits) {
    double first[2 * MOST_SECTIONS + REST_OF_MEMORY];
    const size_t first_bytes = sizeof(double) * (size_t)memory_size(sections);
    memcpy(first, memory, first_bytes);
    for (int all_fine = 1; all_fine >= 0; all_fine--) { /* most often they are, and looking first would be a pass more */
        memcpy(memory, first, first_bytes);
        start_lanes(x, per_lane * hop, sections, settle, all_fine, memory);
        if (sections == USUAL_SECTIONS) {
            if (side_by_side(x, per_lane, warm, USUAL_SECTIONS, c, hop, settle, all_fine, memory, energy, sum, bits))
                return;
        } else if (side_by_side(x, per_lane, warm, sections, c, hop, settle, all_fine, memory, energy, sum, bits)) {
            return;
        }
    }
}

/* Energy of the slow part (heart beats, movement of the electrode) per hop, from the mean of each hop.
   `c` is b0, a1, a2 of a band-pass with b = b0, 0, -b0 at the rate of the hops; `memory` the last two of x and y. */
UB_EXPORT void UB(emg_slow)(const double *sum, const uint8_t *bits, int64_t n, double per_sample, const double *c,
                            double *memory, double *slow) {
    double x1 = memory[0], x2 = memory[1], y1 = memory[2], y2 = memory[3];
    for (int64_t i = 0; i < n; i++) {
        if (bits[i] & GAP) {
            x1 = x2 = y1 = y2 = slow[i] = 0;
            continue;
        }
        const double x = sum[i] * per_sample * c[0];
        double y = ((x - x2) - c[2] * y2) - c[1] * y1;
        if (y < SILENCE && y > -SILENCE)
            y = 0;
        x2 = x1, x1 = x, y2 = y1, y1 = y;
        slow[i] = y * y;
    }
    memory[0] = x1, memory[1] = x2, memory[2] = y1, memory[3] = y2;
}

/* Numbers of the gate, in the order of muscle/base.py. */
struct gate {
    int64_t smooth, look, back, ahead, before, after;
    double ratio, floor, fraction, decay;
};

/* Sum of the last `smooth` values. */
INLINE double smoothed(const double *x, int64_t i, int64_t smooth) {
    double sum = 0;
    for (int64_t k = i - smooth + 1; k <= i; k++)
        sum += x[k];
    return sum;
}

/* Is peaks[i] the highest around, and well above the muscle? */
INLINE int is_beat(const double *peaks, const double *energy, int64_t i, const struct gate *g) {
    for (int64_t k = i - g->look; k < i; k++)
        if (peaks[k] >= peaks[i])
            return 0;
    for (int64_t k = i + 1; k <= i + g->look; k++)
        if (peaks[k] > peaks[i])
            return 0;
    for (int64_t k = i - g->back; k <= i + g->ahead; k++)
        if (peaks[i] <= g->ratio * smoothed(energy, k, g->smooth))
            return 0;
    return 1;
}

/* Hops that a heart beat is in. A beat is a peak of the slow part that stands above the muscle around it, above a
   floor, and above a fraction of the beats before. Looks at the peaks in [from - look, n - look). `peaks` is scratch
   of n. */
UB_EXPORT void UB(emg_gate)(const double *energy, const double *slow, int64_t from, int64_t n, const struct gate *g,
                            double *peaks, double *level, uint8_t *gated) {
    double beats = *level;
    const int64_t first = from - 2 * g->look;
    for (int64_t i = first; i < n; i++)
        peaks[i] = 0;
    for (int64_t k = g->smooth - 1; k >= 0; k--)
        for (int64_t i = first; i < n; i++)
            peaks[i] += slow[i - k];
    for (int64_t i = from - g->look; i < n - g->look; i++) {
        beats *= g->decay;
        if (!(peaks[i] > g->floor) || peaks[i] < peaks[i + 1] || peaks[i] <= peaks[i - 1])
            continue;
        if (!(peaks[i] > g->fraction * beats) || !is_beat(peaks, energy, i, g))
            continue;
        beats = peaks[i] > beats ? peaks[i] : beats;
        memset(gated + i - g->before, 1, (size_t)(g->before + g->after + 1));
    }
    *level = beats;
}

/* Numbers of the histogram: bins of equal width between powers of two. */
enum { BINS_PER_OCTAVE_LOG2 = 7, LOWEST_OCTAVE = -48, OCTAVES = 36, BINS = OCTAVES << BINS_PER_OCTAVE_LOG2 };

INLINE int64_t bin_of(double power) {
    int64_t raw;
    memcpy(&raw, &power, sizeof raw);
    raw = (raw >> (52 - BINS_PER_OCTAVE_LOG2)) - ((int64_t)(1023 + LOWEST_OCTAVE) << BINS_PER_OCTAVE_LOG2);
    return raw < 0 ? 0 : raw >= BINS ? BINS - 1 : raw;
}

/* What counting needs, remembers, and counts, in the order of muscle/base.py. */
struct window {
    int64_t fewest, shortest, epoch;
    double scale, rest_below, noise;
};
struct run {
    int64_t resting, counted, length, away;
};
struct totals {
    int64_t measured, gated, gaps, gap_hops, longest_gap;
};

enum { WINDOW = 10, BLOCK = 128 };

/* Is no hop of the windows in this block bad or gated? Then less is left to ask; the numbers are the same. */
INLINE int is_calm(const uint8_t *bits, const uint8_t *gated, int64_t count) {
    uint8_t any = 0;
    for (int64_t i = 1 - WINDOW; i < count; i++)
        any |= bits[i] | gated[i];
    return !any;
}

/* Mean power of the windows that end with each hop of a block: NaN where a hop is bad, negative where so much is gated
   that nothing is left to go by. */
INLINE void window_power(const double *energy, const uint8_t *bits, const uint8_t *gated, int64_t count, int calm,
                         const struct window *w, double *power) {
    double open[BLOCK + WINDOW], hops[BLOCK + WINDOW];
    const double *from = energy - WINDOW + 1;
    for (int64_t k = 0; k < count + WINDOW - 1 && !calm; k++) {
        const int64_t i = k - WINDOW + 1;
        hops[k] = !gated[i];
        open[k] = bits[i] ? NAN : hops[k] * energy[i];
    }
    if (!calm)
        from = open;
    for (int64_t i = 0; i < count; i++) {
        double sum = 0, n = 0;
        for (int k = 0; k < WINDOW; k++)
            sum += from[i + k];
        for (int k = 0; k < WINDOW && !calm; k++)
            n += hops[i + k];
        const double share = calm ? 1.0 / WINDOW : 1 / n, mean = sum * w->scale * share;
        power[i] = calm || sum != sum ? mean : n < (double)w->fewest ? -1 : mean;
    }
}

/* Everything that goes on from hop to hop. */
struct counting {
    struct run run;
    struct totals totals;
    double last;
};

/* One more window into the run of rest, and what it adds to the gaps. */
INLINE void rest_or_not(int rests, int64_t shortest, struct run *r, struct totals *totals) {
    if (!rests) {
        r->resting = r->counted = 0, r->away++;
        return;
    }
    if (!r->resting)
        r->length = r->away < WINDOW ? r->away : WINDOW - 1;
    r->resting = 1, r->away = 0, r->length++;
    if (r->length < shortest)
        return;
    totals->gaps += !r->counted;
    totals->gap_hops += r->counted ? 1 : r->length;
    totals->longest_gap = r->length > totals->longest_gap ? r->length : totals->longest_gap;
    r->counted = 1;
}

/* Windows of a block into the histogram, rest into gaps; `power` becomes what was counted. */
INLINE void count_block(const struct window *w, int64_t count, double *power, struct counting *counting,
                        uint32_t *histogram) {
    struct counting c = *counting;
    for (int64_t i = 0; i < count; i++) {
        const int held = power[i] < 0;
        c.last = held ? c.last : power[i];
        power[i] = c.last;
        if (c.last != c.last) {
            c.run = (struct run){.away = WINDOW};
            continue;
        }
        c.totals.measured++;
        c.totals.gated += held;
        histogram[bin_of(c.last)]++;
        rest_or_not(c.last < w->rest_below, w->shortest, &c.run, &c.totals);
    }
    *counting = c;
}

/* The same where nothing is bad or gated: often nobody rests, and then there is less to do. */
INLINE void count_calm_block(const struct window *w, int64_t count, double *power, struct counting *counting,
                             uint32_t *histogram) {
    int64_t bins[BLOCK], rests = 0, odd = 0;
    for (int64_t i = 0; i < count; i++) {
        bins[i] = bin_of(power[i]);
        rests |= power[i] < w->rest_below, odd |= !(power[i] >= 0);
    }
    if (odd) { /* beyond counting */
        count_block(w, count, power, counting, histogram);
        return;
    }
    struct counting c = *counting;
    for (int64_t i = 0; i < count; i++)
        histogram[bins[i]]++;
    c.totals.measured += count;
    c.last = power[count - 1];
    if (!rests)
        c.run.resting = c.run.counted = 0, c.run.away += count;
    for (int64_t i = 0; i < count && rests; i++)
        rest_or_not(power[i] < w->rest_below, w->shortest, &c.run, &c.totals);
    *counting = c;
}

/* Mean power of an epoch: of its hops that are neither bad nor gated, if these are half of them. Sums in eight parts. */
INLINE double power_of_epoch(const double *energy, const uint8_t *bits, const uint8_t *gated, const struct window *w) {
    enum { PARTS = 8 };
    const int64_t whole = w->epoch & ~(int64_t)(PARTS - 1);
    double sum[PARTS] = {0}, hops = (double)w->epoch;
    uint8_t any = 0;
    for (int64_t t = 0; t < w->epoch; t++)
        any |= bits[t] | gated[t];
    if (!any) {
        for (int64_t t = 0; t < whole; t += PARTS)
            for (int j = 0; j < PARTS; j++)
                sum[j] += energy[t + j];
        for (int64_t t = whole; t < w->epoch; t++)
            sum[t - whole] += energy[t];
    } else {
        hops = 0;
        for (int64_t t = 0; t < w->epoch; t++)
            if (!bits[t] && !gated[t])
                sum[t % PARTS] += energy[t], hops++;
    }
    for (int n = PARTS / 2; n > 0; n /= 2)
        for (int j = 0; j < n; j++)
            sum[j] += sum[j + n];
    return 2 * hops >= (double)w->epoch ? sum[0] * w->scale / hops : NAN;
}

/* Every window of [from, n) into the histogram and the envelope, rest into gaps, and the mean power of whole epochs.

   A gap lasts from the beginning of its first window to the end of its last one, and counts as soon as it is long
   enough. A gated window takes the power before it. An epoch needs half of its hops. */
UB_EXPORT void UB(emg_windows)(const double *energy, const uint8_t *bits, const uint8_t *gated, int64_t from, int64_t n,
                               const struct window *w, struct run *run, double *last, uint32_t *histogram,
                               struct totals *totals, float *envelope, double *epoch_power) {
    struct counting c = {.run = *run, .totals = *totals, .last = *last};
    double power[BLOCK];
    for (int64_t start = from; start < n; start += BLOCK) {
        const int64_t count = n - start < BLOCK ? n - start : BLOCK;
        const double *e = energy + start;
        const uint8_t *b = bits + start, *g = gated + start;
        if (is_calm(b, g, count)) {
            window_power(e, b, g, count, 1, w, power);
            count_calm_block(w, count, power, &c, histogram);
        } else {
            window_power(e, b, g, count, 0, w, power);
            count_block(w, count, power, &c, histogram);
        }
        for (int64_t i = 0; i < count; i++) {
            const double above = power[i] - w->noise;
            envelope[start - from + i] = (float)__builtin_sqrt(above < 0 ? 0 : above);
        }
    }
    for (int64_t start = from; start + w->epoch <= n; start += w->epoch)
        *epoch_power++ = power_of_epoch(energy + start, bits + start, gated + start, w);
    *run = c.run, *totals = c.totals, *last = c.last;
}

/* What is known of an epoch before its spectrum, in the order of muscle/base.py. */
struct facts {
    double mean, highest, lowest, same, pairs;
};

/* Each of `n` epochs: its facts, and its samples less the mean times `taper`. Sums in 16 parts, so that every
   instruction set adds in the same order. */
UB_EXPORT void UB(emg_epochs)(const float *x, int64_t n, int64_t length, const float *taper, float *tapered,
                              struct facts *facts) {
    for (int64_t e = 0; e < n; e++, x += length, tapered += length) {
        double parts[16] = {0}, sum = 0;
        float high[16], low[16];
        const int64_t whole = length & ~(int64_t)15;
        for (int j = 0; j < 16; j++)
            high[j] = -INFINITY, low[j] = INFINITY;
        for (int64_t t = 0; t < length; t += 16)
            for (int j = 0; j < (t < whole ? 16 : (int)(length - whole)); j++) {
                const float v = x[t + j];
                parts[j] += v;
                high[j] = v > high[j] ? v : high[j];
                low[j] = v < low[j] ? v : low[j];
            }
        for (int j = 0; j < 16; j++) {
            sum += parts[j];
            high[0] = high[j] > high[0] ? high[j] : high[0];
            low[0] = low[j] < low[0] ? low[j] : low[0];
        }
        int32_t same = 0, pairs = 0;
        for (int64_t t = 1; t < length; t++) {
            const int32_t s = x[t] == x[t - 1];
            same += s;
            pairs += s & ((x[t] == high[0]) | (x[t] == low[0]));
        }
        const double mean = sum / (double)length;
        const float off = (float)mean;
        for (int64_t t = 0; t < length; t++)
            tapered[t] = (x[t] - off) * taper[t];
        facts[e] = (struct facts){mean, high[0], low[0], same, pairs};
    }
}
