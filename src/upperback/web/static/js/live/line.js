// The line of a sensor to the server. What comes back is given on, one object at a time.

import { SILENT_MS, pause, socketAt } from "/static/js/session/listening.js";

// Frames and questions that are not stored at the server yet; older ones are gone for good.
const KEPT_MAX = 1500;
const BUFFERED_MAX = 100_000;
// The server takes 250 messages at once and 25 a second: what was kept while the line was away goes out more slowly.
const BURST = 150;
const A_SECOND = 20;
// A stream can be gone on with for half an hour.
const AWAY_MS_MAX = 30 * 60_000;
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
  #lostAt = null;
  #tries = 0;
  #heardAt = 0;
  #openedAt = 0;
  #sentAt = 0;
  #may = BURST;
  #filledAt = 0;

  // hear(told) for every answer; hear({ away: true }) when the line is lost and will be opened again; hear(null) when
  // it is gone and does not come back.
  constructor(hear) {
    this.#hear = hear;
    setInterval(() => this.#look(), 1000);
  }

  // hello: the first message, that says who this is. again(stream): { path, hello } to go on after a lost line.
  async open(path, hello, again = null) {
    this.#again = again;
    await this.#connect(path, hello);
  }

  async #connect(path, hello) {
    const socket = socketAt(path);
    this.#socket = socket;
    socket.addEventListener("message", (event) => socket === this.#socket && this.#told(JSON.parse(event.data)));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("no line")), { once: true });
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
    const now = performance.now();
    this.#may = Math.min(BURST, this.#may + ((now - this.#filledAt) * A_SECOND) / 1000);
    this.#filledAt = now;
    const goes = () => socket.readyState === WebSocket.OPEN && socket.bufferedAmount < BUFFERED_MAX && this.#may >= 1;
    while (this.#isReady && this.#at < this.#log.length && goes()) {
      const item = this.#log[this.#at];
      socket.send(item.bytes ?? item.text);
      this.#sentAt = now;
      this.#at += 1;
      this.#may -= 1;
    }
  }

  // What waits goes on; a line that is dead is given up.
  #look() {
    if (!this.#isReady || this.#ended) {
      return;
    }
    if (this.#sentAt > this.#heardAt && performance.now() - Math.max(this.#heardAt, this.#openedAt) > SILENT_MS) {
      const socket = this.#socket;
      this.#closed(socket);
      socket.close();
      return;
    }
    this.#flush();
  }

  #stored(isStored) {
    const before = this.#log.slice(0, this.#at).filter(isStored).length;
    this.#log = this.#log.filter((item) => !isStored(item));
    this.#at -= before;
  }

  #told(told) {
    this.#heardAt = performance.now();
    if (told.stopped || told.ended) {
      this.#final = true;
    }
    if (told.ready) {
      this.#stream = told.stream;
      this.#isReady = true;
      this.#lostAt = null;
      this.#tries = 0;
      this.#openedAt = performance.now();
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
    this.#socket = null;
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
    this.#lostAt ??= performance.now();
    this.#hear({ away: true });
    while (performance.now() - this.#lostAt < AWAY_MS_MAX) {
      await pause(this.#tries);
      this.#tries += 1;
      if (this.#ended) {
        return;
      }
      try {
        const { path, hello } = await this.#again(this.#stream);
        await this.#connect(path, hello);
        return;
      } catch (problem) {
        if (problem.isFinal) {
          break;
        }
      }
    }
    this.#lose();
  }
}
