// The live page: from "lay it down" over standing and bending to the trunk as it is now.

import { Aids } from "/static/js/session/aids.js";
import { Line } from "/static/js/live/line.js";
import { Motion } from "/static/js/live/motion.js";

const STALE_MS = 2000;
const SECOND_MS = 1000;

const page = document.querySelector("[data-live]");
const words = JSON.parse(document.getElementById("live-words").textContent);
const parts = Object.fromEntries([...page.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
const aids = new Aids(() => {});

let stage = "start";
let heardAt = 0;
let waits = [];
const motion = new Motion((bytes) => line.send(bytes));
const line = new Line(hear);

function show(name) {
  stage = name;
  for (const section of page.querySelectorAll("[data-stage]")) {
    section.hidden = section.dataset.stage !== name;
  }
  page.querySelector(`[data-stage="${name}"] h2`)?.focus();
}

function later(ms, then) {
  waits.push(setTimeout(then, ms));
}

function fail(text) {
  parts.trouble.textContent = text;
  motion.stop();
  line.close();
  aids.keepAwake(false);
  show("trouble");
}

async function start() {
  const found = await motion.start();
  if (found !== "on") {
    fail(words[found]);
    return;
  }
  aids.set("voice", parts.voice.checked);
  aids.set("shake", parts.shake.checked);
  aids.keepAwake(true);
  try {
    await line.open(page.dataset.ticket, page.querySelector("[name=csrfmiddlewaretoken]").value);
  } catch {
    fail(words.closed);
    return;
  }
  show("rest");
}

// ---- standing and bending --------------------------------------------------------------------------------------

// One step of the calibration after the other; each says what to do, aloud where that was asked for.
function calibrate() {
  show("calibrate");
  const steps = [
    { say: words.put_on, seconds: Number(page.dataset.putOnS), task: null },
    { say: words.stand, seconds: Number(page.dataset.standS), task: "stand" },
    { say: words.bend, seconds: Number(page.dataset.bendS), task: "bend" },
  ];
  const next = () => {
    const step = steps.shift();
    if (!step) {
      line.ask({ task: null });
      line.ask({ align: true });
      return;
    }
    line.ask({ task: step.task });
    parts.step.textContent = step.say;
    aids.say(step.say);
    aids.shake(200);
    count(step.seconds, next);
  };
  next();
}

function count(seconds, then) {
  parts.left.textContent = String(seconds);
  if (seconds <= 0) {
    then();
    return;
  }
  later(SECOND_MS, () => count(seconds - 1, then));
}

// ---- what comes back -------------------------------------------------------------------------------------------

function hear(told) {
  if (told === null) {
    if (stage !== "trouble" && stage !== "done") {
      fail(words.gone);
    }
    return;
  }
  heardAt = performance.now();
  if (told.stopped || told.trouble) {
    fail(told.stopped ?? told.trouble);
  }
  if (told.sign) {
    calibrate();
  }
  if (told.not_aligned) {
    parts.again.textContent = told.not_aligned;
    show("again");
  }
  if (told.aligned !== undefined) {
    parts.aligned.textContent = told.aligned;
    line.ask({ hints: parts.hints.checked });
    aids.say(words.aligned);
    show("live");
  }
  if (told.shift) {
    parts.note.textContent = told.shift;
  }
  if (told.now && stage === "live") {
    draw(told.now);
  }
  if (told.second?.hint) {
    parts.hint.textContent = told.second.why;
    parts.hint.hidden = false;
    aids.say(told.second.why);
    aids.shake([150, 100, 150]);
    later(60 * SECOND_MS, () => (parts.hint.hidden = true));
  }
}

function draw(now) {
  page.classList.remove("live--stale");
  const known = now.flexion_deg !== null;
  parts.side.style.transform = `rotate(${known ? now.flexion_deg : 0}deg)`;
  parts.front.style.transform = `rotate(${now.lateral_deg ?? 0}deg)`;
  page.classList.toggle("live--unknown", !known);
  parts.lean.textContent = known ? leaning(now.flexion_deg) : words.not_measured;
  parts.degrees.textContent = known ? `${Math.round(now.flexion_deg)}°` : "–";
  parts.held.textContent = now.held_s >= 60 ? words.held.replace("%", Math.floor(now.held_s / 60)) : words.held_short;
  if (now.notes.length) {
    parts.note.textContent = now.notes[0];
  }
}

function leaning(degrees) {
  return degrees > 45 ? words.far : degrees > 20 ? words.forward : degrees < -15 ? words.back : words.upright;
}

setInterval(() => {
  if (stage === "live" && performance.now() - heardAt > STALE_MS) {
    page.classList.add("live--stale", "live--unknown");
    parts.lean.textContent = words.stale;
    parts.degrees.textContent = "–";
    parts.held.textContent = "";
  }
}, 500);

page.querySelectorAll("[data-do]").forEach((button) =>
  button.addEventListener("click", () => {
    waits.forEach(clearTimeout);
    waits = [];
    if (button.dataset.do === "start") {
      start();
    } else if (button.dataset.do === "again") {
      calibrate();
    } else {
      motion.stop();
      line.close();
      aids.keepAwake(false);
      aids.quiet();
      show("done");
    }
  }),
);
page.hidden = false;
