// Keeps the help page and its look in the browser, so that help opens even when Upperback itself is not running.
// Nothing personal is ever kept: only the addresses listed here, none of which depends on who asks.

const SHELL = /* listed when the process starts */ [];
const NAME = "upperback-help-" + /* mark of their content */ "";
const HELP = "/help/";
const STOPPED = "/help/stopped/";
const WAIT_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) {
    return;
  }
  if (request.mode === "navigate") {
    const isHelp = address.pathname === HELP;
    event.respondWith(isHelp ? withinTime(request) : fetch(request).catch(() => kept(STOPPED)));
  } else if (SHELL.includes(address.pathname + address.search)) {
    event.respondWith(kept(address.pathname + address.search).then((found) => found ?? fetch(request)));
  }
});

async function withinTime(request) {
  const late = new Promise((resolve) => setTimeout(resolve, WAIT_MS)).then(() => kept(HELP));
  const fresh = fetch(request).catch(() => kept(HELP));
  return (await Promise.race([fresh, late])) ?? fresh;
}

async function kept(address) {
  const cache = await caches.open(NAME);
  return cache.match(address);
}
