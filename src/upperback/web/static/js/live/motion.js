// The motion sensors of this phone as binary frames: see devices/live/phone.py for how a frame is laid out.

const VERSION = 1;
const HEAD_BYTES = 16;
const FRAME_MS = 200;
const FRAME_SAMPLES_MAX = 100;

// Whether there is a sensor at all shows only by listening: computers have the event and never send it.
const LISTEN_MS = 2000;

export class Motion {
  #rows = [];
  #number = 0;
  #take;
  #heard = false;
  #listener = (event) => this.#add(event);

  // take(bytes) is called five times a second.
  constructor(take) {
    this.#take = take;
  }

  // Asks for the sensors where that has to be asked; resolves to "on", "refused" or "missing".
  async start() {
    if (typeof DeviceMotionEvent === "undefined") {
      return "missing";
    }
    if (typeof DeviceMotionEvent.requestPermission === "function") {
      try {
        if ((await DeviceMotionEvent.requestPermission()) !== "granted") {
          return "refused";
        }
      } catch {
        return "refused";
      }
    }
    addEventListener("devicemotion", this.#listener);
    const until = performance.now() + LISTEN_MS;
    while (!this.#heard && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (!this.#heard) {
      this.stop();
      return "missing";
    }
    return "on";
  }

  stop() {
    removeEventListener("devicemotion", this.#listener);
    this.#rows = [];
  }

  #add(event) {
    const acc = event.accelerationIncludingGravity;
    if (acc?.x == null || acc.y == null || acc.z == null) {
      return;
    }
    this.#heard = true;
    const turn = event.rotationRate;
    // About x, y and z, whatever the letters say elsewhere.
    const turns = turn?.alpha == null || turn.beta == null || turn.gamma == null ? null : [turn.alpha, turn.beta, turn.gamma];
    if (this.#rows.length && (this.#rows[0].turns === null) !== (turns === null)) {
      return;
    }
    this.#rows.push({ at: event.timeStamp, acc: [acc.x, acc.y, acc.z], turns });
    const first = this.#rows[0].at;
    if (event.timeStamp - first >= FRAME_MS || this.#rows.length >= FRAME_SAMPLES_MAX) {
      this.#take(frame(this.#number, this.#rows));
      this.#number += 1;
      this.#rows = [];
    }
  }
}

function frame(number, rows) {
  const turning = rows[0].turns !== null;
  const n = rows.length;
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + 4 * n * (turning ? 7 : 4)));
  view.setUint8(0, VERSION);
  view.setUint8(1, turning ? 1 : 0);
  view.setUint16(2, n, true);
  view.setUint32(4, number, true);
  view.setFloat64(8, rows[0].at, true);
  let at = HEAD_BYTES;
  const put = (value) => {
    view.setFloat32(at, value, true);
    at += 4;
  };
  rows.forEach((row) => put(row.at - rows[0].at));
  rows.forEach((row) => row.acc.forEach(put));
  if (turning) {
    rows.forEach((row) => row.turns.forEach(put));
  }
  return view.buffer;
}
