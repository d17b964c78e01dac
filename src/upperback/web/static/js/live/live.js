// The live page: this phone measures and shows.

import { ticket } from "/static/js/live/line.js";
import { View } from "/static/js/live/view.js";
import { Wearing } from "/static/js/live/wearing.js";

const view = new View({ start, again: () => wearing.calibrate(), stop: () => wearing.stop() });
const wearing = new Wearing(view);

async function start() {
  if (!(await wearing.sense())) {
    return;
  }
  try {
    const found = await ticket(view.data.ticket, view.token);
    await wearing.line.open(found.socket, { ticket: found.ticket });
  } catch {
    wearing.fail(view.words.closed);
  }
}
