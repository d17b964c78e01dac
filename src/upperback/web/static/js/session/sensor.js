// A phone that is worn as the sensor of this screen counts a set. It was paired before, on its own page; this joins.

const TICKET = "/live/ticket/";
const SOCKET = "/live/screen/socket/";
const WHO = "/diary/";
const ANSWER_MS = 2000;

export class Sensor {
  #socket = null;
  #hear;
  #waits = null;

  // hear(reps) for what was felt: { n, moving_s, range_deg, doubt, hint }; hear(null) when the phone is gone.
  constructor(hear) {
    this.#hear = hear;
  }

  get isThere() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  // Resolves to whether a phone of this person is worn now.
  async join(person) {
    this.leave();
    try {
      const who = await (await fetch(WHO, { headers: { Accept: "application/json" } })).json();
      const answer = who.person === person && (await fetch(TICKET, { method: "POST", headers: { "X-CSRFToken": who.token } }));
      if (!answer?.ok) {
        return false;
      }
      const { ticket } = await answer.json();
      return await this.#open(ticket);
    } catch {
      return false;
    }
  }

  count(exercise) {
    this.#ask({ count: exercise });
  }

  // The end of a set; resolves to what it came to, or null when the phone does not answer.
  async finish() {
    if (!this.isThere) {
      return null;
    }
    const told = new Promise((resolve) => {
      this.#waits = resolve;
      setTimeout(() => resolve(null), ANSWER_MS);
    });
    this.#ask({ count: null });
    const found = await told;
    this.#waits = null;
    return found;
  }

  leave() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #ask(what) {
    if (this.isThere) {
      this.#socket.send(JSON.stringify(what));
    }
  }

  #open(ticket) {
    const address = new URL(SOCKET, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.addEventListener("open", () => socket.send(JSON.stringify({ ticket, join: true })));
      socket.addEventListener("message", (event) => {
        const told = JSON.parse(event.data);
        if (told.ready) {
          resolve(true);
        }
        if (told.count === null) {
          this.#waits?.(told.reps);
        } else if (told.reps) {
          this.#hear(told.reps);
        }
        if (told.gone !== undefined || told.away || told.stopped) {
          resolve(false);
          socket.close(1000);
        }
      });
      socket.addEventListener("close", () => {
        resolve(false);
        this.#waits?.(null);
        if (this.#socket === socket) {
          this.#socket = null;
          this.#hear(null);
        }
      });
    });
  }
}
