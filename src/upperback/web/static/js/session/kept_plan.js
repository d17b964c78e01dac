// A copy of the plan and its exercises on this device, for times without a connection: sealed, only where the person
// asked for it, renewed whenever the plan is open with a connection, gone when they say so or somebody else's plan opens.

import { openVault } from "./vault.js";

const NAME = "upperback-plan";
const RECORD = "plan";
const FLAG = "upperback.plan"; // that there is one; no more is said in the clear
const OLD_MS = 14 * 24 * 60 * 60 * 1000;
// What needs a connection, or speaks of one.
const NOT_KEPT = "form, button, script, .no-print, .page-actions, [data-keep-plan]";

// ---- with a connection: the page of the plan ----

export async function offerToKeep(part) {
  const vault = await openVault(NAME);
  const person = part.dataset.person;
  const found = await vault.state(RECORD);
  if (found && found.person !== person) {
    await forgetPlan();
  }
  show(part, found?.person === person);
  part.hidden = false;
  part.querySelector("[data-keep]").addEventListener("click", async () => {
    await keep(vault, person);
    show(part, true);
    part.querySelector("[data-kept-now]").focus();
  });
  part.querySelector("[data-forget]").addEventListener("click", async () => {
    await forgetPlan();
    show(part, false);
    part.querySelector("[data-keep]").focus();
  });
  if (found?.person === person) {
    await keep(vault, person);
  }
}

export async function forgetPlan() {
  mark(null);
  const vault = await openVault(NAME);
  await vault.forgetStates();
}

async function keep(vault, person) {
  const pages = { [location.pathname]: pageOf(document) };
  const addresses = new Set([...document.querySelectorAll('main a[href^="/exercise/"]')].map((link) => link.pathname));
  for (const address of addresses) {
    const answer = await fetch(address);
    if (answer.ok && !answer.redirected) {
      pages[address] = pageOf(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  }
  await vault.keepState(RECORD, { person, keptMs: Date.now(), pages });
  mark("1");
}

function pageOf(page) {
  const main = page.querySelector("main").cloneNode(true);
  for (const element of main.querySelectorAll(NOT_KEPT)) {
    element.remove();
  }
  for (const element of main.querySelectorAll("details")) {
    element.open = false;
  }
  return { title: page.title, html: main.innerHTML };
}

function show(part, isKept) {
  part.querySelector("[data-not-kept]").hidden = isKept;
  part.querySelector("[data-kept]").hidden = !isKept;
}

function mark(value) {
  try {
    if (value === null) {
      localStorage.removeItem(FLAG);
    } else {
      localStorage.setItem(FLAG, value);
    }
  } catch {
    // This browser keeps nothing.
  }
}

// ---- without one: the frame that the worker shows ----

async function showKept(frame) {
  const found = await (await openVault(NAME)).state(RECORD);
  const page = found && Object.hasOwn(found.pages, location.pathname) ? found.pages[location.pathname] : null;
  frame.querySelector("[data-none]").hidden = page !== null;
  if (page === null) {
    return;
  }
  document.title = page.title;
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  frame.querySelector("[data-day]").textContent = day.format(found.keptMs);
  frame.querySelector("[data-old]").hidden = Date.now() - found.keptMs < OLD_MS;
  frame.querySelector("[data-page]").innerHTML = page.html; // our own page, sealed by this browser; scripts are taken out
  frame.querySelector("[data-shown]").hidden = false;
  frame.querySelector("[data-forget]").addEventListener("click", async () => {
    await forgetPlan();
    location.reload();
  });
}

const frame = document.querySelector("[data-plan-frame]");
if (frame) {
  showKept(frame).catch(() => {
    // Nothing is kept, or nothing can be opened: the frame says where to go.
  });
}
