// Leads through one set: the parts of each repetition one after the other, in step with the clock, and counts them.

const LEAD_S = 3;

export class Pacer {
  #phases;
  #lastOfRepetition;
  #target;
  #on;
  #timer = null;
  #frame = null;
  #phase = -1;
  #endsMs = 0;
  reps = 0;

  // phases: [{do, s, ...}] of one repetition. on: phase(phase, repetition), lead(seconds), bar(share), rep(reps), end().
  constructor({ phases, target, reps = 0, on }) {
    this.#phases = phases;
    // The short rest after it belongs to the next one.
    this.#lastOfRepetition = phases.findLastIndex((phase) => phase.do !== "rest");
    this.#target = target;
    this.#on = on;
    this.reps = reps;
  }

  start() {
    this.#endsMs = performance.now();
    this.#lead(LEAD_S);
  }

  stop() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = null;
  }

  #lead(secondsLeft) {
    if (secondsLeft === 0) {
      this.#next();
      return;
    }
    this.#on.lead(secondsLeft);
    this.#after(1, () => this.#lead(secondsLeft - 1));
  }

  #next() {
    if (this.#phase === this.#lastOfRepetition) {
      this.reps += 1;
      this.#on.rep(this.reps);
      if (this.reps >= this.#target) {
        this.stop();
        this.#on.end();
        return;
      }
    }
    this.#phase = (this.#phase + 1) % this.#phases.length;
    this.#begin(this.#phases[this.#phase]);
  }

  #begin(phase) {
    this.#on.phase(phase);
    const startMs = this.#endsMs;
    this.#after(phase.s, () => this.#next());
    const draw = () => {
      const share = Math.min(1, Math.max(0, (performance.now() - startMs) / (phase.s * 1000)));
      this.#on.bar(phase, share);
      this.#frame = requestAnimationFrame(draw);
    };
    cancelAnimationFrame(this.#frame);
    draw();
  }

  // Each part ends where the one before ended plus its length, so that lateness of a timer does not add up.
  #after(seconds, go) {
    this.#endsMs = Math.max(this.#endsMs + seconds * 1000, performance.now());
    this.#timer = setTimeout(go, this.#endsMs - performance.now());
  }
}
