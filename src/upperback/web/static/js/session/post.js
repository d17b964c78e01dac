// The way to the server: entries as JSON to /diary/. It says why there is no way through, as one of four words.

const ADDRESS = "/diary/";
const PATIENCE_MS = 15000;

// why: "offline" (nobody answers), "closed" (not let in any more), "other" (somebody else was chosen), "trouble".
export class NoWay extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

export class Post {
  #token = null;

  // Whom this browser is open for now; the answer brings the token for sending, too.
  async person() {
    const answer = await ask(ADDRESS, { headers: { Accept: "application/json" } });
    const told = await read(answer);
    this.#token = told.token;
    return told.person;
  }

  async send(person, entries) {
    if (this.#token === null && (await this.person()) !== person) {
      throw new NoWay("other");
    }
    const answer = await this.#try(person, entries);
    if (answer.status !== 403) {
      return read(answer);
    }
    // The token may be of an earlier time: once more with a fresh one.
    await this.person();
    return read(await this.#try(person, entries));
  }

  #try(person, entries) {
    const rows = entries.map(({ id, kind, day, at, data, replaces }) => ({
      client_id: id,
      kind,
      day,
      at: new Date(at).toISOString(),
      data,
      ...(replaces ? { replaces } : {}),
    }));
    return ask(ADDRESS, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.#token },
      body: JSON.stringify({ person, sent_at: new Date().toISOString(), entries: rows }),
    });
  }
}

async function ask(address, options) {
  try {
    return await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS), ...options });
  } catch {
    throw new NoWay("offline");
  }
}

async function read(answer) {
  if (answer.status === 409) {
    throw new NoWay("other");
  }
  if (answer.status >= 500) {
    throw new NoWay("trouble");
  }
  if (!answer.ok || answer.redirected || !answer.headers.get("Content-Type")?.startsWith("application/json")) {
    throw new NoWay(answer.redirected ? "other" : "closed");
  }
  try {
    return await answer.json();
  } catch {
    throw new NoWay("offline"); // Cut off in the middle of the answer.
  }
}
