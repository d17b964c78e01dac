// Looks on while this person's sensor is worn on another page or another device. Nothing can be asked for.

import { ticket } from "/static/js/live/line.js";

const SOCKET = "/live/view/socket/";
const WAITS_MS = [1000, 4000, 15_000];

export class Watch {
  #view;
  #socket = null;
  #ended = false;
  #tries = 0;

  constructor(view) {
    this.#view = view;
    this.#open();
  }

  end() {
    this.#ended = true;
    this.#socket?.close(1000);
    this.#view.watch(false);
  }

  async #open() {
    try {
      const found = await ticket(this.#view.data.ticket, this.#view.token);
      if (this.#ended) {
        return;
      }
      const address = new URL(SOCKET, location.href);
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      this.#socket = new WebSocket(address);
      this.#socket.addEventListener("open", () => this.#socket.send(JSON.stringify({ ticket: found.ticket })));
      this.#socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
      this.#socket.addEventListener("close", () => this.#again());
    } catch (problem) {
      if (!problem.isFinal) {
        this.#again();
      }
    }
  }

  #again() {
    if (this.#ended) {
      return;
    }
    const wait = WAITS_MS[Math.min(this.#tries, WAITS_MS.length - 1)];
    this.#tries += 1;
    setTimeout(() => this.#ended || this.#open(), wait);
  }

  #hear(told) {
    const view = this.#view;
    if (this.#ended) {
      return;
    }
    if (told.stopped) {
      this.end();
      return;
    }
    this.#tries = 0;
    if (told.running) {
      view.watch(true);
      view.show(told.is_aligned ? "live" : "elsewhere");
    }
    if (told.over && ["live", "elsewhere"].includes(view.stage)) {
      view.watch(false);
      view.show("done");
    }
    if (view.stage === "elsewhere" && told.not_aligned) {
      return;
    }
    if (told.running === undefined && told.over === undefined) {
      view.hear(told);
    }
  }
}
