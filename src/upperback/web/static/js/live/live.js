// The live page: this phone measures and shows; or it shows what another page of the same person measures.

import { ticket } from "/static/js/session/listening.js";
import { View } from "/static/js/live/view.js";
import { Watch } from "/static/js/live/watch.js";
import { Wearing } from "/static/js/live/wearing.js";

const view = new View({
  start,
  here,
  again: () => wearing.calibrate(),
  keep: () => wearing.keep(),
  stop: () => wearing.stop(),
});
const wearing = new Wearing(view);
const watch = new Watch(view);

// Not what is measured elsewhere: this device is to be worn.
function here() {
  watch.end();
  view.show("start");
}

async function enter(more = {}) {
  const found = await ticket(view.data.ticket, view.token);
  return { path: found.socket, hello: { ticket: found.ticket, ...more } };
}

async function start() {
  watch.end();
  if (!(await wearing.sense())) {
    return;
  }
  try {
    const { path, hello } = await enter();
    await wearing.line.open(path, hello, (stream) => enter({ stream }));
  } catch {
    wearing.fail(view.words.closed);
  }
}
