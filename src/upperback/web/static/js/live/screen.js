// A screen that shows a code for a phone, compares a number with it, and then shows what it measures.

import { Line, ticket } from "/static/js/live/line.js";
import { View } from "/static/js/live/view.js";

const SOCKET = "/live/screen/socket/";

const view = new View({
  same: () => say(true),
  different: () => say(false),
  stop: () => line.ask({ stop: true }),
});
const line = new Line(hear);

function say(same) {
  line.ask({ same });
  view.parts.says.textContent = view.parts.says.dataset.said;
}

function end(text) {
  line.close();
  view.calm();
  if (text) {
    view.fail(text);
  } else {
    view.show("done");
  }
}

function hear(told) {
  const { parts, words, data } = view;
  if (told === null) {
    if (view.stage !== "trouble" && view.stage !== "done") {
      view.fail(words.closed);
    }
    return;
  }
  if (told.stopped) {
    end(told.stopped);
  }
  if (told.offer) {
    parts.code.src = told.offer.picture;
    parts.code.hidden = false;
  }
  if (told.number) {
    parts.number.textContent = told.number.replace(/(...)(...)/, "$1 $2");
    view.show("compare");
  }
  if (told.waits) {
    parts.says.textContent = parts.says.dataset.waits;
  }
  if (told.gone !== undefined) {
    const measured = view.stage === "live";
    parts.end.textContent = words.phone_gone;
    end(measured ? null : (told.gone || words.phone_gone));
    return;
  }
  if (told.ready && told.is_aligned) {
    view.show("live");
  } else if (told.ready && !["calibrate", "again"].includes(view.stage)) {
    view.show("rest");
  }
  if (told.sign) {
    view.show("calibrate");
    view.step(words.put_on, data.putOnS);
  }
  if (told.task === "stand") {
    view.show("calibrate");
    view.step(words.stand, data.standS);
  }
  if (told.task === "bend") {
    view.step(words.bend, data.bendS);
  }
  view.hear(told);
}

try {
  const found = await ticket(view.data.ticket, view.token);
  await line.open(SOCKET, { ticket: found.ticket });
} catch {
  view.fail(view.words.closed);
}
