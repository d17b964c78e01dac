// A line to the server that looks on at what another device measures. It is opened again by itself for as long as the
// page is open: after a lost network, and after a server that was stopped and started again.

// A server that was started again is back within seconds. Each wait is up to half shorter: after a restart not everybody
// knocks at the same moment.
export const WAITS_MS = [300, 800, 1200, 1600, 2000, 3000, 5000, 10_000, 15_000];
// Whoever is told several times a second is told nothing for so long only where the line is dead and has not said so.
export const SILENT_MS = 15_000;
const BUFFERED_MAX = 500_000;
const PIECE_BYTES = 30_000;

// Lets one sensor or one screen in, once: { ticket, socket }. Throws when there is none to be had.
export async function ticket(address, token) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok || answer.redirected) {
    throw Object.assign(new Error("no ticket"), { isFinal: answer.status < 500 });
  }
  return answer.json();
}

export function socketAt(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(address);
}

// Waits; less when the network is back, or the page is looked at again. The more tries before, the longer.
export function pause(tries) {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      removeEventListener("online", go);
      document.removeEventListener("visibilitychange", go);
      resolve();
    };
    const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
    const timer = setTimeout(go, wait * (1 - Math.random() / 2));
    addEventListener("online", go);
    document.addEventListener("visibilitychange", go);
  });
}

export class Listening {
  #path;
  #enter;
  #hear;
  #socket = null;
  #lose = null;
  #ended = false;
  #tries = 0;
  #heardAt = null; // when what comes several times a second came last

  // enter(): the first message, anew at each opening. hear(told) for every answer; hear({ lost: true }) when the line is
  // lost and will be opened again; hear(null) when nobody is let in any more.
  constructor(path, enter, hear) {
    this.#path = path;
    this.#enter = enter;
    this.#hear = hear;
    this.#go();
  }

  // False where it cannot be said now.
  ask(what) {
    const isOpen = this.#socket?.readyState === WebSocket.OPEN;
    if (isOpen) {
      this.#socket.send(JSON.stringify(what));
    }
    return isOpen;
  }

  // A file, piece by piece, no faster than it goes.
  async send(file) {
    const socket = this.#socket;
    for (let at = 0; at < file.size && socket?.readyState === WebSocket.OPEN; at += PIECE_BYTES) {
      socket.send(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
      while (socket.bufferedAmount > BUFFERED_MAX && socket.readyState === WebSocket.OPEN) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  close() {
    this.#ended = true;
    this.#socket?.close(1000);
    this.#lose?.();
  }

  async #go() {
    const looks = setInterval(() => this.#heardAt && performance.now() - this.#heardAt > SILENT_MS && this.#lose?.(), 1000);
    while (!this.#ended) {
      try {
        await this.#once(await this.#enter());
      } catch (problem) {
        if (problem.isFinal && !this.#ended) {
          this.#ended = true;
          this.#hear(null);
        }
      }
      this.#heardAt = null;
      if (!this.#ended) {
        this.#hear({ lost: true });
        await pause(this.#tries);
        this.#tries += 1;
      }
    }
    clearInterval(looks);
  }

  // One line, until it is lost or closed.
  async #once(hello) {
    if (this.#ended) {
      return;
    }
    const socket = socketAt(this.#path);
    this.#socket = socket;
    await new Promise((resolve) => {
      this.#lose = resolve;
      socket.addEventListener("open", () => socket.send(JSON.stringify(hello)));
      socket.addEventListener("message", (event) => socket === this.#socket && this.#told(JSON.parse(event.data)));
      socket.addEventListener("close", resolve);
    });
    this.#socket = null;
    socket.close();
  }

  #told(told) {
    if (this.#ended) {
      return;
    }
    if (!told.stopped) {
      this.#tries = 0;
    }
    if (told.now !== undefined || told.level !== undefined) {
      this.#heardAt = performance.now();
    }
    this.#hear(told);
  }
}
