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
      .then(() => self.registration.navigationPreload?.enable())
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
    event.respondWith(isHelp ? withinTime(event) : asked(event).catch(() => kept(instead)));
  } else if (SHELL.includes(address.pathname + address.search)) {
    event.respondWith(kept(address.pathname + address.search).then((found) => found ?? fetch(request)));
  }
});

// A break is due. What comes is sealed for this browser; a notice is shown whatever it holds, as browsers ask for it.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json();
  } catch {
    // Nothing to read: the usual words.
  }
  const path = typeof said.path === "string" && /^\/[a-z]/.test(said.path) ? said.path : "/today/";
  const text = typeof said.text === "string" ? said.text : "Time for a short break";
  event.waitUntil(self.registration.showNotification(text, { tag: "upperback-break", data: { path } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data?.path));
});

// With a path: that page, in a new window; an open one is only taken where nothing can be half written in it.
// Without: the window that is there.
async function show(path) {
  const windows = await self.clients.matchAll({ type: "window" });
  const there = windows.find((one) => "focus" in one);
  if (path === undefined) {
    return there?.focus();
  }
  const free = windows.find((one) => ["/today/", path].includes(new URL(one.url).pathname));
  return free ? free.focus().then((focused) => focused.navigate(path)) : self.clients.openWindow(path);
}

// The browser asks while this worker still wakes up, where it can do that.
async function asked(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

async function withinTime(event) {
  const late = new Promise((resolve) => setTimeout(resolve, WAIT_MS)).then(() => kept(HELP));
  const fresh = asked(event).catch(() => kept(HELP));
  return (await Promise.race([fresh, late])) ?? fresh;
}

async function kept(address) {
  const cache = await caches.open(NAME);
  return cache.match(address);
}
