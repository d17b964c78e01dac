// What scripts add to pages that work without them: theme choice, copy, print, and the behaviour of form controls.

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");

for (const element of document.querySelectorAll("[data-needs-script]")) {
  element.hidden = false;
}

function startThemeSwitch() {
  for (const control of document.querySelectorAll("[data-theme-switch]")) {
    control.hidden = false;
    const chosen = document.documentElement.dataset.theme ?? "auto";
    for (const input of control.querySelectorAll("input")) {
      input.checked = input.value === chosen;
      input.addEventListener("change", () => setTheme(input.value));
    }
  }
}

function setTheme(theme) {
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  try {
    localStorage.setItem("upperback.theme", theme);
  } catch {
    // The choice then lasts for this page only.
  }
}

function startPageActions() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
  for (const button of document.querySelectorAll("[data-copy-from]")) {
    button.addEventListener("click", () => copyFrom(button));
  }
}

async function copyFrom(button) {
  const source = document.getElementById(button.dataset.copyFrom);
  const label = button.querySelector("span") ?? button;
  const status = button.parentElement.querySelector("[data-copy-status]");
  if (!source || !navigator.clipboard) {
    return;
  }
  await navigator.clipboard.writeText(source.innerText.trim());
  const before = label.textContent;
  label.textContent = button.dataset.done;
  if (status) {
    status.textContent = button.dataset.done;
  }
  setTimeout(() => {
    label.textContent = before;
    if (status) {
      status.textContent = "";
    }
  }, 2500);
}

// Paper cannot unfold: what is folded away is printed, and folded again afterwards.
function startPrinting() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const element of opened) {
      element.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const element of opened) {
      element.open = false;
    }
  });
}

startPrinting();
startThemeSwitch();
startPageActions();

// Form behaviour (error summary focus, "none of these", double clicks). The page works without it.
async function startForms() {
  try {
    const { initAll } = await import("../vendor/nhsuk-frontend.min.js");
    initAll();
  } catch {
    // The copied browser files are missing: run the set-up again.
  }
}

// A page with nothing but the skip link loads it only when somebody comes to that with the keyboard.
if (document.querySelector('[data-module^="nhsuk-"]:not(.nhsuk-skip-link)')) {
  await startForms();
} else {
  document.querySelector(".nhsuk-skip-link")?.addEventListener("focus", startForms, { once: true });
}

// Help stays within reach when Upperback does not run any more.
if ("serviceWorker" in navigator && document.body.dataset.keepHelp !== undefined) {
  navigator.serviceWorker.register("/help_worker.js").catch(() => {
    // Closed in private windows: the page works without.
  });
}

// The pages to read are kept once a page has stood open for a while, and not where data is to be spared.
const BOOK_AFTER_MS = 4000;
if (navigator.serviceWorker?.controller && !navigator.connection?.saveData) {
  setTimeout(() => navigator.serviceWorker.controller?.postMessage("keep the book"), BOOK_AFTER_MS);
}
async function showBook() {
  const names = await caches.keys();
  for (const element of document.querySelectorAll("[data-book-kept]")) {
    element.hidden = !names.some((name) => name.startsWith("upperback-book-"));
  }
}
if (document.querySelector("[data-book-kept]") && globalThis.caches) {
  showBook().catch(() => {});
}

// A plan is kept where its person asked for it; pages that close a plan take the copy away.
const planPart = document.querySelector("[data-keep-plan]");
if (planPart) {
  import("./session/kept_plan.js").then((part) => part.offerToKeep(planPart)).catch(() => {});
} else if (document.querySelector("[data-forget-plan]") && kept("upperback.plan") !== null) {
  import("./session/kept_plan.js").then((part) => part.forgetPlan()).catch(() => {});
}
for (const element of document.querySelectorAll("[data-plan-kept]")) {
  element.hidden = kept("upperback.plan") === null;
}

// What was typed when a session ended is put back after signing in.
try {
  const sent = sessionStorage.getItem("upperback.typed-sent") !== null;
  if (sent || document.querySelector("form[data-keep-typed], [data-typed-lost]")) {
    import("./typed.js").then((part) => part.start()).catch(() => {});
  }
} catch {
  // Storage is closed: what is typed is not kept.
}

// What a session logged without a connection is sent from whichever page is open next; a session that is not finished
// can be gone on with from the page that says that there is no connection.
function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

async function sendWhatWaits() {
  if (kept("upperback.waits") === null || document.querySelector("#player-template, [data-session-kept]")) {
    return;
  }
  const { Keeping } = await import("./session/keeping.js");
  const keeping = await Keeping.open((what, found) => {
    if (what === "sent" && found.sent > 0 && location.pathname === "/today/") {
      location.reload(); // Today tells what is done.
    }
  });
  await keeping.sendForWhoeverIsHere();
}

const openSession = kept("upperback.session");
for (const element of document.querySelectorAll("[data-session-kept]")) {
  element.hidden = openSession === null;
  element.querySelector("a").href = `/training/${openSession}/`;
}
sendWhatWaits().catch(() => {
  // No way through now: it waits for the next page.
});
