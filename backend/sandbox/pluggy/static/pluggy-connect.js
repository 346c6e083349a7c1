/* window.PluggyConnect of the Pluggy emulator: a loader, as Pluggy's own script is one.
   It opens the page /connect/ of the emulator that served it in an iframe and passes messages: the props go in, the
   callbacks come out. Like the real one it writes one inline <style> without a nonce, so that the policy of the page
   around it is tried as well. */
(() => {
  'use strict';
  const HOME = new URL(document.currentScript.src).origin;
  const RENDER_MS = 20000;
  const CALLBACKS = ['onSuccess', 'onError', 'onOpen', 'onClose', 'onHide', 'onEvent'];

  const STYLE = `
    .pluggy-connect { position: fixed; inset: 0; z-index: 5000000; display: flex; align-items: center;
      justify-content: center; background: rgb(0 0 0 / .7) }
    .pluggy-connect[hidden] { display: none }
    .pluggy-connect iframe { width: 380px; max-width: 100%; height: 640px; max-height: 100%; border: 0;
      border-radius: 10px; background: #fff; box-shadow: 0 4px 24px rgb(0 0 0 / .5) }
    .pluggy-connect.dark iframe { background: #121212 }
    .pluggy-connect-open { overflow: hidden }
    @media (max-width: 500px) { .pluggy-connect.full iframe { width: 100%; height: 100%; border-radius: 0; box-shadow: none } }`;

  class PluggyConnect {
    constructor(props = {}) {
      this.calls = Object.fromEntries(CALLBACKS.map(name => [name, props[name]]));
      this.props = Object.fromEntries(Object.entries(props).filter(([, value]) => typeof value !== 'function'));
      this.frame = null;
    }

    /* Resolves when the widget shows, rejects if it did not load. onOpen comes first, as the frame appears. */
    async init(container) {
      this._build(container || document.body);
      this._call('onOpen');
      try {
        await this._rendered();
      } catch (error) {
        this._remove();
        throw error;
      }
      if (this.frame) this.frame.focus();
    }

    async show() { this._visible(true); }

    async hide() { this._visible(false); }

    async destroy() {
      if (!this.frame) throw new Error('PluggyConnect was not initialized');
      this._close();
    }

    /* ---- the frame ---- */

    _build(container) {
      const style = document.createElement('style');
      style.textContent = STYLE;
      this.frame = document.createElement('iframe');
      this.frame.title = 'Pluggy';
      this.frame.src = `${HOME}/connect/?embedder=${encodeURIComponent(location.origin)}`;
      this.box = document.createElement('div');
      this.box.className = ['pluggy-connect', this.props.theme === 'dark' && 'dark', this.props.allowFullscreen !== false && 'full']
        .filter(Boolean).join(' ');
      this.box.setAttribute('role', 'dialog');
      this.box.setAttribute('aria-modal', 'true');
      this.box.setAttribute('aria-label', 'Pluggy Connect');
      this.box.append(style, this.frame);
      this.before = document.activeElement;
      this._onMessage = event => this._hear(event);
      this._onKey = event => { if (event.key === 'Escape') this._close(); };
      window.addEventListener('message', this._onMessage);
      document.addEventListener('keydown', this._onKey);
      container.append(this.box);
      document.body.classList.add('pluggy-connect-open');
    }

    _rendered() {
      return new Promise((resolve, reject) => {
        this._ready = resolve;
        this.frame.addEventListener('error', () => reject(new Error('The widget did not load')));
        this._late = setTimeout(() => reject(new Error('The widget did not load in time')), RENDER_MS);
      }).finally(() => clearTimeout(this._late));
    }

    _visible(yes) {
      if (!this.frame) throw new Error('PluggyConnect was not initialized');
      this.box.hidden = !yes;
      document.body.classList.toggle('pluggy-connect-open', yes);
      if (yes) this.frame.focus();
    }

    _hear(event) {
      if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== HOME) return;
      const { kind, name, argument } = event.data || {};
      if (kind === 'ready') this._begin();
      if (kind === 'call' && CALLBACKS.includes(name)) this._call(name, argument);
      if (kind === 'close') this._close();
      if (kind === 'hide') { this._visible(false); this._call('onHide'); }
    }

    _begin() {
      this.frame.contentWindow.postMessage({ kind: 'props', props: this.props }, HOME);
      this._ready();
    }

    /* onClose happens once for each init, also after a success. */
    _close() {
      if (!this.frame) return;
      this._remove();
      this._call('onClose');
    }

    _remove() {
      window.removeEventListener('message', this._onMessage);
      document.removeEventListener('keydown', this._onKey);
      document.body.classList.remove('pluggy-connect-open');
      this.box.remove();
      this.frame = null;
      if (this.before instanceof HTMLElement) this.before.focus();
    }

    _call(name, ...rest) { if (this.calls[name]) this.calls[name](...rest); }
  }

  window.PluggyConnect = PluggyConnect;
})();
