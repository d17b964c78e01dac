// Keeps what a session logs and sends it when it can: an outbox over the sealed store, or over memory where the browser
// keeps nothing. Used by the session itself, and by any other page while something still waits.

import { MemoryStore, Outbox } from "./outbox.js";
import { NoWay, Post } from "./post.js";
import { openVault } from "./vault.js";

const TRY_AGAIN_MS = [2000, 5000, 15000, 60000];
// For pages that do not load all of this: how many entries wait, and which session is open. No more is said in the clear.
const WAITS = "upperback.waits";
const OPEN = "upperback.session";

export class Keeping {
  #vault;
  #outbox;
  #post = new Post();
  #told;
  #person = null;
  #timer = null;
  #misses = 0;
  #flushing = null;
  #isWanted = false;
  #noting = Promise.resolve();
  #states = Promise.resolve();

  // told(what, details): "offline", "closed", "other", "noStorage" or "sent", with what the server said.
  static async open(told = () => {}) {
    let vault = null;
    try {
      vault = await openVault();
    } catch {
      // A private window, or a browser that keeps nothing: everything works while the page is open.
    }
    return new Keeping(vault, told);
  }

  constructor(vault, told) {
    this.#vault = vault;
    this.#told = told;
    this.#outbox = new Outbox({
      store: vault ? new Spared(vault, () => told("noStorage", null)) : new MemoryStore(),
      send: (person, entries) => this.#post.send(person, entries),
      makeId,
      now: () => Date.now(),
      alone,
    });
  }

  get isLasting() {
    return this.#vault !== null;
  }

  // From now on this person's entries are sent, whenever there is a way.
  watch(person) {
    this.#person = person;
    addEventListener("online", () => this.#atOnce());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#atOnce());
    return this.flush();
  }

  // stateAfter(id): where the session stands once the entry of that id is written down; kept together with it.
  async add(draft, stateAfter = () => null) {
    const entry = this.#outbox.make(draft);
    const state = stateAfter(entry.id);
    await this.#states;
    await this.#outbox.put(entry, state && { session: state.session, state });
    await this.#note();
    this.flush();
    return entry;
  }

  waiting(person) {
    return this.#outbox.waiting(person);
  }

  async state(session) {
    return this.#vault ? this.#vault.state(session).catch(() => null) : null;
  }

  // Where a session stands is a convenience: that it cannot be kept must not stop anybody. One session at a time.
  // One after the other, so that an older state never comes after a newer one.
  keepState(session, state, { isOpen }) {
    return this.#inTurn(async () => {
      await this.#vault?.forgetStates(session);
      await this.#vault?.keepState(session, state);
      mark(OPEN, isOpen && this.#vault ? session : null);
    });
  }

  forgetState() {
    return this.#inTurn(async () => {
      mark(OPEN, null);
      await this.#vault?.forgetStates();
    });
  }

  #inTurn(work) {
    this.#states = this.#states.then(work).catch(() => {
      // It then begins with the first set that is not written down.
    });
    return this.#states;
  }

  // Whoever this browser is open for: what waits of theirs is sent. For pages outside a session.
  async sendForWhoeverIsHere() {
    this.#person = await this.#post.person();
    return this.flush();
  }

  // One sending at a time. One that is asked for while another is under way follows it: what was added meanwhile, or
  // after it last looked, must not wait for somebody to do something else.
  flush() {
    this.#isWanted = true;
    this.#flushing ??= this.#flushWhileWanted();
    return this.#flushing;
  }

  async #flushWhileWanted() {
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.#flushOnce();
      }
    } finally {
      this.#flushing = null;
    }
  }

  // Something has changed: there may be a way now.
  #atOnce() {
    this.#misses = 0;
    return this.flush();
  }

  async #flushOnce() {
    clearTimeout(this.#timer);
    if (this.#person === null) {
      return;
    }
    try {
      const found = await this.#outbox.flush(this.#person);
      this.#misses = 0;
      this.#told("sent", found);
      if (found.problem) {
        throw found.problem; // The rest has to wait.
      }
    } catch (problem) {
      const why = problem instanceof NoWay ? problem.why : "trouble";
      this.#told(why === "trouble" ? "offline" : why, null);
      if (why === "offline" || why === "trouble") {
        this.#tryAgain();
      }
    }
    await this.#note();
  }

  // Later and later, and never all devices at the same moment.
  #tryAgain() {
    const longest = TRY_AGAIN_MS[Math.min(this.#misses, TRY_AGAIN_MS.length - 1)];
    this.#misses += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), longest * (0.5 + Math.random() / 2));
  }

  // One after the other, so that an older count never comes after a newer one.
  #note() {
    this.#noting = this.#noting.then(async () => {
      const count = await this.#outbox.count();
      mark(WAITS, count > 0 && this.#vault ? String(count) : null);
    }).catch(() => {
      // Then other pages do not know; the session itself does.
    });
    return this.#noting;
  }
}

// A store that goes on in memory when the browser takes nothing more, for example because the disk is full.
class Spared {
  #store;
  #spare = new MemoryStore();
  #failed;

  constructor(store, failed) {
    this.#store = store;
    this.#failed = failed;
  }

  async put(entry, beside) {
    try {
      await this.#store.put(entry, beside);
    } catch {
      await this.#spare.put(entry);
      this.#failed();
    }
  }

  async all() {
    return [...(await this.#store.all()), ...(await this.#spare.all())];
  }

  async remove(ids) {
    await this.#spare.remove(ids);
    await this.#store.remove(ids);
  }

  async refuse(id, message) {
    await this.#spare.refuse(id, message);
    await this.#store.refuse(id, message);
  }
}

function mark(name, value) {
  try {
    if (value === null) {
      localStorage.removeItem(name);
    } else {
      localStorage.setItem(name, value);
    }
  } catch {
    // This browser keeps nothing.
  }
}

// By hand, for randomUUID is only there on secure origins.
function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Over all tabs where the browser can do that; within this one otherwise.
let chain = Promise.resolve();
function alone(work) {
  if (navigator.locks) {
    return navigator.locks.request("upperback-outbox", work);
  }
  const run = chain.then(work, work);
  chain = run.catch(() => {});
  return run;
}
