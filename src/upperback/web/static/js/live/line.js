// The line to the server: a ticket, then a socket. What comes back is given on, one object at a time.

// Lets one sensor or one screen in, once: { ticket, socket }. Throws when there is none to be had.
export async function ticket(address, token) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok) {
    throw new Error("no ticket");
  }
  return answer.json();
}

// Frames and questions that are not stored at the server yet; older ones are gone for good.
const KEPT_MAX = 240;
const BUFFERED_MAX = 100_000;
const WAITS_MS = [200, 1000, 2000, 4000, 8000, 8000, 8000];
const AFTER_HOLE = 2;

export class Line {
  #socket = null;
  #hear;
  #again = null;
  #stream = null;
  #ended = false;
  #final = false;
  #isReady = false;
  // In their order: { number, bytes } for a frame, { n, text } for a question; sent up to #at.
  #log = [];
  #at = 0;
  #asked = 0;

  // hear(told) for every answer; hear(null) when the line is gone and does not come back.
  constructor(hear) {
    this.#hear = hear;
  }

  // hello: the first message, that says who this is. again(stream): { path, hello } to go on after a lost line.
  async open(path, hello, again = null) {
    this.#again = again;
    await this.#connect(path, hello);
  }

  async #connect(path, hello) {
    const address = new URL(path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#told(JSON.parse(event.data)));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", reject, { once: true });
    });
    socket.addEventListener("close", () => this.#closed(socket));
    this.ask(hello);
  }

  // Said now or not at all.
  ask(what) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(what));
    }
  }

  // Asked until it is answered, in its place among the frames.
  question(what) {
    this.#asked += 1;
    this.#log.push({ n: this.#asked, text: JSON.stringify({ ...what, n: this.#asked }) });
    this.#flush();
  }

  // A frame is kept until the server has stored it.
  send(bytes) {
    this.#log.push({ number: new DataView(bytes).getUint32(4, true), bytes });
    if (this.#log.length > KEPT_MAX) {
      this.#log.shift();
      this.#at = Math.max(0, this.#at - 1);
      const next = this.#log.find((item) => item.bytes);
      new Uint8Array(next.bytes)[1] |= AFTER_HOLE;
    }
    this.#flush();
  }

  close() {
    this.#ended = true;
    this.#socket?.close(1000);
  }

  #flush() {
    const socket = this.#socket;
    const goes = () => socket.readyState === WebSocket.OPEN && socket.bufferedAmount < BUFFERED_MAX;
    while (this.#isReady && this.#at < this.#log.length && goes()) {
      const item = this.#log[this.#at];
      socket.send(item.bytes ?? item.text);
      this.#at += 1;
    }
  }

  #stored(isStored) {
    const before = this.#log.slice(0, this.#at).filter(isStored).length;
    this.#log = this.#log.filter((item) => !isStored(item));
    this.#at -= before;
  }

  #told(told) {
    if (told.stopped || told.ended) {
      this.#final = true;
    }
    if (told.ready) {
      this.#stream = told.stream;
      this.#isReady = true;
      this.#stored((item) => item.bytes && item.number < (told.next ?? 0));
      this.#at = 0;
      this.#flush();
    }
    if (told.ack !== undefined) {
      this.#stored((item) => item.bytes && item.number <= told.ack);
    }
    if (told.n !== undefined) {
      this.#stored((item) => item.n <= told.n);
    }
    if (told.again !== undefined) {
      const place = this.#log.findIndex((item) => item.number === told.again);
      this.#at = place < 0 ? this.#at : place;
      this.#flush();
    }
    this.#hear(told);
  }

  #closed(socket) {
    if (this.#ended || socket !== this.#socket) {
      return;
    }
    this.#isReady = false;
    if (this.#again && this.#stream && !this.#final) {
      this.#goOn();
    } else {
      this.#lose();
    }
  }

  #lose() {
    if (!this.#ended) {
      this.#ended = true;
      this.#hear(null);
    }
  }

  async #goOn() {
    for (const wait of WAITS_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.#ended) {
        return;
      }
      try {
        const { path, hello } = await this.#again(this.#stream);
        await this.#connect(path, hello);
        return;
      } catch {
        // The next time, perhaps.
      }
    }
    this.#lose();
  }
}
