// A screen that shows a code for a phone, compares a number with it, and then shows what it measures.

import { View } from "/static/js/live/view.js";
import { Listening, ticket } from "/static/js/session/listening.js";

const SOCKET = "/live/screen/socket/";

// Before a phone is worn; a page whose line was lost then begins with a new code.
const BEFORE = ["offer", "compare"];

const view = new View({
  same: () => say(true),
  different: () => say(false),
  stop,
});
// This page's own line is lost, or is back and the phone is not.
let isLost = false;
// The person has stopped it here: that the phone is gone is no news then.
let isStopped = false;
const line = new Listening(SOCKET, enter, hear);

async function enter() {
  const found = await ticket(view.data.ticket, view.token);
  return { ticket: found.ticket };
}

// A phone that cannot be told now goes on: it is said, so that nobody believes that it has stopped.
function stop() {
  if (isLost) {
    view.parts.end.textContent = view.words.stop_there;
    end();
  } else {
    isStopped = true;
    line.ask({ stop: true });
  }
}

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

// In the middle of the calibration, which goes on at the phone.
function says(text) {
  view.calm();
  view.parts.step.textContent = text;
  view.parts.left.textContent = "";
  view.show("calibrate");
}

function lost() {
  isLost = true;
  const { parts, words } = view;
  parts.code.hidden = true;
  parts.offers.textContent = words.away;
  if (view.stage === "compare") {
    view.show("offer");
  }
  if (["rest", "calibrate", "again"].includes(view.stage)) {
    says(words.away);
  }
}

function hear(told) {
  const { parts, words, data } = view;
  if (told === null) {
    end(words.closed);
    return;
  }
  if (told.stopped) {
    end(told.stopped);
    return;
  }
  if (told.lost) {
    lost();
  }
  const wasLost = isLost;
  isLost &&= !told.ready;
  if (told.offer) {
    parts.offers.textContent = parts.offers.dataset.scan;
    parts.code.src = told.offer.picture;
    parts.code.hidden = false;
    isLost &&= !BEFORE.includes(view.stage);
    if (isLost) { // the phone that was worn comes back by itself
      return;
    }
  }
  if (told.number) {
    parts.number.textContent = told.number.replace(/(...)(...)/, "$1 $2");
    parts.says.textContent = "";
    view.show("compare");
  }
  if (told.waits) {
    parts.says.textContent = parts.says.dataset.waits;
  }
  if (told.gone !== undefined) {
    const measured = view.stage === "live";
    if (!isStopped) {
      parts.end.textContent = words.phone_gone;
    }
    end(measured || isStopped ? null : told.gone || words.phone_gone);
    return;
  }
  if (told.ready && told.is_aligned) {
    view.show("live");
  } else if (told.ready && wasLost) {
    says(words.look_there);
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
    view.show("calibrate");
    view.step(words.bend, data.bendS);
  }
  view.hear(told);
}
