// Records that only this browser can read: sealed with AES-GCM under a key that cannot be taken out of it. Key and
// records lie in IndexedDB. Nothing of what a person logs or is to do ever lies there in the clear.

const NAME = "upperback-session";
const VERSION = 1;

// Rejects where the browser keeps nothing (private windows) or cannot seal (pages without a secure origin).
export async function openVault(name = NAME) {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) {
    throw new Error("this browser keeps nothing");
  }
  const base = await openBase(name);
  // Making a key takes its time, and a page that keeps nothing yet has nothing to open with it.
  const key = keyOf(base);
  key.catch(() => {});
  return new Vault(base, key);
}

class Vault {
  #base;
  #key;

  constructor(base, key) {
    this.#base = base;
    this.#key = key;
  }

  // ---- the store of an outbox ----

  // beside: {session, state}, where the session stands after the entry. Both are kept or none, so that a set that is
  // written down is never shown as one that is still to be done.
  async put(entry, beside = null) {
    const row = { id: entry.id, ...(await this.#seal(entry.id, entry)) };
    const state = beside && { id: beside.session, ...(await this.#seal(beside.session, beside.state)) };
    const transaction = this.#base.transaction(["entries", "states"], "readwrite", { durability: "strict" });
    transaction.objectStore("entries").put(row);
    if (state) {
      transaction.objectStore("states").put(state);
    }
    await done(transaction);
  }

  async all() {
    const rows = await this.#read("entries", (store) => store.getAll());
    const found = await Promise.all(rows.map((row) => this.#open(row.id, row)));
    return found.filter((entry) => entry !== null);
  }

  async remove(ids) {
    const gone = new Set(ids);
    const transaction = this.#base.transaction("entries", "readwrite", { durability: "strict" });
    const request = transaction.objectStore("entries").openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) {
        if (gone.has(cursor.value.id)) {
          cursor.delete();
        }
        cursor.continue();
      }
    };
    await done(transaction);
  }

  async refuse(id, message) {
    const rows = await this.#read("entries", (store) => store.getAll());
    const row = rows.find((one) => one.id === id);
    const entry = row && (await this.#open(id, row));
    if (entry) {
      const sealed = await this.#seal(id, { ...entry, refused: message });
      await this.#write("entries", { ...row, ...sealed });
    }
  }

  // ---- where a session stands ----

  async keepState(session, state) {
    // Where one stands between two entries may be lost with the power; what is written down may not.
    await this.#write("states", { id: session, ...(await this.#seal(session, state)) }, "relaxed");
  }

  async state(session) {
    const row = await this.#read("states", (store) => store.get(session));
    return row ? this.#open(session, row) : null;
  }

  // All but one: at most one session stands here at a time.
  async forgetStates(but = null) {
    const transaction = this.#base.transaction("states", "readwrite", { durability: "relaxed" });
    const store = transaction.objectStore("states");
    store.getAllKeys().onsuccess = (event) => {
      for (const id of event.target.result) {
        if (id !== but) {
          store.delete(id);
        }
      }
    };
    await done(transaction);
  }

  // ---- sealing ----

  async #seal(id, value) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    // Bound to its id: a record moved under another one does not open.
    const additionalData = new TextEncoder().encode(id);
    return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, await this.#key, plain) };
  }

  async #open(id, row) {
    try {
      const additionalData = new TextEncoder().encode(id);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv, additionalData }, await this.#key, row.sealed);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null; // Damaged, or of another key. It stays where it is; the rest goes on.
    }
  }

  async #write(store, row, durability = "strict") {
    const transaction = this.#base.transaction(store, "readwrite", { durability });
    transaction.objectStore(store).put(row);
    await done(transaction);
  }

  async #read(store, ask) {
    return result(ask(this.#base.transaction(store).objectStore(store)));
  }
}

async function openBase(name) {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("keys");
    request.result.createObjectStore("entries", { keyPath: "order", autoIncrement: true }).createIndex("id", "id", { unique: true });
    request.result.createObjectStore("states", { keyPath: "id" });
  };
  return result(request);
}

// The key of this browser, made once. Two tabs that start together agree: the first one kept counts.
async function keyOf(base) {
  const known = await result(base.transaction("keys").objectStore("keys").get("key"));
  if (known) {
    return known;
  }
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const transaction = base.transaction("keys", "readwrite", { durability: "strict" });
  const store = transaction.objectStore("keys");
  store.get("key").onsuccess = (event) => {
    if (!event.target.result) {
      store.put(made, "key");
    }
  };
  await done(transaction);
  return result(base.transaction("keys").objectStore("keys").get("key"));
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another window holds what is kept"));
  });
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
