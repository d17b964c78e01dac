// The live page: this phone measures and shows.

import { ticket } from "/static/js/live/line.js";
import { View } from "/static/js/live/view.js";
import { Wearing } from "/static/js/live/wearing.js";

const view = new View({ start, again: () => wearing.calibrate(), keep: () => wearing.keep(), stop: () => wearing.stop() });
const wearing = new Wearing(view);

async function enter(more = {}) {
  const found = await ticket(view.data.ticket, view.token);
  return { path: found.socket, hello: { ticket: found.ticket, ...more } };
}

async function start() {
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
