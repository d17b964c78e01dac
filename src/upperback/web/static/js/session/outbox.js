// What a person logged, kept until the server has said that it has it. Pure logic: the store, the way to the server,
// the clock and the ids come from outside.
//
// Three rules make every entry arrive exactly once:
// - an entry has its id before it is kept, and is kept before anything is sent;
// - it is sent again, under the same id, until an answer names it, and only then let go of;
// - entries leave in the order in which they were made, so that a correction never comes before what it corrects.

const SENT_AT_ONCE = 200;

export class Outbox {
  #store;
  #send;
  #makeId;
  #now;
  #alone;
  #lastAt = 0;

  // store: put(entry, beside), all(), remove(ids), refuse(id, message); each resolves when it is safely done.
  // send(person, entries) resolves to the server's answers or rejects. alone(work) runs one piece of work at a time,
  // over all tabs where the browser can do that.
  constructor({ store, send, makeId, now, alone = (work) => work() }) {
    this.#store = store;
    this.#send = send;
    this.#makeId = makeId;
    this.#now = now;
    this.#alone = alone;
  }

  // An entry with its id and time, not kept yet.
  // id: where a page has made one already.
  make({ id = this.#makeId(), person, kind, day, data, replaces = null }) {
    // Two entries never swap places, also when the clock of the device is put back between them.
    this.#lastAt = Math.max(this.#now(), this.#lastAt + 1);
    return { id, person, kind, day, at: this.#lastAt, data, replaces };
  }

  // Keeps an entry, and with it in one go what stands beside it; resolves once both would survive a crash.
  async put(entry, beside = null) {
    await this.#store.put(entry, beside);
  }

  async add(draft) {
    const entry = this.make(draft);
    await this.put(entry);
    return entry;
  }

  // Entries of a person that no answer has named yet.
  async waiting(person) {
    return (await this.#store.all()).filter((entry) => entry.person === person && !entry.refused);
  }

  // The same for everybody who used this browser.
  async count() {
    return (await this.#store.all()).filter((entry) => !entry.refused).length;
  }

  // Sends what waits. Resolves to what became of it; rejects, with everything still kept, when there is no way through.
  // Where the way ends in the middle, what the server has said by then must not be lost: it comes with the problem.
  async flush(person) {
    return this.#alone(async () => {
      const found = { sent: 0, refused: [], elsewhere: [], plan: undefined, problem: null };
      try {
        await this.#sendAll(person, found);
      } catch (problem) {
        if (found.sent + found.refused.length === 0) {
          throw problem;
        }
        found.problem = problem;
      }
      return found;
    });
  }

  async #sendAll(person, found) {
    for (;;) {
      const batch = (await this.waiting(person)).slice(0, SENT_AT_ONCE);
      if (batch.length === 0) {
        return;
      }
      const reply = await this.#send(person, batch);
      const settled = await this.#settle(batch, reply.answers, found);
      found.plan = reply.plan;
      if (settled === 0) {
        throw new Error("no answer to what was sent");
      }
    }
  }

  async #settle(batch, answers, found) {
    const of = new Map(answers.map((answer) => [answer.client_id, answer]));
    const kept = batch.filter((entry) => of.get(entry.id)?.kept === true);
    const refused = batch.filter((entry) => of.get(entry.id)?.kept === false);
    await this.#store.remove(kept.map((entry) => entry.id));
    for (const entry of refused) {
      await this.#store.refuse(entry.id, of.get(entry.id).message);
      found.refused.push({ entry, message: of.get(entry.id).message });
    }
    found.elsewhere.push(...kept.filter((entry) => of.get(entry.id).elsewhere));
    found.sent += kept.length;
    return kept.length + refused.length;
  }
}

// A store for browsers that keep nothing: as long as the page is open.
export class MemoryStore {
  #entries = new Map();

  async put(entry) {
    this.#entries.set(entry.id, { ...entry });
  }

  async all() {
    return [...this.#entries.values()];
  }

  async remove(ids) {
    for (const id of ids) {
      this.#entries.delete(id);
    }
  }

  async refuse(id, message) {
    const entry = this.#entries.get(id);
    if (entry) {
      this.#entries.set(id, { ...entry, refused: message });
    }
  }
}
