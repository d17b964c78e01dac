// A phone that is worn as the sensor of this screen counts a set. It was paired before, on its own page; this joins, and
// joins again when the line was lost or the server was started again: the phone goes on counting meanwhile.

import { Listening, ticket } from "./listening.js";

const TICKET = "/live/ticket/";
const SOCKET = "/live/screen/socket/";
const WHO = "/diary/";
const ANSWER_MS = 2000;
// A wearing can be gone on with for half an hour.
const AWAY_MS_MAX = 30 * 60_000;

export class Sensor {
  #line = null;
  #hear;
  #waits = null;
  #isThere = false;
  #awayAt = null;
  #isLeftCounting = false;

  // hear(reps) for what was felt: { n, moving_s, range_deg, doubt, hint }; hear({ away }) when it is away and may be back,
  // or is back; hear(null) when the phone is gone.
  constructor(hear) {
    this.#hear = hear;
  }

  get isThere() {
    return this.#isThere;
  }

  // Resolves to whether a phone of this person is worn now.
  join(person) {
    this.leave();
    return new Promise((resolve) => {
      let joined = false;
      const line = new Listening(SOCKET, () => enter(person), (told) => {
        if (line !== this.#line) {
          return;
        }
        joined ||= told?.ready === true;
        if (joined) {
          this.#told(told);
          resolve(true);
        } else if (told === null || told.lost || told.stopped) {
          this.leave();
          resolve(false);
        }
      });
      this.#line = line;
    });
  }

  count(exercise) {
    this.#isLeftCounting = false;
    this.#line?.ask({ count: exercise });
  }

  // The end of a set; resolves to what it came to, or null when the phone does not answer.
  async finish() {
    this.#isLeftCounting = !this.#isThere;
    if (!this.#isThere) {
      return null;
    }
    const told = new Promise((resolve) => {
      this.#waits = resolve;
      setTimeout(() => resolve(null), ANSWER_MS);
    });
    this.#line.ask({ count: null });
    const found = await told;
    this.#waits = null;
    return found;
  }

  leave() {
    const line = this.#line;
    this.#line = null;
    this.#isThere = false;
    this.#awayAt = null;
    this.#waits?.(null);
    line?.close();
  }

  #told(told) {
    if (told?.ready) {
      this.#isBack();
    }
    if (told?.count === null) {
      this.#waits?.(told.reps);
    } else if (told?.reps) {
      this.#hear(told.reps);
    }
    if (told?.lost || told?.away) {
      this.#isAway();
    }
    // While it is away nobody wears one yet: that is no last word.
    if (told === null || told.gone !== undefined || (told.stopped && !this.#mayBeBack)) {
      this.leave();
      this.#hear(null);
    }
  }

  get #mayBeBack() {
    return this.#awayAt !== null && performance.now() - this.#awayAt < AWAY_MS_MAX;
  }

  #isAway() {
    this.#isThere = false;
    this.#waits?.(null);
    if (this.#awayAt === null) {
      this.#awayAt = performance.now();
      this.#hear({ away: true });
    }
  }

  #isBack() {
    const wasAway = this.#awayAt !== null;
    this.#isThere = true;
    this.#awayAt = null;
    if (this.#isLeftCounting) { // a set that ended without it
      this.#isLeftCounting = false;
      this.#line.ask({ count: null });
    }
    if (wasAway) {
      this.#hear({ away: false });
    }
  }
}

async function enter(person) {
  const answer = await fetch(WHO, { headers: { Accept: "application/json" } });
  const who = answer.ok && !answer.redirected ? await answer.json() : null;
  if (who?.person !== person) {
    throw Object.assign(new Error("somebody else"), { isFinal: who !== null || answer.status < 500 });
  }
  const found = await ticket(TICKET, who.token);
  return { ticket: found.ticket, join: true };
}
