// What the pages of a worn sensor show: one stage at a time, and the trunk as it is now. What is old is shown as old.

import { tell } from "/static/js/session/said.js";

const STALE_MS = 2000;
const HINT_MS = 60_000;
const SECOND_MS = 1000;

// When something came last. The first clock runs on when the other is set; in some browsers it stands still while the
// computer sleeps, and the other does not.
export class Heard {
  #at = -Infinity;
  #on = -Infinity;

  now() {
    this.#at = performance.now();
    this.#on = Date.now();
  }

  get isOld() {
    return Math.max(performance.now() - this.#at, Date.now() - this.#on) > STALE_MS;
  }
}

export class View {
  stage = null;
  parts;
  words;
  #page;
  #heard = new Heard();
  #away = null; // why nothing can come now, in words
  #waits = [];
  #do;

  // does[name](): for each button with data-do="name".
  constructor(does) {
    this.#page = document.querySelector("[data-live]");
    this.words = JSON.parse(document.getElementById("live-words").textContent);
    this.parts = Object.fromEntries([...this.#page.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.#do = does;
    this.stage = this.#page.querySelector("[data-stage]").dataset.stage;
    this.#page.addEventListener("click", (event) => this.#do[event.target.closest("[data-do]")?.dataset.do]?.());
    setInterval(() => this.#age(), 500);
    this.#page.hidden = false;
  }

  // This page looks on while another one measures.
  watch(on) {
    this.#page.classList.toggle("live--watching", on);
  }

  get data() {
    return this.#page.dataset;
  }

  get token() {
    return this.#page.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  show(name) {
    this.stage = name;
    for (const section of this.#page.querySelectorAll("[data-stage]")) {
      section.hidden = section.dataset.stage !== name;
    }
    if (["done", "trouble"].includes(name)) {
      this.clinicians([]);
    }
    this.#page.querySelector(`[data-stage="${name}"] h2`)?.focus();
  }

  // Who looks on from a clinic now, by name.
  clinicians(names) {
    const { clinicians } = this.parts;
    if (clinicians) {
      clinicians.hidden = names.length === 0;
      say(clinicians, names.length ? this.words.clinicians.replace("%", names.join("; ")) : "");
    }
  }

  // What the server says in one sentence has no full stop.
  fail(text) {
    this.calm();
    if (this.stage === "live") { // it did work
      this.parts.trouble_title.textContent = this.words.stopped;
    }
    tell(this.parts.trouble, text);
    this.parts.trouble.textContent += /[.!?]$/.test(this.parts.trouble.textContent) ? "" : ".";
    this.show("trouble");
  }

  // One step of the calibration, counted down.
  step(words, seconds, then = () => {}) {
    this.calm();
    this.parts.step.textContent = words;
    this.#count(Number(seconds), then);
  }

  // Nothing that was to come later comes.
  calm() {
    this.#waits.forEach(clearTimeout);
    this.#waits = [];
  }

  // The part of an answer that looks the same wherever it is shown.
  hear(told) {
    // The sensor's own line is lost, this page's is, or no sensor is heard: what is shown is old from now on.
    if (told.away || told.lost || told.off) {
      if (!told.off) { // who looks on is told anew
        this.clinicians([]);
      }
      this.#away = told.off ? this.words.off : this.words.away;
      this.#age();
      return;
    }
    if (told.clinicians) {
      this.clinicians(told.clinicians);
      if (Object.keys(told).length === 1) { // nothing of the sensor
        return;
      }
    }
    this.#away = null;
    this.#heard.now();
    if (told.not_aligned) {
      tell(this.parts.again, told.not_aligned);
      this.show("again");
    }
    if (told.aligned !== undefined) {
      tell(this.parts.aligned, told.aligned);
      this.show("live");
    }
    if (told.keep !== undefined) {
      this.#keeps(told.keep);
    }
    if (told.shift) {
      tell(this.parts.note, told.shift);
    }
    if (told.now && this.stage === "live") {
      this.#draw(told.now);
    }
    if (told.second?.hint) {
      tell(this.parts.hint, told.second.why);
      this.parts.hint.hidden = false;
      setTimeout(() => (this.parts.hint.hidden = true), HINT_MS);
    }
  }

  #keeps(on) {
    const { kept, keeping } = this.parts;
    kept.hidden = !on && kept.hidden;
    kept.textContent = on ? this.words.kept : this.words.not_kept;
    if (keeping) {
      keeping.textContent = on ? this.words.keep_no_more : this.words.keep;
    }
  }

  #count(seconds, then) {
    this.parts.left.textContent = String(seconds);
    if (seconds <= 0) {
      then();
      return;
    }
    this.#waits.push(setTimeout(() => this.#count(seconds - 1, then), SECOND_MS));
  }

  #draw(now) {
    const { parts, words } = this;
    const known = now.flexion_deg !== null;
    this.#page.classList.remove("live--stale");
    this.#page.classList.toggle("live--unknown", !known);
    turn(parts.side, known ? now.flexion_deg : 0);
    turn(parts.front, now.lateral_deg ?? 0);
    say(parts.lean, known ? words[leaning(now.flexion_deg)] : now.worn === "not_worn" && words.not_worn ? words.not_worn : words.not_measured);
    say(parts.degrees, known ? `${Math.round(now.flexion_deg)}°` : "");
    say(parts.held, !known ? "" : now.held_s >= 60 ? words.held.replace("%", Math.floor(now.held_s / 60)) : words.held_short);
    if (now.notes.length) {
      tell(parts.note, now.notes[0]);
    }
  }

  #age() {
    if (this.stage === "live" && (this.#away || this.#heard.isOld)) {
      this.#page.classList.add("live--stale", "live--unknown");
      say(this.parts.lean, this.#away ?? this.words.stale);
      say(this.parts.degrees, "");
      say(this.parts.held, "");
      say(this.parts.note, "");
      this.parts.hint.hidden = true;
    }
  }
}

function leaning(degrees) {
  return degrees > 45 ? "far" : degrees > 20 ? "forward" : degrees < -15 ? "back" : "upright";
}

// A page that is worn for an hour draws only what changes: a whole degree, another word.
function turn(part, degrees) {
  const transform = `rotate(${Math.round(degrees)}deg)`;
  if (part.style.transform !== transform) {
    part.style.transform = transform;
  }
}

function say(part, text) {
  if (part.textContent !== text) {
    part.textContent = text;
  }
}
