// How the exercises of a session are done: figure and steps as the server draws them, the same for everybody. Kept in
// the browser, so that they are there without a connection.

const CACHE = "upperback-exercises";
const PATIENCE_MS = 4000;

export class Exercises {
  #session;
  #known = new Map();

  constructor(session) {
    this.#session = session;
  }

  // From memory, from the server, from what the browser keeps; null when none has it.
  async get(exercise) {
    if (!this.#known.has(exercise)) {
      const html = (await this.#fetched(exercise)) ?? (await kept(exercise));
      if (html === null) {
        return null;
      }
      await this.know(exercise, html);
    }
    return this.#known.get(exercise);
  }

  // One that came with the page, or was fetched.
  async know(exercise, html) {
    this.#known.set(exercise, html);
    try {
      const answer = new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } });
      await (await caches.open(CACHE)).put(nameOf(exercise), answer);
    } catch {
      // This browser keeps nothing: then the picture needs a connection.
    }
  }

  async #fetched(exercise) {
    try {
      const address = `/training/${this.#session}/exercise/${exercise}/`;
      const answer = await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
      return answer.ok && !answer.redirected ? await answer.text() : null;
    } catch {
      return null;
    }
  }
}

const nameOf = (exercise) => `/training/exercise/${exercise}`;

async function kept(exercise) {
  try {
    const found = await (await caches.open(CACHE)).match(nameOf(exercise));
    return found ? await found.text() : null;
  } catch {
    return null; // This browser keeps nothing.
  }
}
