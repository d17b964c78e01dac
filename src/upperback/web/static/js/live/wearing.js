// A phone that is worn: its sensors, its line, and what it asks of the wearer.

import { Aids } from "/static/js/session/aids.js";
import { said } from "/static/js/session/said.js";
import { Line } from "/static/js/live/line.js";
import { Motion } from "/static/js/live/motion.js";

export class Wearing {
  line;
  #view;
  #aids = new Aids(() => {});
  #motion;
  #isReady = false;
  #more;

  // more(told): what is not for every page; null when the line is gone.
  constructor(view, more = () => {}) {
    this.#view = view;
    this.#more = more;
    this.line = new Line((told) => this.#hear(told));
    this.#motion = new Motion((bytes) => this.#isReady && this.line.send(bytes));
  }

  // Right after a touch, for that is when a browser lets a page ask. False when there is nothing to be had.
  async sense() {
    const { parts, words } = this.#view;
    const found = await this.#motion.start();
    if (found !== "on") {
      this.fail(words[found]);
      return false;
    }
    this.#aids.set("voice", parts.voice.checked);
    this.#aids.set("shake", parts.shake.checked);
    this.#aids.keepAwake(true);
    return true;
  }

  fail(text) {
    this.end();
    this.#view.fail(text);
  }

  stop() {
    this.end();
    this.#view.show("done");
  }

  end() {
    this.#motion.stop();
    this.line.close();
    this.#view.calm();
    this.#aids.keepAwake(false);
    this.#aids.quiet();
  }

  // The plain readings, from now on or no more: what is asked for stands in the box.
  keep() {
    const { keep } = this.#view.parts;
    keep.checked = !keep.checked;
    this.line.question({ keep: keep.checked });
  }

  // One step of the calibration after the other; each says what to do, aloud where that was asked for.
  calibrate() {
    const { data, words } = this.#view;
    this.#view.show("calibrate");
    const steps = [
      { say: words.put_on, seconds: data.putOnS, task: null },
      { say: words.stand, seconds: data.standS, task: "stand" },
      { say: words.bend, seconds: data.bendS, task: "bend" },
    ];
    const next = () => {
      const step = steps.shift();
      if (!step) {
        this.line.question({ task: null });
        this.line.question({ align: true });
        return;
      }
      this.line.question({ task: step.task });
      this.#aids.say(step.say);
      this.#aids.shake(200);
      this.#view.step(step.say, step.seconds, next);
    };
    next();
  }

  #hear(told) {
    const { parts, stage, words } = this.#view;
    if (told === null) {
      if (stage !== "trouble" && stage !== "done") {
        this.fail(words.gone);
      }
      this.#more(null);
      return;
    }
    if (told.stopped || told.trouble) {
      this.fail(told.stopped ?? told.trouble);
    }
    if (told.ready && !this.#isReady) {
      this.#isReady = true;
      this.#view.show("rest");
      if (parts.keep.checked) {
        this.line.question({ keep: true });
      }
    }
    if (told.sign) {
      this.calibrate();
    }
    this.#view.hear(told);
    if (told.aligned !== undefined) {
      this.line.question({ hints: parts.hints?.checked ?? false });
      this.#aids.say(words.aligned);
    }
    if (told.second?.hint) {
      this.#aids.say(said(told.second.why));
      this.#aids.shake([150, 100, 150]);
    }
    this.#more(told);
  }
}
