// A session that leads: one exercise at a time, in step with the clock, written down as it is done. It takes the place
// of the plain form on the page; without this script that form does the same.

import { Aids } from "./aids.js";
import { Drawing } from "./drawing.js";
import { Exercises } from "./exercises.js";
import { Keeping } from "./keeping.js";
import * as machine from "./machine.js";
import { Pacer } from "./pacer.js";
import { said } from "./said.js";
import { Screen, WORKING, chosen, readJson } from "./screen.js";
import { Sensor } from "./sensor.js";

class Player {
  #screen;
  #drawing;
  #keeping;
  #aids;
  #state;
  #pacer = null;
  #clock = null;
  #before = null; // the stage that "something feels wrong" was asked from
  #exercises;
  #shown = null;
  #writing = Promise.resolve();
  #sensor = new Sensor((reps) => this.#felt(reps));
  #felt0 = null; // what was counted before the sensor began, while it counts
  #tapped = 0; // what was tapped up to while the sensor was away: it may have felt the same

  constructor(screen, keeping, aids, exercises, state) {
    this.#exercises = exercises;
    this.#screen = screen;
    this.#drawing = new Drawing(screen);
    this.#keeping = keeping;
    this.#aids = aids;
    this.#state = state;
    screen.on("click", (event) => this.#clicked(event));
    screen.on("submit", (event) => this.#submitted(event));
    screen.on("change", (event) => this.#changed(event));
    document.addEventListener("visibilitychange", () => this.#seenOrNot());
    addEventListener("pagehide", () => this.#aids.quiet());
  }

  async begin(say) {
    for (const [name, isOn] of Object.entries(this.#aids.settings)) {
      [...this.#screen.parts("setting")].find((box) => box.dataset.setting === name).checked = isOn;
    }
    await this.#draw("heading");
    if (say) {
      this.#screen.net(this.#screen.words(say));
    }
    if (!this.#keeping.isLasting) {
      this.#screen.net(this.#screen.words("noStorage"));
    }
    await this.#keep();
    this.#fetchAll();
  }

  // While there is a connection.
  async #fetchAll() {
    for (const { exercise } of this.#state.items) {
      await this.#exercises.get(exercise);
    }
  }

  get #item() {
    return machine.itemOf(this.#state);
  }

  // ---- what is touched ----

  #clicked(event) {
    const key = event.target.closest("[data-do]");
    if (!key) {
      return;
    }
    const steps = {
      start: () => this.#start(),
      count: () => this.#countOne(),
      pause: () => this.#pause(),
      "go-on": () => this.#start(),
      "set-done": () => this.#setDone(),
      "less-rest": () => this.#changeRest(-15),
      "more-rest": () => this.#changeRest(15),
      fewer: () => this.#correct(key, -1),
      more: () => this.#correct(key, 1),
      "take-back": () => this.#takeBack(key),
      leave: () => this.#leave(),
      skip: () => this.#leave(),
      change: () => this.#go(machine.change(this.#state, key.dataset.exercise), "heading"),
      finish: () => this.#end("finished"),
      end: () => this.#end("ended_early"),
      wrong: () => this.#wrong(),
      "not-wrong": () => this.#go({ ...this.#state, at: this.#before }, "heading"),
      sign: () => this.#end("felt_wrong", key.dataset.sign),
    };
    steps[key.dataset.do]?.();
  }

  #changed(event) {
    const { name, value, dataset, checked } = event.target;
    if (dataset.setting) {
      this.#set(dataset.setting, event.target, checked);
    } else if (name === "counting") {
      this.#countBy(value);
    } else if (name === "pain_during") {
      this.#state = machine.hurts(this.#state, this.#state.at.exercise, Number(value));
      this.#light(Number(value), false);
      this.#keep();
    } else if (name === "worst_pain" || name === "alarming") {
      this.#lightOfForm();
    }
  }

  async #set(name, box, wanted) {
    box.checked = await this.#aids.set(name, wanted);
    if (name === "awake") {
      this.#aids.keepAwake(wanted && WORKING.includes(this.#state.at.stage));
    }
  }

  // ---- a set ----

  #counting = "rhythm";

  get #countsByRhythm() {
    return this.#counting !== "tap" && this.#felt0 === null && !this.#countsBySensor && this.#item !== null && this.#item.pace.length > 0;
  }

  get #countsBySensor() {
    return this.#counting === "sensor" && this.#sensor.isThere && this.#item?.sensor === true;
  }

  async #countBy(who) {
    this.#counting = who;
    if (this.#state.at.stage === "moving") {
      this.#pause();
    }
    this.#sensorSays("");
    if (who !== "sensor") {
      this.#sensor.leave();
    } else if (await this.#sensor.join(this.#state.person)) {
      this.#sensorSays("sensorOn");
    } else if (this.#counting === "sensor") {
      this.#counting = "rhythm";
      this.#screen.choose("counting", "rhythm");
      this.#sensorSays("sensorNone");
    }
  }

  #sensorSays(key) {
    [...this.#screen.parts("says")].find((one) => one.dataset.says === "sensor").textContent = this.#screen.words(key);
  }

  // What the sensor has felt; null when it is gone.
  #felt(reps) {
    const s = this.#screen;
    if (reps === null) {
      const wasOn = this.#felt0 !== null;
      this.#felt0 = null;
      this.#counting = "tap";
      s.choose("counting", "tap");
      this.#sensorSays("sensorGone");
      if (wasOn) {
        s.net(s.words("sensorGone"));
        this.#drawing.stage(this.#state, { isCounted: false });
      }
      return;
    }
    if (reps.away !== undefined) {
      this.#sensorAway(reps.away);
      return;
    }
    if (this.#felt0 === null || this.#state.at.stage !== "moving") {
      return;
    }
    const count = Math.max(this.#tapped, this.#felt0 + reps.n);
    if (count !== this.#state.at.reps) {
      this.#counted(Math.max(0, count));
      this.#aids.say(String(count));
      this.#aids.shake(40);
    }
    s.bar("bar", Math.min(1, count / this.#item.reps));
    const gaps = { s: reps.moving_s, deg: reps.range_deg };
    s.text("felt-line", said(reps.doubt) || (reps.moving_s === null ? "" : s.words(reps.range_deg === null ? "sensorFelt" : "sensorFeltFar", gaps)));
    const hint = said(reps.hint);
    if (hint && s.part("hint").textContent !== hint) {
      s.text("hint", hint);
      s.show("hint", true);
      this.#aids.say(hint);
    }
    if (reps.n > 0 && count >= this.#item.reps) {
      this.#setDone();
    }
  }

  // What it said last is old; it goes on where it was when it is back.
  #sensorAway(isAway) {
    const s = this.#screen;
    this.#sensorSays(isAway ? "sensorAway" : "sensorOn");
    if (this.#felt0 !== null) {
      s.text("felt-line", "");
      s.net(s.words(isAway ? "sensorAway" : "sensorBack"));
    }
  }

  // The sensor's last word on a set: a row of repetitions is looked at again when it is over.
  async #sensorEnds() {
    if (this.#felt0 === null) {
      return;
    }
    const before = this.#felt0;
    this.#felt0 = null;
    const reps = await this.#sensor.finish();
    if (reps !== null && ["moving", "paused"].includes(this.#state.at.stage)) {
      this.#counted(Math.max(this.#tapped, before + reps.n));
    }
  }

  async #start() {
    if (!this.#takeWeight()) {
      return;
    }
    this.#stopClock();
    await this.#go(machine.startSet(this.#state), "key");
    this.#aids.keepAwake(true);
    this.#screen.text("felt-line", "");
    this.#screen.text("hint", "");
    this.#screen.show("hint", false);
    if (this.#counting === "sensor" && !this.#item.sensor) {
      this.#screen.net(this.#screen.words("sensorNotHere"));
    }
    if (this.#countsBySensor) {
      this.#felt0 = this.#state.at.reps;
      this.#tapped = 0;
      this.#sensor.count(this.#item.exercise);
    }
    if (!this.#countsByRhythm) {
      this.#screen.text("phase", "");
      this.#screen.figureRuns();
      return;
    }
    const item = this.#item;
    this.#pacer = new Pacer({
      phases: item.pace,
      target: Math.max(item.reps, this.#state.at.reps + 1),
      reps: this.#state.at.reps,
      on: {
        lead: (seconds) => {
          this.#screen.text("phase", `${this.#screen.words("ready")} ${seconds}`);
          this.#aids.say(seconds === 3 ? this.#screen.words("ready") : "");
        },
        phase: (phase) => this.#phase(phase),
        bar: (phase, share) => this.#bar(phase, share),
        rep: (reps) => this.#counted(reps),
        end: () => this.#setDone(),
      },
    });
    this.#screen.figureStops();
    this.#pacer.start();
  }

  #phase(phase) {
    const words = this.#screen.words(phase.do);
    this.#screen.text("phase", words);
    this.#screen.figureAt(phase);
    this.#aids.say(words);
    this.#aids.shake(phase.do === "back" || phase.do === "out" ? [40, 60, 40] : 60);
  }

  #bar(phase, share) {
    const isBack = phase.do === "back" || phase.do === "out";
    const isStill = phase.do === "hold" || phase.do === "rest";
    this.#screen.bar("bar", phase.do === "rest" ? 0 : isStill ? 1 : isBack ? 1 - share : share);
    if (phase.do === "hold" && phase.s >= 3) {
      this.#screen.text("phase", `${this.#screen.words("hold")} ${Math.ceil(phase.s * (1 - share))}`);
    }
  }

  #counted(reps) {
    this.#state = machine.counted(this.#state, reps);
    this.#screen.text("count", String(reps));
    this.#keep();
  }

  #countOne() {
    if (this.#felt0 !== null && !this.#sensor.isThere) {
      this.#tapped = this.#state.at.reps + 1;
    } else if (this.#felt0 !== null) {
      this.#felt0 += 1;
    }
    this.#counted(this.#state.at.reps + 1);
    this.#aids.shake(40);
    this.#screen.say(String(this.#state.at.reps));
  }

  #pause() {
    this.#stopClock();
    this.#screen.figureStops();
    this.#sensorEnds();
    this.#go(machine.pause(this.#state), "key");
  }

  async #setDone() {
    const isFelt = this.#felt0 !== null && (this.#sensor.isThere || this.#tapped === 0);
    const countedBy = isFelt ? "sensor" : this.#countsByRhythm ? "rhythm" : "tap";
    this.#stopClock();
    await this.#sensorEnds();
    const isOn = () => ["moving", "paused"].includes(this.#state.at.stage);
    await this.#log(() => (isOn() ? machine.setDone(this.#state, { countedBy, nowMs: Date.now() }) : null), "key");
    this.#aids.shake([120, 80, 120]);
    this.#aids.say(this.#drawing.restWords(this.#state));
  }

  // The weight as typed, kept for this exercise; false when it cannot be.
  #takeWeight() {
    if (!this.#item.needsWeight || this.#state.at.stage !== "ready") {
      return true;
    }
    const kg = machine.kilograms(this.#screen.part("weight").value);
    const isWrong = kg === undefined;
    this.#screen.text("weight-says", isWrong ? this.#screen.words("weightWrong") : "");
    this.#screen.part("weight").setAttribute("aria-invalid", String(isWrong));
    if (isWrong) {
      this.#screen.part("weight").focus();
      return false;
    }
    this.#state = machine.weighs(this.#state, kg);
    return true;
  }

  // ---- rest ----

  #changeRest(byS) {
    this.#state = machine.changeRest(this.#state, byS, Date.now());
    this.#drawRest();
    this.#keep();
    this.#restClock();
  }

  #restClock() {
    clearInterval(this.#clock);
    this.#clock = setInterval(() => this.#drawRest(), 250);
    this.#drawRest();
  }

  #drawRest() {
    const { at } = this.#state;
    const leftMs = machine.restLeftMs(this.#state, Date.now());
    this.#screen.text("rest", String(Math.ceil(leftMs / 1000)));
    this.#screen.bar("rest-bar", at.restS ? leftMs / (at.restS * 1000) : 0);
    const isOver = leftMs === 0;
    this.#screen.text("start-next", this.#screen.words(isOver ? "startSet" : "startSetNow", { n: at.set }));
    if (isOver && this.#clock !== null) {
      clearInterval(this.#clock);
      this.#clock = null;
      const words = `${this.#screen.words("restOver")} ${this.#drawing.nextWords(this.#state)}`;
      this.#screen.text("rest-words", this.#screen.words("restOver"));
      this.#screen.say(words);
      this.#aids.say(words);
      this.#aids.shake([200, 100, 200]);
      this.#aids.tell(this.#screen.words("restOver"));
    }
  }

  // ---- corrections ----

  async #correct(key, by) {
    const { exercise, number } = key.dataset;
    await this.#log(() => machine.correctSet(this.#state, exercise, Number(number), by), null);
    const { reps } = this.#state.done[exercise][number];
    this.#screen.say(this.#screen.words("corrected", { n: number, reps }));
    this.#focusKey(key.dataset.do, number);
  }

  async #takeBack(key) {
    const { exercise, number } = key.dataset;
    this.#stopClock();
    await this.#log(() => machine.takeBackSet(this.#state, exercise, Number(number)), "key");
    this.#screen.say(this.#screen.words("tookBack", { n: number }));
  }

  #focusKey(what, number) {
    [...this.#screen.parts("do")].find((key) => key.dataset.do === what && key.dataset.number === number)?.focus();
  }

  // ---- how it felt ----

  #leave() {
    this.#stopClock();
    this.#sensorEnds();
    this.#go(machine.leaveExercise(this.#state), "heading");
  }

  async #submitted(event) {
    event.preventDefault();
    const form = event.target;
    const number = (name) => (chosen(form, name) === null ? null : Number(chosen(form, name)));
    const told = {
      worstPain: number("worst_pain"),
      alarming: chosen(form, "alarming") === "yes",
      effort: number("effort"),
      formOk: { yes: true, no: false }[chosen(form, "form_ok")] ?? null,
    };
    const { exercise } = this.#state.at;
    const isOn = () => this.#state.at.stage === "felt" && this.#state.at.exercise === exercise;
    await this.#log(() => (isOn() ? machine.felt(this.#state, exercise, told) : null), "heading");
  }

  #lightOfForm() {
    const form = this.#screen.part("felt");
    const worst = chosen(form, "worst_pain");
    this.#light(worst === null ? null : Number(worst), chosen(form, "alarming") === "yes");
    this.#screen.show("leave-asked", false);
  }

  #light(pain, alarming) {
    this.#screen.light(machine.lightOf(this.#state, pain, alarming));
  }

  // ---- the end ----

  #wrong() {
    this.#stopClock();
    this.#sensorEnds();
    this.#screen.figureStops();
    const { at } = this.#state;
    this.#before = at.stage === "moving" ? machine.pause(this.#state).at : at;
    this.#state = { ...this.#state, at: this.#before };
    this.#keep();
    this.#screen.stage("wrong", { heading: this.#screen.words("wrong"), focus: "heading" });
    this.#screen.progress(null);
    this.#screen.show("written", false);
  }

  async #end(how, sign = null) {
    this.#stopClock();
    await this.#log(() => (this.#state.over ? null : machine.end(this.#state, how, sign)), "heading");
    this.#aids.keepAwake(false);
    this.#aids.quiet();
    this.#sensor.leave();
  }

  // ---- writing down ----

  // Kept first, shown then: what is on the screen as done would survive a crash. One thing after the other: a key that
  // is struck twice finds the first stroke done. step() gives [state after, draft], or null when it has no place any more.
  #log(step, focus) {
    this.#writing = this.#writing.catch(() => {}).then(async () => {
      const [after, draft] = step() ?? [];
      if (!draft) {
        return;
      }
      this.#notes = [];
      const { person, day } = this.#state;
      const stateAfter = (id) => machine.named(after, draft, id);
      const entry = await this.#keeping.add({ person, day, ...draft }, stateAfter);
      await this.#go(stateAfter(entry.id), focus);
    });
    return this.#writing;
  }

  async #go(state, focus) {
    this.#state = state;
    await this.#draw(focus);
    this.#keep(); // goes on beside: nobody waits for it to be able to move
  }

  #keep() {
    return this.#keeping.keepState(this.#state.session, this.#state, { isOpen: this.#state.over === null });
  }

  // What the server said to what was sent.
  told(what, details) {
    if (what !== "sent") {
      this.#isCut = what !== "noStorage";
      this.#sayNet(this.#screen.words(what));
      this.#drawOver();
      return;
    }
    const { refused, elsewhere } = details;
    const said = [
      ...refused.map(({ message }) => this.#screen.words("refused", { message })),
      ...elsewhere.map(({ data }) => this.#screen.words(data.number ? "elsewhere" : "elsewhereToo", { n: data.number })),
    ];
    this.#notes.push(...said);
    if (this.#isCut || said.length > 0) {
      this.#sayNet(this.#isCut ? this.#screen.words("sent") : "");
    }
    this.#isCut = false;
    this.#drawOver();
    if (this.#state.over && this.#state.over.how !== "felt_wrong") {
      this.#keeping.forgetState(); // What to do about a stop sign stays here, also without a connection.
    }
    this.#planNow(details.plan);
  }

  #isCut = false;
  #notes = []; // What the server said since something was last written down; a connection lost since hides none of it.

  #sayNet(line) {
    this.#screen.net([line, ...this.#notes].filter(Boolean).join(" "));
  }

  // A plan that is not open any more stops the session: somebody told a warning sign, or a new check has begun.
  #planNow(plan) {
    if (!plan || this.#state.over) {
      return;
    }
    if (plan.id === null) {
      this.#stopClock();
      this.#screen.text("waits-words", plan.message);
      this.#screen.stage("waits", { heading: this.#screen.words("planWaits"), focus: "heading" });
      this.#screen.progress(null);
      this.#screen.show("written", false);
      this.#aids.keepAwake(false);
    } else if (plan.id !== this.#state.plan) {
      this.#notes = [...new Set([...this.#notes, this.#screen.words("planChanged")])];
      this.#sayNet("");
    }
  }

  // ---- drawing ----

  async #draw(focus) {
    const { at } = this.#state;
    const item = this.#item;
    const s = this.#screen;
    if (item && WORKING.includes(at.stage)) {
      await this.#drawExercise(item.exercise);
      s.progress(this.#state.items.indexOf(item) + 1, this.#state.items.length);
    } else {
      s.progress(null);
    }
    s.light(null);
    this.#drawing.stage(this.#state, { isCounted: this.#countsByRhythm });
    if (at.stage === "rest") {
      this.#restClock();
    } else if (at.stage === "felt") {
      this.#lightOfForm();
    } else if (at.stage === "over") {
      this.#drawOver();
    }
    s.stage(at.stage, { heading: this.#drawing.heading(this.#state), focus });
  }

  async #drawOver() {
    if (this.#state.over && this.#state.at.stage === "over") {
      const waits = (await this.#keeping.waiting(this.#state.person)).length > 0;
      this.#screen.part("change-link").href = `/training/${this.#state.session}/change/`;
      this.#screen.text("over-words", this.#screen.words(waits ? "savedHere" : "savedThere"));
    }
  }

  #stopClock() {
    this.#pacer?.stop();
    this.#pacer = null;
    clearInterval(this.#clock);
    this.#clock = null;
    this.#aids.quiet();
  }

  // Nobody counts for somebody who does not look: the set waits where it was.
  #seenOrNot() {
    if (document.visibilityState === "hidden" && this.#state.at.stage === "moving" && this.#pacer) {
      this.#pause();
    }
  }

  // ---- figures ----

  async #drawExercise(exercise) {
    if (this.#shown === exercise) {
      return;
    }
    const html = await this.#exercises.get(exercise);
    this.#screen.exercise(html);
    this.#shown = html === null ? null : exercise;
  }
}

async function start() {
  const words = readJson("player-words");
  const data = readJson("training-data");
  const session = data?.session ?? /^\/training\/([0-9a-f]{32})\//.exec(location.pathname)?.[1] ?? null;
  let player = null;
  const keeping = await Keeping.open((what, details) => player?.told(what, details));
  const saved = session === null ? null : await keeping.state(session);
  const drawn = document.querySelector("[data-plain] [data-exercise]");
  const came = drawn && { exercise: drawn.dataset.exercise, html: drawn.innerHTML };
  const screen = new Screen(words);
  if (data === null && saved === null) {
    screen.stage("none", { heading: screen.words("notHere"), focus: null });
    screen.progress(null);
    await keeping.sendForWhoeverIsHere().catch(() => {});
    return;
  }
  const waiting = await keeping.waiting((data ?? saved).person);
  const { state, say } = machine.begin(data, saved, waiting, Date.now());
  const exercises = new Exercises(state.session);
  if (came) {
    exercises.know(came.exercise, came.html);
  }
  player = new Player(screen, keeping, new Aids((name, isThere) => aidSays(screen, name, isThere)), exercises, state);
  await player.begin(say);
  await keeping.watch(state.person);
}

const AID_WORDS = { voice: "noVoice", shake: "noShake", tell: "noTell", awake: "noAwake" };

function aidSays(screen, name, isThere) {
  const line = [...screen.parts("says")].find((one) => one.dataset.says === name);
  line.textContent = isThere ? "" : screen.words(AID_WORDS[name]);
}

await start();
document.documentElement.dataset.session = "ready";
