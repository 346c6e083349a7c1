// Opens Pluggy's Connect widget: loads its script, asks the server for a token when the person presses the button, and
// hands the server the item's id. It never decides whether a bank is connected; the server asks Pluggy itself.
//
// <section data-connect data-state="idle"> holds everything. Its state is idle, loading, connecting, connected or error;
// the texts come from the server, in the person's language.

const OVERLAP_MS = 400;

/** What went wrong, in words for the person, and as a code for the figures. */
export class ConnectError extends Error {
  constructor(text, code, detail = "") {
    super(text);
    this.code = code;
    this.detail = detail;
  }
}

/** Loads the widget's script once. Rejects with NETWORK, TIMEOUT or NO_GLOBAL; then it can be tried again. */
export class WidgetScript {
  constructor(url, timeout) {
    Object.assign(this, { url, timeout, loading: null });
  }

  load() {
    this.loading ??= this.#load().catch((error) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  async #load() {
    if (window.PluggyConnect) return 0;
    const started = performance.now();
    const script = Object.assign(document.createElement("script"), { src: this.url, async: true });
    try {
      await new Promise((resolve, reject) => {
        script.addEventListener("load", resolve);
        script.addEventListener("error", () => reject(new Error("NETWORK")));
        setTimeout(() => reject(new Error("TIMEOUT")), this.timeout);
        document.head.append(script);
      });
      if (!window.PluggyConnect) throw new Error("NO_GLOBAL");
    } catch (error) {
      script.remove();
      error.milliseconds = Math.round(performance.now() - started);
      throw error;
    }
    return Math.round(performance.now() - started);
  }
}

/** One place from which a bank is connected or repaired. */
export class ConnectPage {
  constructor(root) {
    this.root = root;
    this.texts = JSON.parse(root.dataset.texts);
    this.options = JSON.parse(root.dataset.options);
    this.form = root.querySelector("[data-connect-finish]");
    this.button = root.querySelector("[data-connect-open]");
    this.label = this.button.querySelector("[data-connect-label]");
    this.texts.open = this.label.textContent;
    this.status = root.querySelector("[data-connect-status]");
    this.alert = root.querySelector("[data-connect-alert]");
    this.script = new WidgetScript(root.dataset.sdkUrl, Number(root.dataset.sdkTimeout));
    this.session = null;
    this.button.addEventListener("click", () => this.open());
    this.button.hidden = false;
  }

  get csrf() {
    return this.form.elements.csrfmiddlewaretoken.value;
  }

  /** From the press of the button to the open widget. */
  async open() {
    if (["loading", "connecting"].includes(this.root.dataset.state)) return;
    const session = { item: "", application: "", over: false, widget: null, told: false };
    this.session = session;
    this.show("loading", this.texts.loading);
    try {
      await this.loadSDK();
      let token = await this.token(session);
      await this.begin(session, token);
      token = "";
    } catch (error) {
      if (session === this.session && !session.over) this.handleError(error);
    }
  }

  async loadSDK() {
    try {
      const milliseconds = await this.script.load();
      if (milliseconds) this.report("sdk_loaded", "", milliseconds);
    } catch (error) {
      this.report("sdk_failed", error.message, error.milliseconds);
      throw new ConnectError(this.texts.sdk, "SDK");
    }
  }

  /** The connect token, which is made now and kept nowhere. */
  async token(session) {
    let answer, found;
    try {
      answer = await this.post(this.root.dataset.tokenUrl, {});
      found = await answer.json();
    } catch {
      throw new ConnectError(this.texts.api, "API");
    }
    if (!answer.ok) throw new ConnectError(found.error || this.texts.api, found.error_code || "API", this.detailOf(found));
    session.application = found.application;
    return found.token;
  }

  detailOf(found) {
    const missing = found.details?.missing;
    return missing ? missing.join(", ") : "";
  }

  async begin(session, connectToken) {
    this.show("connecting", this.texts.connecting);
    const on = (handle) => (value) => {
      if (session === this.session && !session.over) handle(value);
    };
    try {
      session.widget = new window.PluggyConnect({
        ...this.options,
        connectToken,
        language: document.documentElement.lang.slice(0, 2),
        theme: this.theme(),
        onOpen: on(() => this.opened(session)),
        onEvent: on((event) => this.happened(session, event)),
        onSuccess: on((data) => this.succeeded(session, data)),
        onError: on((error) => this.failed(session, error)),
        onHide: on(() => this.left(session)),
        onClose: on(() => this.left(session)),
      });
      await session.widget.init();
    } catch {
      this.report("failed", "INIT");
      throw new ConnectError(this.texts.widget, "INIT");
    }
  }

  theme() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "dark" || chosen === "light") return chosen;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  /* --- what the widget says --- */

  opened(session) {
    if (session.opened) return;
    session.opened = true;
    this.report("opened");
  }

  /** The first event with an item tells the server, so that a closed tab loses nothing. */
  happened(session, event) {
    this.remember(session, event?.item?.id);
    if (!session.item || session.told) return;
    session.told = true;
    this.post(this.form.action, { item: session.item, application: session.application }).catch(() => {
      session.told = false;
    });
  }

  remember(session, item) {
    if (typeof item === "string" && item) session.item = item;
  }

  succeeded(session, data) {
    this.remember(session, data?.item?.id);
    this.report("succeeded");
    this.finish(session);
  }

  /** The widget shows the error itself and may offer another try, so it stays open. */
  failed(session, error) {
    this.remember(session, error?.data?.item?.id);
    session.error = error?.data?.item?.error?.code || error?.code || "OTHER";
    this.report("failed", session.error);
    this.say(this.alert, session.item ? "" : this.texts.widget);
  }

  /** Closed or minimised. With an item the progress page says how it went; without one nothing has happened. */
  left(session) {
    this.report("closed");
    if (session.item) {
      this.finish(session);
      return;
    }
    session.over = true;
    if (session.error) this.handleError(new ConnectError(this.texts.widget, session.error));
    else this.show("idle", this.texts.closed);
  }

  /** Sends the person to the progress of the item, once. */
  finish(session) {
    if (session.over) return;
    session.over = true;
    this.show("connected", this.texts.connected);
    this.fill({ item: session.item, application: session.application, reason: session.error ?? "" });
    // The widget's own last call may still be on its way.
    setTimeout(() => {
      Promise.resolve(session.widget?.destroy?.()).catch(() => {});
      this.form.submit();
    }, OVERLAP_MS);
  }

  /** `form.elements.item` would be a method of the collection. */
  fill(values) {
    for (const [name, value] of Object.entries(values)) this.form.querySelector(`[name="${name}"]`).value = value;
  }

  /* --- what the page says --- */

  handleError(error) {
    const known = error instanceof ConnectError;
    this.show("error", "");
    this.say(this.alert, known ? error.message : this.texts.widget, known ? error.detail : "");
    this.button.focus();
  }

  show(state, text) {
    this.root.dataset.state = state;
    const busy = ["loading", "connecting", "connected"].includes(state);
    this.button.disabled = busy;
    this.label.textContent = state === "error" ? this.texts.again : this.texts.open;
    this.root.setAttribute("aria-busy", String(state === "loading"));
    this.say(this.status, text);
    if (state !== "error") this.say(this.alert, "");
  }

  say(place, text, detail = "") {
    place.querySelector("[data-text]").textContent = text;
    const more = place.querySelector("[data-detail]");
    if (more) more.textContent = detail;
    place.hidden = !text;
  }

  /* --- the server --- */

  post(url, values) {
    return fetch(url, {
      method: "POST",
      body: new URLSearchParams(values),
      headers: { Accept: "application/json", "X-CSRFToken": this.csrf },
      keepalive: true,
    });
  }

  /** Counts what happened, without a word about whom. A code that the server does not know is counted as OTHER. */
  async report(kind, code = "", ms = 0) {
    const send = (body) =>
      fetch(this.root.dataset.reportUrl, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        keepalive: true,
      });
    try {
      const answer = await send({ kind, code, ms });
      if (answer.status === 400 && kind === "failed" && code !== "OTHER") await send({ kind, code: "OTHER", ms });
    } catch {
      // A lost figure is no reason to disturb the person.
    }
  }
}

for (const root of document.querySelectorAll("[data-connect]")) new ConnectPage(root);
