// Keeps the help page, the frames of a session and of a plan, and the pages to read in the browser, so that they open
// when Upperback is not running or there is no connection. Nothing personal is ever kept: only the addresses listed
// here and the book, none of which depends on who asks. What a session or a plan has to show then comes, sealed, from
// elsewhere: static/js/session/vault.js.

const SHELL = /* listed when the process starts */ [];
const OURS = "upperback-help-";
const NAME = OURS + /* mark of their content */ "";
const HELP = "/help/";
const STOPPED = "/help/stopped/";
const SESSION = "/training/shell/";
const PLAN = "/plan/shell/";
// The pages to read, as everybody may see them, in one answer. Under the mark of this worker: words of another release
// are never shown.
const BOOK = "/learn/book/";
const BOOKS = "upperback-book-";
const BOOK_NAME = NAME.replace(OURS, BOOKS);
const IS_SESSION = /^\/training\/[0-9a-f]{32}\/$/;
const IS_PLAN = /^\/(?:plan|exercise\/[A-Z]{2}[0-9]{2})\/$/;
const IS_READ = /^\/learn\/(?:[a-z][a-z0-9-]*\/)?$/;
const WAIT_MS = 3000;
const OLD_MS = 30 * 24 * 60 * 60 * 1000;

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
      .then((names) => Promise.all(names.filter(isPast).map((name) => caches.delete(name))))
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
    event.respondWith(isHelp ? withinTime(event) : asked(event).catch(() => instead(address.pathname)));
  } else if (SHELL.includes(address.pathname + address.search)) {
    event.respondWith(kept(address.pathname + address.search).then((found) => found ?? fetch(request)));
  }
});

// What a notice says, in the language that this worker was made for.
const NOTICES = /* notices in this language */ {};

let keeping = null;

// A page asks for the book once it has nothing else to do.
self.addEventListener("message", (event) => {
  if (event.data === "keep the book") {
    keeping ??= keepBook().catch(() => {}).finally(() => (keeping = null)); // No way through now: the next page asks again.
    event.waitUntil(keeping);
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
  event.waitUntil(self.registration.showNotification(NOTICES[text] ?? text, { tag: "upperback-break", data: { path } }));
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

function isPast(name) {
  return (name.startsWith(OURS) && name !== NAME) || (name.startsWith(BOOKS) && name !== BOOK_NAME);
}

async function instead(path) {
  if (IS_SESSION.test(path)) {
    return kept(SESSION);
  }
  if (IS_PLAN.test(path)) {
    return kept(PLAN);
  }
  return (IS_READ.test(path) && (await fromBook(path))) || kept(STOPPED);
}

async function keepBook() {
  const cache = await caches.open(BOOK_NAME);
  if (await cache.match(BOOK)) {
    return;
  }
  const answer = await fetch(BOOK, { redirect: "error" });
  if (!answer.ok || answer.headers.get("content-type") !== "application/json") {
    return;
  }
  const headers = {
    "content-type": "application/json",
    "content-security-policy": answer.headers.get("content-security-policy") ?? "default-src 'self'",
    "x-kept-ms": String(Date.now()),
  };
  await cache.put(BOOK, new Response(await answer.blob(), { headers }));
}

// A page of the book in its frame, with the day on which it was kept. Null where it is not kept.
async function fromBook(path) {
  const found = await (await caches.open(BOOK_NAME)).match(BOOK);
  const book = found && (await found.json());
  const page = book && Object.hasOwn(book.pages, path) ? book.pages[path] : null;
  if (page === null) {
    return null;
  }
  const keptMs = Number(found.headers.get("x-kept-ms"));
  const day = new Intl.DateTimeFormat(book.language, { dateStyle: "long" }).format(keptMs);
  const html = book.frame
    .replace("KEPT-TITLE", () => page.title)
    .replace("KEPT-AGE", Date.now() - keptMs > OLD_MS ? "old" : "new")
    .replaceAll("KEPT-DAY", day)
    .replace("<!--kept-->", () => page.main);
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": found.headers.get("content-security-policy"),
    "x-content-type-options": "nosniff",
  };
  return new Response(html, { headers });
}

async function kept(address) {
  const cache = await caches.open(NAME);
  return cache.match(address);
}
