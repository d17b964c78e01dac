// The law of the outbox, over generated lives of devices: what a person was shown as written down is on the server
// exactly once, whatever is cut, reloaded, sent twice or sent by two windows and two devices at a time.
//
// `run({Outbox, first, count})` plays lives `first` to `first + count - 1` and returns what it met and what broke. It
// runs in node and in a browser alike. The server is a model of `services.diary.keep_sent`; tests hold the two together.

import { assert, chance } from "./dice.mjs";

export async function run({ Outbox, first, count }) {
  const met = { lives: 0, entries: 0, cut: 0, doubled: 0, late: 0, crashes: 0, halves: 0, corrections: 0 };
  const broken = [];
  for (let seed = first; seed < first + count && broken.length < 5; seed += 1) {
    try {
      await life(Outbox, seed, met);
    } catch (problem) {
      broken.push(`life ${seed}: ${problem.message}`);
    }
    met.lives += 1;
  }
  return { met, broken };
}

async function life(Outbox, seed, met) {
  const random = chance(seed);
  const server = new Server();
  const net = { random, server, met, late: [], isFair: false };
  const devices = [new Device("a", Outbox, net), new Device("b", Outbox, net)].slice(0, random() < 0.4 ? 2 : 1);
  const steps = 10 + Math.floor(random() * 30);
  for (let step = 0; step < steps; step += 1) {
    await devices[Math.floor(random() * devices.length)].live(random);
    if (net.late.length > 0 && random() < 0.3) {
      net.late.shift()();
      met.late += 1;
    }
  }
  net.isFair = true;
  for (const device of devices) {
    device.open();
    await device.calm();
    await device.flushAll();
  }
  net.late.forEach((deliver) => deliver()); // what was on its way all the time
  check(server, devices);
  met.entries += server.rows.length;
}

function check(server, devices) {
  const ids = server.rows.map((row) => row.client_id);
  assert(new Set(ids).size === ids.length, "an entry is there twice");
  const shown = devices.flatMap((device) => device.shown);
  const missing = shown.filter((entry) => !ids.includes(entry.id));
  assert(missing.length === 0, `${missing.length} of ${shown.length} entries are lost`);
  const made = new Set(devices.flatMap((device) => device.made));
  assert(ids.every((id) => made.has(id)), "something is there that nobody wrote");
  for (const row of server.rows) {
    const entry = shown.find((one) => one.id === row.client_id);
    assert(!entry || JSON.stringify(entry.data) === JSON.stringify(row.data), "an entry is there as another one");
    assert(server.rows.filter((other) => other.replaces === row.client_id).length <= 1, "a correction forks");
  }
  if (devices.length === 1) {
    for (const [key, last] of devices[0].lastOf) {
      const value = server.valueOf(key);
      assert(value === last, `set ${key} is ${value}, written last was ${last}`);
    }
  }
  for (const device of devices) {
    assert(device.base.size === 0, "something waits for ever");
    assert(device.refused.length === 0, `refused: ${device.refused}`);
  }
}

// One device: what it keeps survives; each window over it may die at any moment.
class Device {
  constructor(name, Outbox, net) {
    this.name = name;
    this.Outbox = Outbox;
    this.net = net;
    this.base = new Map();
    this.shown = [];
    this.made = [];
    this.lastOf = new Map();
    this.idOf = new Map();
    this.refused = [];
    this.windows = [];
    this.running = [];
    this.clock = 1_000_000;
    this.count = 0;
    this.chain = Promise.resolve();
    this.hasLocks = net.random() < 0.7;
    this.open();
  }

  open() {
    const window = { dead: false };
    window.outbox = new this.Outbox({
      store: new Store(this.base, window, this.net.random, this.refused),
      send: (person, entries) => this.send(window, entries),
      makeId: () => {
        this.count += 1;
        this.made.push(`${this.name}${this.count}`);
        return `${this.name}${this.count}`;
      },
      now: () => this.clock,
      // A lock of the browser over all windows, let go when the window dies; or none at all.
      alone: this.hasLocks ? (work) => this.alone(window, work) : (work) => work(),
    });
    this.windows.push(window);
  }

  alone(window, work) {
    const run = this.chain.then(() => (window.dead ? undefined : Promise.race([work(), (window.death ??= died(window))])));
    this.chain = run.catch(() => {});
    return run;
  }

  async live(random) {
    const window = this.windows[Math.floor(random() * this.windows.length)];
    const roll = random();
    this.clock += random() < 0.1 ? -3_600_000 : Math.floor(random() * 90_000); // sometimes the clock is put back
    if (roll < 0.5) {
      await this.write(window, random);
    } else if (roll < 0.75) {
      this.running.push(window.outbox.flush("p").catch(() => {})); // goes on beside everything else
      await turns(random);
    } else if (roll < 0.85) {
      window.dead = true;
      window.onDeath?.();
      this.net.met.crashes += 1;
      this.windows = this.windows.filter((one) => !one.dead);
      this.open();
    } else if (roll < 0.92 && this.windows.length < 2) {
      this.open();
    } else {
      await this.calm();
    }
  }

  // A set, a correction of one, or taking one back.
  async write(window, random) {
    const known = [...this.idOf.keys()];
    const isCorrection = known.length > 0 && random() < 0.4;
    const key = isCorrection ? known[Math.floor(random() * known.length)] : `${this.name}-set${this.count}`;
    const isTakenBack = isCorrection && random() < 0.3;
    const value = Math.floor(random() * 13);
    const adding = window.outbox.add({
      person: "p",
      kind: isTakenBack ? "undone" : "set_done",
      day: "2026-11-27",
      data: isTakenBack ? {} : { key, reps: value },
      replaces: isCorrection ? this.idOf.get(key) : null,
    });
    const entry = await Promise.race([adding, turns(random, 40).then(() => (random() < 0.1 ? null : adding))]);
    if (!entry) {
      // The window was shut before it was shown as written: it may count or not, but once at most.
      window.dead = true;
      window.onDeath?.();
      this.windows = this.windows.filter((one) => !one.dead);
      this.open();
      this.lastOf.delete(key);
      this.idOf.delete(key);
      return;
    }
    this.net.met.corrections += isCorrection ? 1 : 0;
    this.shown.push(entry);
    this.lastOf.set(key, isTakenBack ? null : value);
    if (isTakenBack) {
      this.idOf.delete(key);
    } else {
      this.idOf.set(key, entry.id);
    }
  }

  async calm() {
    await Promise.race([Promise.all(this.running), turns(() => 0.9, 400)]);
    this.running = [];
  }

  async flushAll() {
    const window = this.windows.at(-1);
    for (let round = 0; round < 20 && this.base.size > 0; round += 1) {
      await window.outbox.flush("p").catch(() => {});
    }
  }

  // The way to the server: lost before, lost after, cut in half, delivered twice, delivered once more much later.
  async send(window, entries) {
    const { random, server, met, late, isFair } = this.net;
    const rows = entries.map(({ id, kind, data, replaces }) => ({ client_id: id, kind, data, replaces }));
    await turns(random);
    if (window.dead) {
      return new Promise(() => {});
    }
    const roll = isFair ? 1 : random();
    if (roll < 0.2) {
      met.cut += 1;
      throw new Error("lost before");
    }
    if (roll < 0.3) {
      met.halves += 1;
      server.keep(rows.slice(0, Math.ceil(random() * rows.length)));
      throw new Error("the server stopped in the middle");
    }
    const answers = server.keep(rows);
    await turns(random);
    if (roll < 0.45) {
      met.cut += 1;
      throw new Error("lost after");
    }
    if (roll < 0.55) {
      met.doubled += 1;
      server.keep(rows);
    } else if (roll < 0.65) {
      late.push(() => server.keep(rows));
    }
    return { answers };
  }
}

// As IndexedDB: what was put is there or not, never half; a dead window hears nothing any more.
class Store {
  constructor(base, window, random, refused) {
    Object.assign(this, { base, window, random, refused });
  }

  async put(entry) {
    await this.#moment(30); // writing to disk takes its time
    this.base.set(entry.id, structuredClone(entry));
    await this.#moment();
  }

  async all() {
    await this.#moment();
    return structuredClone([...this.base.values()]);
  }

  async remove(ids) {
    await this.#moment();
    ids.forEach((id) => this.base.delete(id));
    await this.#moment();
  }

  async refuse(id, message) {
    await this.#moment();
    this.base.delete(id);
    this.refused.push(`${id}: ${message}`);
  }

  async #moment(most = 3) {
    await turns(this.random, most);
    if (this.window.dead) {
      await new Promise(() => {});
    }
  }
}

// `services.diary.keep_sent`, as short as it can be.
class Server {
  rows = [];

  keep(rows) {
    return rows.map((row) => ({ client_id: row.client_id, ...this.#one(row) }));
  }

  #one(row) {
    const known = this.rows.find((one) => one.client_id === row.client_id);
    if (known) {
      return { kept: JSON.stringify(known.data) === JSON.stringify(row.data), message: "something else under this id" };
    }
    let replaces = null;
    if (row.replaces) {
      let newest = this.rows.find((one) => one.client_id === row.replaces);
      if (!newest) {
        return { kept: false, message: "what this corrects is not here" };
      }
      for (let later = newest; later; later = this.rows.find((one) => one.replaces === newest.client_id)) {
        newest = later;
      }
      replaces = newest.kind === "undone" ? null : newest.client_id;
    }
    if (replaces !== null || row.kind !== "undone") {
      this.rows.push({ ...row, replaces });
    }
    return { kept: true };
  }

  valueOf(key) {
    const gone = new Set(this.rows.map((row) => row.replaces));
    const standing = this.rows.filter((row) => row.data.key === key && !gone.has(row.client_id));
    return standing.at(-1)?.data.reps ?? null;
  }
}

function died(window) {
  return new Promise((resolve) => {
    window.onDeath = resolve;
  });
}

// Lets others run for a while.
async function turns(random, most = 8) {
  for (let left = Math.floor(random() * most); left > 0; left -= 1) {
    await null;
  }
}
