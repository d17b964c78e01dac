// What the laws in scripts share: to say that one is broken, and dice with a seed.

export function assert(holds, message) {
  if (!holds) {
    throw new Error(message);
  }
}

// mulberry32: small, seeded, the same everywhere.
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
