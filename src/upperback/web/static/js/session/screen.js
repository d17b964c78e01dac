// The page of a session: finds its parts, fills in words, shows one stage at a time. It decides nothing.

export const WORKING = ["ready", "moving", "paused", "rest", "felt"];
const SAID_MS = 20_000;

export function readJson(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

export class Screen {
  #root;
  #words;
  #saidTimer = null;

  constructor(words) {
    this.#words = words;
    const template = document.getElementById("player-template");
    this.#root = template.content.firstElementChild.cloneNode(true);
    document.querySelector("[data-plain]").replaceWith(this.#root);
  }

  // A sentence with its gaps filled: say("set", {n: 1, all: 3}).
  words(key, gaps = {}) {
    return (this.#words[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => gaps[name] ?? "");
  }

  part(name) {
    return this.#root.querySelector(`[data-${name}]`);
  }

  parts(name) {
    return this.#root.querySelectorAll(`[data-${name}]`);
  }

  on(kind, handle) {
    this.#root.addEventListener(kind, handle);
  }

  text(name, words) {
    for (const element of this.parts(name)) {
      element.textContent = words;
    }
  }

  show(name, isShown) {
    for (const element of this.parts(name)) {
      element.hidden = !isShown;
    }
  }

  // One stage; the ear and the keyboard follow: to the heading when a new thing begins, else to the first key.
  stage(name, { heading, focus }) {
    for (const element of this.parts("stage")) {
      element.hidden = element.dataset.stage !== name;
    }
    this.show("figure", WORKING.includes(name) && name !== "felt");
    this.show("while-working", WORKING.includes(name) && name !== "moving");
    this.show("skip", name !== "felt");
    this.show("wrong-bar", WORKING.includes(name) || name === "last");
    this.show("lights", name === "rest" || name === "felt");
    this.text("title", heading);
    document.title = `${heading} - Upperback`;
    const first = this.#root.querySelector(`[data-stage="${name}"] [data-first]:not([hidden])`);
    if (focus) {
      const next = focus === "key" && first ? first : this.part("title");
      next.focus({ preventScroll: true });
      // Right below the bar at the top: what is next is then seen whole, on a small screen too.
      this.#root.scrollIntoView({ block: "start" });
    }
  }

  choose(name, value) {
    choose(this.#root, name, value);
  }

  // For screen readers; a sentence said twice is heard twice. It goes again: whoever reads the page line by line would
  // take it for what holds now.
  say(words) {
    const line = this.part("say");
    line.textContent = line.textContent === words ? `${words}\u00a0` : words;
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => (line.textContent = ""), SAID_MS);
  }

  net(words) {
    this.text("net", words);
  }

  progress(at, all) {
    this.part("progress").hidden = at === null;
    if (at === null) {
      return;
    }
    this.text("progress-words", this.words("progress", { n: at, all }));
    this.part("progress-line").replaceChildren(
      ...Array.from({ length: all }, (_, index) => {
        const span = document.createElement("span");
        span.className = index + 1 < at ? "is-done" : index + 1 === at ? "is-now" : "";
        return span;
      }),
    );
  }

  // The figure and the steps of an exercise, as the server drew them; null shows the words that stand in for it.
  exercise(html) {
    const figure = this.part("figure");
    const steps = this.part("steps");
    if (html === null) {
      figure.textContent = this.words("noFigure");
      steps.replaceChildren();
      return;
    }
    const drawn = new DOMParser().parseFromString(html, "text/html");
    figure.replaceChildren(...keptParts(drawn.querySelector("[data-figure-part]")));
    steps.replaceChildren(...keptParts(drawn.querySelector("[data-steps-part]")?.childNodes));
  }

  // ---- the moving figure in step with the pace ----

  #figureTimer = null;

  figureRuns() {
    clearTimeout(this.#figureTimer);
    this.#svg()?.unpauseAnimations();
  }

  figureStops() {
    clearTimeout(this.#figureTimer);
    this.#svg()?.pauseAnimations();
  }

  figureAt(phase) {
    const svg = this.#svg();
    if (!svg) {
      return;
    }
    clearTimeout(this.#figureTimer);
    svg.setCurrentTime(phase.figureS);
    svg.unpauseAnimations();
    if (phase.s > phase.figureForS) {
      this.#figureTimer = setTimeout(() => svg.pauseAnimations(), phase.figureForS * 1000);
    }
  }

  #svg() {
    return this.part("figure").querySelector(".figure-moving svg");
  }

  bar(name, share) {
    this.part(name).style.transform = `scaleX(${share.toFixed(3)})`;
  }

  light(colour) {
    for (const element of this.parts("light")) {
      element.hidden = element.dataset.light !== colour;
    }
    this.show("leave-asked", colour === "red");
  }
}

function keptParts(parts) {
  return [...(parts instanceof Element ? [parts] : (parts ?? []))].map((part) => document.importNode(part, true));
}

export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...(text === undefined ? [] : [text]), ...children);
  return made;
}

// What a form holds under a name: the chosen value or null.
export function chosen(form, name) {
  return form.querySelector(`input[name="${name}"]:checked`)?.value ?? null;
}

export function choose(form, name, value) {
  for (const input of form.querySelectorAll(`input[name="${name}"]`)) {
    input.checked = value !== null && input.value === String(value);
  }
}
