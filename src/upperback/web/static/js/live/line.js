// The line to the server: a ticket, then a socket. What comes back is given on, one object at a time.

// Lets one sensor or one screen in, once: { ticket, socket }. Throws when there is none to be had.
export async function ticket(address, token) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok) {
    throw new Error("no ticket");
  }
  return answer.json();
}

export class Line {
  #socket = null;
  #hear;
  #ended = false;

  // hear(told) for every answer; hear(null) when the line is gone.
  constructor(hear) {
    this.#hear = hear;
  }

  // hello: the first message, that says who this is.
  async open(path, hello) {
    const address = new URL(path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(address);
    this.#socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    this.#socket.addEventListener("close", () => {
      if (!this.#ended) {
        this.#ended = true;
        this.#hear(null);
      }
    });
    await new Promise((resolve, reject) => {
      this.#socket.addEventListener("open", resolve, { once: true });
      this.#socket.addEventListener("error", reject, { once: true });
    });
    this.ask(hello);
  }

  ask(what) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(what));
    }
  }

  // A frame that cannot go out now is left out: the time it was for is over.
  send(bytes) {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < 100_000) {
      this.#socket.send(bytes);
    }
  }

  close() {
    this.#ended = true;
    this.#socket?.close(1000);
  }
}
