// Fills the stage that a session stands at with its words, numbers and keys.

import * as machine from "./machine.js";
import { choose, element } from "./screen.js";

export class Drawing {
  #screen;

  constructor(screen) {
    this.#screen = screen;
  }

  // isCounted: the tempo counts; else the person does.
  stage(state, { isCounted }) {
    const item = machine.itemOf(state);
    this.#written(state);
    const draw = {
      ready: () => this.#ready(state, item),
      moving: () => this.#moving(state, item, isCounted),
      paused: () => this.#paused(state, item),
      rest: () => this.#rest(state),
      felt: () => this.#felt(state),
      last: () => this.#all(state),
      over: () => this.#all(state),
      stopped: () => this.#stopped(state),
    };
    draw[state.at.stage]();
  }

  heading(state) {
    const s = this.#screen;
    const item = machine.itemOf(state);
    switch (state.at.stage) {
      case "felt":
        return s.words("howWasIt", { title: item.title });
      case "last":
        return s.words("allDone");
      case "over":
        return s.words("saved");
      case "stopped":
        return [...s.parts("sign")].find((key) => key.dataset.sign === state.over.sign)?.textContent ?? s.words("planWaits");
      default:
        return item.title;
    }
  }

  nextWords(state) {
    const { sets, reps, unit } = machine.itemOf(state);
    return this.#screen.words("next", { n: state.at.set, all: sets, reps, unit });
  }

  restWords(state) {
    const { stage, restS } = state.at;
    return stage === "rest" ? this.#screen.words("rest60", { s: restS }) : this.#screen.words("lastSet");
  }

  #ready(state, item) {
    const { at } = state;
    const s = this.#screen;
    s.text("set-words", s.words("set", { n: at.set, all: item.sets }));
    s.text("dose", this.#dose(item));
    s.show("weight-field", item.needsWeight);
    s.text("weight-says", "");
    s.part("weight").value = machine.weightOf(state) ?? "";
    s.part("start-first").textContent = s.words("startSet", { n: at.set });
    s.figureRuns();
  }

  #dose(item) {
    const s = this.#screen;
    const hold = item.pace.find((phase) => phase.do === "hold" && phase.s >= 5);
    return [
      `${item.reps} ${item.unit}`,
      ...(hold ? [s.words("held", { s: `${hold.s} s` })] : []),
      ...(item.band ? [s.words(`band_${item.band}`)] : []),
    ].join(", ");
  }

  #moving(state, item, isCounted) {
    const s = this.#screen;
    s.text("count", String(state.at.reps));
    s.text("count-of", s.words("of", { all: item.reps }));
    s.text("phase", "");
    s.bar("bar", 0);
    const tap = s.part("tap");
    tap.hidden = isCounted;
    tap.toggleAttribute("data-first", !isCounted);
  }

  #paused(state, item) {
    this.#screen.text("paused-at", this.#screen.words("pausedAt", { n: state.at.reps, all: item.reps }));
  }

  #rest(state) {
    const s = this.#screen;
    s.text("rest-words", s.words("restTitle"));
    s.text("next", this.nextWords(state));
    s.say(`${this.restWords(state)} ${this.nextWords(state)}`);
    s.figureRuns();
    choose(document, "pain_during", null);
  }

  #felt(state) {
    const s = this.#screen;
    const form = s.part("felt");
    const { exercise } = state.at;
    const told = state.felt[exercise];
    const yesNo = (value) => ({ true: "yes", false: "no" })[String(value)] ?? null;
    choose(form, "worst_pain", told ? told.worstPain : (state.during[exercise] ?? null));
    choose(form, "alarming", told ? yesNo(told.alarming) : null);
    choose(form, "effort", told?.effort ?? null);
    choose(form, "form_ok", yesNo(told?.formOk));
    s.part("light-here").append(s.part("lights"));
  }

  // The sets of this exercise, each to be corrected or taken back.
  #written(state) {
    const { at } = state;
    const s = this.#screen;
    const sets = at.exercise ? machine.setsOf(state, at.exercise) : [];
    s.show("written", sets.length > 0 && ["ready", "rest", "felt"].includes(at.stage));
    s.part("sets").replaceChildren(...sets.map((one) => this.#setLine(at.exercise, one)));
  }

  #setLine(exercise, { number, reps, kg }) {
    const s = this.#screen;
    const weight = kg ? `, ${s.words("kg", { kg })}` : "";
    const key = (what, text, label) =>
      miniKey({ "data-do": what, "data-exercise": exercise, "data-number": number, "aria-label": label, text });
    return element(
      "li",
      { class: "player__line" },
      element("span", { text: s.words("setDone", { n: number, reps }) + weight }),
      key("fewer", "−", s.words("fewer", { n: number })),
      key("more", "+", s.words("more", { n: number })),
      key("take-back", s.words("takeBack"), s.words("takeBackSet", { n: number })),
    );
  }

  #all(state) {
    for (const list of this.#screen.parts("all")) {
      list.replaceChildren(...state.items.map((item) => this.#exerciseLine(state, item)));
    }
  }

  #exerciseLine(state, { exercise, title }) {
    const s = this.#screen;
    const done = machine.setsOf(state, exercise).map((one) => one.reps);
    const words = ` ${done.join(", ") || s.words("nothing")}`;
    const line = element("li", { class: "player__line" }, element("span", {}, element("b", { text: `${title}:` }), words));
    if (state.at.stage === "last") {
      const label = s.words("changeOf", { title });
      line.append(miniKey({ "data-do": "change", "data-exercise": exercise, "aria-label": label, text: s.words("change") }));
    }
    return line;
  }

  #stopped(state) {
    for (const part of this.#screen.parts("stopped")) {
      part.hidden = part.dataset.stopped !== state.over.sign;
    }
  }
}

function miniKey(attributes) {
  return element("button", { type: "button", class: "player__mini", ...attributes });
}
