// Forms of every day that also work without a connection: the morning, a task done, a break. What was typed is kept like
// the sets of a session (session/keeping.js) and sent later. With a connection the form goes as it always does.
//
// Other forms of daily care need the line: they say so and keep what is typed on the page.

import { Keeping } from "./session/keeping.js";

const PATIENCE_MS = 4000;

// What a form says as a diary entry, or the name of the field that is still missing.
const READ = {
  morning: (form) => {
    const pain = score(form, "pain");
    return pain === null ? { missing: "pain" } : { data: { pain } };
  },
  task_done: (form) => {
    const data = { task: form.dataset.task };
    for (const name of ["before", "after"]) {
      data[name] = score(form, name);
      if (data[name] === null) {
        return { missing: name };
      }
    }
    for (const name of ["minutes", "kg", "rose_after"]) {
      const amount = above0(form.elements[name]?.value ?? "");
      if (amount === undefined) {
        return { missing: name };
      }
      if (amount !== null) {
        data[name] = amount;
      }
    }
    return data.minutes && data.rose_after > data.minutes ? { missing: "rose_after" } : { data };
  },
  moved: (form, key) => {
    if (key?.value !== "done") {
      return { missing: null };
    }
    const move = form.elements.move?.value;
    return { data: { exercises: move ? [move] : [], offered: Boolean(form.elements.offer?.value) } };
  },
};

function score(form, name) {
  const chosen = form.querySelector(`input[name="${name}"]:checked`);
  return chosen ? Number(chosen.value) : null;
}

// As typed, also with a comma: a number above 0, null for nothing, undefined for what cannot be.
function above0(text) {
  const plain = text.trim().replace(",", ".");
  if (plain === "") {
    return null;
  }
  const amount = /^\d{1,4}(\.\d{1,3})?$/.test(plain) ? Number(plain) : 0;
  return amount > 0 ? amount : undefined;
}

// The day that the form is about: of its list, or the page's own.
function dayOf(form) {
  return form.elements.day?.value || form.dataset.day;
}

// Whether Upperback answers now. A computer without internet may well reach the one that runs on itself.
async function answers() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

class DailyForm {
  #form;
  #says;
  #words;
  #keeping = null;
  #isSure = false;
  #isBusy = false;

  constructor(form) {
    this.#form = form;
    this.#words = JSON.parse(document.getElementById("daily-words").textContent);
    this.#says = document.createElement("p");
    this.#says.className = "daily-says";
    this.#says.setAttribute("role", "status");
    form.append(this.#says);
    form.addEventListener("submit", (event) => this.#submitted(event));
  }

  async #submitted(event) {
    if (this.#isSure || (!this.#form.dataset.kind && navigator.onLine)) {
      return;
    }
    event.preventDefault();
    if (this.#isBusy) {
      return; // Struck twice.
    }
    this.#isBusy = true;
    try {
      if (await answers()) {
        this.#isSure = true;
        this.#form.requestSubmit(event.submitter);
      } else {
        await this.#keep(event.submitter);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  async #keep(key) {
    const { kind, person } = this.#form.dataset;
    if (!kind) {
      this.#say(this.#words.line);
      return;
    }
    const { data, missing } = READ[kind](this.#form, key);
    if (missing !== undefined) {
      this.#say(missing === null ? this.#words.line : this.#words.missing);
      this.#form.querySelector(`[name="${missing}"]`)?.focus();
      return;
    }
    // The id of the form: were it sent the usual way, too, it would still be one entry.
    const id = this.#form.elements.client_id.value;
    this.#keeping ??= await Keeping.open((what, found) => this.#told(what, found));
    await this.#keeping.add({ id, person, kind, day: dayOf(this.#form), data });
    for (const control of this.#form.elements) {
      control.disabled = true;
    }
    const sore = data.after > data.before ? this.#words.sore : "";
    this.#say(`${this.#words[this.#keeping.isLasting ? "kept" : "keptOpen"]} ${sore}`.trim());
    this.#says.tabIndex = -1;
    this.#says.focus();
    this.#keeping.watch(person);
  }

  #told(what, found) {
    if (what === "sent" && found.sent > 0) {
      this.#say(this.#words.sent);
    } else if (what === "sent" && found.refused.length > 0) {
      this.#say(found.refused.map((one) => one.message).join(" "));
    } else if (what === "other" || what === "closed") {
      this.#say(this.#words.waits);
    }
  }

  #say(words) {
    this.#says.textContent = words;
  }
}

for (const form of document.querySelectorAll("form[data-daily]")) {
  new DailyForm(form);
}
document.documentElement.dataset.daily = "ready";
