// Looks on while this person's sensor is worn on another page or another device. Nothing can be asked for.

import { Listening, ticket } from "/static/js/session/listening.js";

const SOCKET = "/live/view/socket/";

export class Watch {
  #view;
  #line;

  constructor(view) {
    this.#view = view;
    this.#line = new Listening(SOCKET, () => this.#enter(), (told) => this.#hear(told));
  }

  end() {
    this.#line.close();
    this.#view.watch(false);
    this.#view.clinicians([]);
  }

  async #enter() {
    const found = await ticket(this.#view.data.ticket, this.#view.token);
    return { ticket: found.ticket };
  }

  get #looks() {
    return ["live", "elsewhere"].includes(this.#view.stage);
  }

  #hear(told) {
    const view = this.#view;
    if (told === null || told.stopped) {
      // A page on which nothing was shown yet can still be begun with.
      const looked = this.#looks;
      this.end();
      if (looked) {
        view.fail(told?.stopped ?? view.words.closed);
      }
      return;
    }
    if (told.running) {
      view.watch(true);
      view.show(told.is_aligned ? "live" : "elsewhere");
    }
    if (told.running === false) {
      view.hear({ off: true });
    }
    if (told.over && this.#looks) {
      view.watch(false);
      view.show("done");
    }
    if (view.stage === "elsewhere" && told.not_aligned) {
      return;
    }
    if (told.running === undefined && told.over === undefined) {
      view.hear(told);
    }
  }
}
