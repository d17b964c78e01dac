// This phone is the sensor of another screen: opened by the code there, compared with it, then worn.

import { View } from "/static/js/live/view.js";
import { Wearing } from "/static/js/live/wearing.js";

const SOCKET = "/live/phone/socket/";

const view = new View({
  same,
  different: () => {
    wearing.line.ask({ same: false });
  },
  again: () => wearing.calibrate(),
  keep: () => wearing.keep(),
  stop: () => wearing.stop(),
});
const wearing = new Wearing(view, hear);
let back = null;

// Asked for with the touch on "yes": that is when the browser lets a page ask for the sensors.
async function same() {
  if (await wearing.sense()) {
    view.show("waits");
    wearing.line.ask({ same: true });
  }
}

function hear(told) {
  back = told?.back ?? back;
  if (told?.number) {
    view.parts.number.textContent = told.number.replace(/(...)(...)/, "$1 $2");
    view.show("compare");
  }
  if (told?.watched !== undefined) {
    view.parts.watched.textContent = told.watched ? view.words.watched : view.words.alone;
  }
}

// The secret is behind the # of the link, which no server log and no other page ever sees; it is good once.
async function open() {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (!secret) {
    view.fail(view.words.no_code);
    return;
  }
  try {
    await wearing.line.open(SOCKET, { open: secret }, (stream) => ({ path: SOCKET, hello: { back, stream } }));
  } catch {
    wearing.fail(view.words.closed);
  }
}

await open();
