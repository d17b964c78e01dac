// Press a little, let go, find the gap: what the electrodes of a muscle show, as the server tells it.

import { Aids } from "/static/js/session/aids.js";
import { Listening, ticket } from "/static/js/session/listening.js";
import { Heard, View } from "/static/js/live/view.js";

const SOCKET = "/live/muscle/socket/";
// The whole width of the bar, in times of the level at rest.
const FULL = 12;

const aids = new Aids(() => {});
const view = new View({ lsl: () => begin({ source: "lsl" }), simulated: () => begin({ source: "simulated" }, words.made_up), replay, stop });
const { parts, words } = view;
let line = null;
let file = null;
const heard = new Heard();
let isLost = false;

// hello: what the first message says besides the ticket.
function begin(hello, looks = words.looks) {
  file = hello.source === "replay" ? file : null;
  const stream = parts.stream?.value.trim();
  const said = hello.source === "lsl" && stream ? { ...hello, stream } : hello;
  aids.set("voice", parts.voice.checked);
  aids.keepAwake(true);
  isLost = false;
  parts.looks.textContent = looks;
  view.show("looks");
  const mine = new Listening(
    SOCKET,
    async () => ({ ...said, ticket: (await ticket(view.data.ticket, view.token)).ticket }),
    (told) => mine === line && hear(told, looks),
  );
  line = mine;
}

// A recording that this browser sends; after a lost line it is sent again, and played from its beginning.
function replay() {
  file = parts.file.files[0] ?? null;
  const problem = file === null ? words.no_file : file.size > Number(view.data.fileBytesMax) ? words.too_large : "";
  parts.file_problem.textContent = problem;
  parts.file_problem.hidden = problem === "";
  parts.file.setAttribute("aria-invalid", String(problem !== ""));
  if (problem) {
    parts.file.focus();
    return;
  }
  const hello = { source: "replay", name: file.name.slice(-200), bytes: String(file.size) };
  hello.unit = parts.unit.value;
  hello.channel = parts.channel.value.trim();
  hello.speed = parts.fast.checked ? "max" : "life";
  begin(hello, words.reads);
}

function end() {
  aids.keepAwake(false);
  aids.quiet();
  line?.close();
  line = null;
}

function stop() {
  view.show("start");
  end();
}

function fail(text) {
  view.fail(text);
  end();
}

function lost() {
  isLost = true;
  parts.looks.textContent = words.away;
  if (view.stage === "train") {
    parts.ask.textContent = words.away;
    level(null);
    aids.quiet();
  }
}

async function send(looks) {
  parts.looks.textContent = looks;
  try {
    await line.send(file);
  } catch { // changed or gone since it was chosen
    fail(words.file_gone);
  }
}

function hear(told, looks) {
  if (told === null) {
    fail(words.closed);
    return;
  }
  if (told.lost) {
    lost();
    return;
  }
  if (told.send) {
    send(looks);
  }
  heard.now();
  if (told.ready !== undefined) {
    parts.source.textContent = `${isLost ? words.begins_again : ""} ${source(told.ready)}`.trim();
    parts.rounds.replaceChildren();
    isLost = false;
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
    const text = gaps ? words.summary : rounds ? words.no_gap : words.no_round;
    parts.summary.textContent = text.replace("%g", gaps).replace("%r", rounds).replace("%s", Math.max(1, Math.round(median)));
    view.show("done");
    end();
  }
  if (told.stopped) {
    fail(told.stopped);
  }
}

function source(about) {
  return file !== null ? words.replays.replace("%", about) : about || words.made_up;
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
  if (view.stage === "train" && (isLost || heard.isOld)) {
    level(null);
    parts.level.textContent = isLost ? words.not_measured : words.stale;
  }
}, 500);
