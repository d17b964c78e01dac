// Press a little, let go, find the gap: what the electrodes of a muscle show, as the server tells it.

import { Aids } from "/static/js/session/aids.js";
import { ticket } from "/static/js/live/line.js";
import { View } from "/static/js/live/view.js";

const SOCKET = "/live/muscle/socket/";
const STALE_MS = 2000;
// The whole width of the bar, in times of the level at rest.
const FULL = 12;

const aids = new Aids(() => {});
const view = new View({ lsl: () => begin("lsl"), simulated: () => begin("simulated"), stop });
const { parts, words } = view;
let socket = null;
let heardAt = 0;

async function begin(source) {
  aids.set("voice", parts.voice.checked);
  aids.keepAwake(true);
  view.show("looks");
  try {
    const found = await ticket(view.data.ticket, view.token);
    const address = new URL(SOCKET, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const hello = { ticket: found.ticket, source };
    if (source === "lsl" && parts.stream.value.trim()) {
      hello.stream = parts.stream.value.trim();
    }
    socket = new WebSocket(address);
    socket.addEventListener("open", () => socket.send(JSON.stringify(hello)));
    socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => ["looks", "train"].includes(view.stage) && fail(words.closed));
  } catch {
    fail(words.closed);
  }
}

function end() {
  aids.keepAwake(false);
  aids.quiet();
  socket?.close(1000);
}

function stop() {
  view.show("start");
  end();
}

function fail(text) {
  view.fail(text);
  end();
}

function hear(told) {
  heardAt = performance.now();
  if (told.ready !== undefined) {
    parts.source.textContent = told.ready || words.made_up;
    parts.rounds.replaceChildren();
    view.show("train");
  }
  if (told.round) {
    const line = document.createElement("li");
    const after = told.round.after_s;
    line.textContent = after === null ? words.not_found : words.found.replace("%", Math.max(1, Math.round(after)));
    parts.rounds.append(line);
  }
  if (told.stage) {
    parts.ask.textContent = words[told.stage];
    parts.box.dataset.asks = told.stage;
    aids.say(words[told.stage]);
  }
  if (told.level !== undefined) {
    level(told.level);
  }
  if (told.done) {
    const { rounds, gaps, median_s: median } = told.done;
    const text = gaps ? words.summary : words.no_gap;
    parts.summary.textContent = text.replace("%g", gaps).replace("%r", rounds).replace("%s", Math.max(1, Math.round(median)));
    view.show("done");
    end();
  }
  if (told.stopped) {
    fail(told.stopped);
  }
}

// In times of the level at rest; null is not known, and nothing is shown for it.
function level(times) {
  const known = times !== null;
  parts.bar.style.width = `${known ? Math.min(100, (100 * Math.max(0, times)) / FULL) : 0}%`;
  parts.box.classList.toggle("live-level--unknown", !known);
  const unknown = parts.box.dataset.asks === "rest" ? words.measures : words.not_measured;
  parts.level.textContent = known ? (times <= 1 ? words.at_rest : words.works) : unknown;
}

setInterval(() => {
  if (view.stage === "train" && performance.now() - heardAt > STALE_MS) {
    level(null);
    parts.level.textContent = words.stale;
  }
}, 500);
