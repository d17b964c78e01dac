// Keeps the help page and the frame of a session in the browser, so that both open when Upperback is not running or
// there is no connection. Nothing personal is ever kept: only the addresses listed here, none of which depends on who
// asks. What a session has to show then comes, sealed, from elsewhere: static/js/session/vault.js.

const SHELL = /* listed when the process starts */ [];
const OURS = "upperback-help-";
const NAME = OURS + /* mark of their content */ "";
const HELP = "/help/";
const STOPPED = "/help/stopped/";
const SESSION = "/training/shell/";
const IS_SESSION = /^\/training\/[0-9a-f]{32}\/$/;
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
      .then((names) => Promise.all(names.filter((name) => name.startsWith(OURS) && name !== NAME).map((name) => caches.delete(name))))
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
    const instead = IS_SESSION.test(address.pathname) ? SESSION : STOPPED;
    event.respondWith(isHelp ? withinTime(request) : fetch(request).catch(() => kept(instead)));
  } else if (address.pathname.startsWith("/static/js/session/")) {
    // No mark of their content in the address: the server is asked first, so that one page never mixes two releases.
    event.respondWith(fetch(request).catch(() => kept(address.pathname).then((found) => found ?? Response.error())));
  } else if (SHELL.includes(address.pathname + address.search)) {
    event.respondWith(kept(address.pathname + address.search).then((found) => found ?? fetch(request)));
  }
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((windows) => windows.find((one) => "focus" in one)?.focus()),
  );
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
