/* window.PluggyConnect of the Pluggy emulator: the constructor, methods and callbacks of Pluggy's own script.
   It talks to the emulator that served it, with the connect token as X-API-KEY. */
(() => {
  'use strict';
  const API = new URL(document.currentScript.src).origin;
  const FINAL = ['UPDATED', 'OUTDATED', 'LOGIN_ERROR'];
  const POLL_MS = 600;

  const TEXTS = {
    pt: {
      title: 'Conectar sua conta', choose: 'Escolha a instituição', search: 'Buscar instituição', next: 'Continuar',
      back: 'Voltar', close: 'Fechar', working: 'Conectando…', done: 'Conta conectada', failed: 'Não foi possível conectar',
      again: 'Tentar de novo', code: 'Mais um passo', bank: 'Autorizar no banco', bankHint: 'A página do banco abre em outra janela. Volte aqui depois.',
      loading: 'Carregando…', none: 'Nenhuma instituição encontrada', partial: 'Conectada, mas alguns dados não vieram', noToken: 'Falta o connectToken',
    },
    en: {
      title: 'Connect your account', choose: 'Choose the institution', search: 'Search institutions', next: 'Continue',
      back: 'Back', close: 'Close', working: 'Connecting…', done: 'Account connected', failed: 'Could not connect',
      again: 'Try again', code: 'One more step', bank: 'Authorise at the bank', bankHint: 'The bank opens in another window. Come back here afterwards.',
      loading: 'Loading…', none: 'No institution found', partial: 'Connected, but some data is missing', noToken: 'connectToken is missing',
    },
    es: {
      title: 'Conectar tu cuenta', choose: 'Elige la institución', search: 'Buscar institución', next: 'Continuar',
      back: 'Volver', close: 'Cerrar', working: 'Conectando…', done: 'Cuenta conectada', failed: 'No se pudo conectar',
      again: 'Intentar de nuevo', code: 'Un paso más', bank: 'Autorizar en el banco', bankHint: 'El banco se abre en otra ventana. Vuelve aquí después.',
      loading: 'Cargando…', none: 'Ninguna institución encontrada', partial: 'Conectada, pero faltan algunos datos', noToken: 'Falta connectToken',
    },
  };

  const PROGRESS = {
    pt: { LOGIN_IN_PROGRESS: 'Entrando no banco…', LOGIN_MFA_IN_PROGRESS: 'Conferindo o código…', ACCOUNTS_IN_PROGRESS: 'Lendo as contas…', CREDITCARDS_IN_PROGRESS: 'Lendo os cartões…', TRANSACTIONS_IN_PROGRESS: 'Lendo as transações…', INVESTMENTS_IN_PROGRESS: 'Lendo os investimentos…', LOANS_IN_PROGRESS: 'Lendo os empréstimos…' },
    en: { LOGIN_IN_PROGRESS: 'Signing in…', LOGIN_MFA_IN_PROGRESS: 'Checking the code…', ACCOUNTS_IN_PROGRESS: 'Reading accounts…', CREDITCARDS_IN_PROGRESS: 'Reading cards…', TRANSACTIONS_IN_PROGRESS: 'Reading transactions…', INVESTMENTS_IN_PROGRESS: 'Reading investments…', LOANS_IN_PROGRESS: 'Reading loans…' },
    es: { LOGIN_IN_PROGRESS: 'Entrando en el banco…', LOGIN_MFA_IN_PROGRESS: 'Comprobando el código…', ACCOUNTS_IN_PROGRESS: 'Leyendo las cuentas…', CREDITCARDS_IN_PROGRESS: 'Leyendo las tarjetas…', TRANSACTIONS_IN_PROGRESS: 'Leyendo los movimientos…', INVESTMENTS_IN_PROGRESS: 'Leyendo las inversiones…', LOANS_IN_PROGRESS: 'Leyendo los préstamos…' },
  };

  const STYLE = `
    :host { all: initial }
    dialog { font: 16px/1.5 system-ui, sans-serif; color: #17202c; background: #fff; border: 0; border-radius: 14px; padding: 0;
      width: min(26rem, 94vw); max-height: 90vh; box-shadow: 0 10px 50px #0005 }
    dialog::backdrop { background: #0b1220a6 }
    dialog.dark { color: #eef2f8; background: #18202c }
    header { display: flex; align-items: center; gap: .5rem; padding: 1rem 1.25rem; border-bottom: 1px solid #8a94a640 }
    h2 { font-size: 1.1rem; margin: 0; flex: 1 }
    main { padding: 1.25rem; overflow: auto }
    button, input, select { font: inherit; color: inherit }
    button { padding: .6rem 1.1rem; border-radius: 8px; border: 1px solid #8a94a6; background: none; cursor: pointer }
    button.main { background: #1f6feb; border-color: #1f6feb; color: #fff }
    button.link { border: 0; padding: .25rem .5rem }
    button:disabled { opacity: .6; cursor: progress }
    label { display: block; margin: .9rem 0 .25rem }
    input, select { width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid #8a94a6; border-radius: 8px; background: none }
    select option { color: #17202c }
    ul { list-style: none; margin: .75rem 0 0; padding: 0; max-height: 45vh; overflow: auto }
    li button { width: 100%; text-align: left; border: 0; border-radius: 8px; padding: .65rem }
    li button:hover { background: #1f6feb1f }
    img { max-width: 100%; background: #fff }
    .hint { font-size: .875rem; opacity: .8; margin: .25rem 0 0 }
    .error { color: #b42318; font-weight: 600 } .dark .error { color: #ff9d94 }
    .row { display: flex; gap: .5rem; margin-top: 1.25rem; flex-wrap: wrap }
    progress { width: 100% }
    :focus-visible { outline: 3px solid #f2a900; outline-offset: 2px }`;

  class ApiFailure extends Error {
    constructor(body) { super(body.message || 'request failed'); this.body = body; }
  }

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === 'function') node.addEventListener(name, value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.filter(child => child != null));
    return node;
  }

  class PluggyConnect {
    constructor(options = {}) {
      this.options = options;
      this.language = TEXTS[options.language] ? options.language : 'pt';
      this.texts = TEXTS[this.language];
      this.item = null;
      this.connector = null;
      this.finished = false;
      this.round = 0;
    }

    async init(container) {
      if (!this.options.connectToken) {
        this._fail({ message: this.texts.noToken });
        return;
      }
      this._build(container || document.body);
      this.dialog.showModal();
      this._call('onOpen');
      await this._begin();
    }

    async show() { if (this.dialog && !this.dialog.open) this.dialog.showModal(); }

    async hide() {
      if (this.dialog && this.dialog.open) this.dialog.close();
      this._call('onHide');
    }

    async destroy() {
      this.round++;
      if (this.dialog && this.dialog.open) this.dialog.close();
      if (this.host) this.host.remove();
      this.host = this.dialog = null;
    }

    /* ---- the frame ---- */

    _build(container) {
      this.host = element('div', { 'data-pluggy-connect': true });
      const root = this.host.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.heading = element('h2', { id: 'title' }, this.texts.title);
      this.body = element('main');
      this.live = element('p', { role: 'status', 'aria-live': 'polite' });
      const close = element('button', { type: 'button', class: 'link', 'aria-label': this.texts.close, click: () => this._leave() }, '✕');
      this.dialog = element('dialog', { 'aria-labelledby': 'title', lang: this.language, class: this.options.theme === 'dark' ? 'dark' : '' },
        element('header', {}, this.heading, close), this.body);
      this.dialog.addEventListener('cancel', event => { event.preventDefault(); this._leave(); });
      root.append(this.dialog);
      container.append(this.host);
    }

    _leave() {
      if (this.options.allowConnectInBackground && this.item && !this.finished) { this.hide(); return; }
      this.destroy();
      this._call('onClose');
    }

    _show(title, ...nodes) {
      if (!this.dialog) return;
      this.heading.textContent = title;
      this.body.replaceChildren(...nodes.filter(node => node != null));
      const first = this.body.querySelector('input:not([type=hidden]),select,button.main,button');
      if (first) first.focus();
    }

    /* ---- steps ---- */

    async _begin() {
      this._show(this.texts.title, element('p', { role: 'status' }, this.texts.loading));
      try {
        if (this.options.updateItem) await this._beginUpdate();
        else if (this.options.selectedConnectorId != null) this._choose(await this._get(`/connectors/${this.options.selectedConnectorId}`));
        else await this._listConnectors();
      } catch (error) { this._broken(error); }
    }

    async _beginUpdate() {
      const item = await this._get(`/items/${this.options.updateItem}`);
      this.connector = item.connector;
      if (item.status === 'WAITING_USER_INPUT' || item.status === 'UPDATING') { await this._follow(item); return; }
      this._form(item.connector);
    }

    async _listConnectors() {
      const { results } = await this._get(`/connectors?${this._filter()}`);
      const wanted = this.options.connectorIds;
      const found = wanted ? results.filter(one => wanted.includes(one.id)) : results;
      if (this.options.connectorSortAlphabetically) found.sort((a, b) => a.name.localeCompare(b.name));
      const list = element('ul');
      const fill = text => {
        const shown = found.filter(one => one.name.toLowerCase().includes(text.toLowerCase()));
        list.replaceChildren(...shown.map(one => element('li', {}, element('button', { type: 'button', click: () => this._choose(one) }, one.name))));
        this.live.textContent = shown.length ? '' : this.texts.none;
      };
      const search = element('input', { id: 'search', type: 'search', autocomplete: 'off', input: () => fill(search.value) });
      this._show(this.texts.choose, element('label', { for: 'search' }, this.texts.search), search, list, this.live);
      fill('');
    }

    _filter() {
      const query = new URLSearchParams({ sandbox: String(Boolean(this.options.includeSandbox)) });
      if (this.options.connectorTypes) query.set('types', this.options.connectorTypes.join(','));
      if (this.options.countries) query.set('countries', this.options.countries.join(','));
      return query;
    }

    _choose(connector) {
      this.connector = connector;
      this._event('SELECTED_INSTITUTION', { connector });
      this._form(connector);
    }

    _form(connector, problem, details = [], typed = {}) {
      const form = element('form', { submit: event => { event.preventDefault(); this._submit(form); } });
      for (const field of connector.credentials) {
        const wrong = details.find(one => one.parameter === field.name);
        form.append(...this._field(field, wrong && wrong.message, typed[field.name]));
      }
      if (problem) form.prepend(element('p', { class: 'error', role: 'alert' }, problem));
      const back = this.options.updateItem || this.options.selectedConnectorId != null ? null
        : element('button', { type: 'button', click: () => { this._event('SELECTED_INSTITUTION', { connector: null }); this._listConnectors(); } }, this.texts.back);
      form.append(element('div', { class: 'row' }, element('button', { class: 'main' }, this.texts.next), back));
      this._show(connector.name, form);
    }

    _field(field, problem, typed) {
      const id = `field-${field.name}`;
      const hints = [field.assistiveText, field.instructions].filter(Boolean).join(' ');
      const label = element('label', { for: id }, field.label);
      const shared = { id, name: field.name, required: !field.optional, 'aria-invalid': Boolean(problem), 'aria-describedby': `${id}-hint` };
      const note = element('p', { id: `${id}-hint`, class: problem ? 'error' : 'hint' }, problem || hints);
      const picture = field.type === 'image' && /^data:image\//.test(field.data || '') ? element('img', { src: field.data, alt: field.label }) : null;
      return [label, picture, field.options ? this._select(field, shared) : this._input(field, shared, typed), note].filter(Boolean);
    }

    _select(field, shared) {
      return element('select', shared, ...field.options.map(one => element('option', { value: one.value }, one.label)));
    }

    _input(field, shared, typed) {
      const kind = field.type === 'password' ? 'password' : 'text';
      const given = { ...this.options.openFinanceParameters, ...(typed && kind === 'text' && { [field.name]: typed }) };
      return element('input', { ...shared, type: kind, placeholder: field.placeholder || false, value: given[field.name] || false,
        inputmode: field.type === 'number' ? 'numeric' : false, autocomplete: field.mfa ? 'one-time-code' : 'off' });
    }

    async _submit(form) {
      const parameters = Object.fromEntries(new FormData(form));
      this._event('SUBMITTED_LOGIN');
      this._progress();
      try {
        const item = this.options.updateItem
          ? await this._send('PATCH', `/items/${this.options.updateItem}`, { parameters })
          : await this._send('POST', '/items', { connectorId: this.connector.id, parameters, products: this.options.products });
        await this._follow(item);
      } catch (error) {
        if (error instanceof ApiFailure && error.body.details) this._form(this.connector, error.message, error.body.details, parameters);
        else this._broken(error);
      }
    }

    _progress(item) {
      const names = PROGRESS[this.language];
      const text = (item && names[item.executionStatus]) || this.texts.working;
      if (this.body && this.body.contains(this.live) && this.body.querySelector('progress')) { this.live.textContent = text; return; }
      this.live.textContent = text;
      this._show(this.connector ? this.connector.name : this.texts.title, this.live, element('progress', { 'aria-label': text }));
    }

    /* ---- following the item ---- */

    async _follow(item) {
      const round = ++this.round;
      let asked = '';
      let loggedIn = false;
      while (round === this.round) {
        this.item = item;
        this._event('ITEM_RESPONSE', { item });
        if (FINAL.includes(item.status)) { this._end(item); return; }
        const question = item.parameter ? item.parameter.name + item.parameter.expiresAt : item.userAction ? 'action' : '';
        if (question && question !== asked) this._ask(item);
        else if (!question) this._progress(item);
        if (!loggedIn && /^(ACCOUNTS|INVESTMENTS|CREDITCARDS)_IN_PROGRESS$/.test(item.executionStatus)) { loggedIn = true; this._event('LOGIN_SUCCESS', { item }); }
        asked = question;
        await new Promise(done => setTimeout(done, POLL_MS));
        if (round !== this.round) return;
        item = await this._get(`/items/${item.id}`);
      }
    }

    _ask(item) {
      this._event('LOGIN_STEP_COMPLETED', { item });
      if (item.userAction) this._show(this.texts.code, element('p', {}, item.userAction.instructions), element('progress'));
      else if (item.parameter.name === 'oauth_code' || item.parameter.type === 'oauth') this._askBank(item);
      else this._askCode(item);
    }

    _askBank(item) {
      const url = new URL(item.parameter.data);
      if (!['https:', 'http:'].includes(url.protocol)) { this._fail({ message: this.texts.failed, data: { item } }); return; }
      const go = element('button', { type: 'button', class: 'main', click: () => { this._event('SUBMITTED_CONSENT'); window.open(url.href, '_blank', 'noopener'); } }, this.texts.bank);
      this._show(item.connector.name, element('p', {}, this.texts.bankHint), go);
    }

    _askCode(item) {
      const field = item.parameter;
      const form = element('form', { submit: async event => {
        event.preventDefault();
        const body = Object.fromEntries(new FormData(form));
        this._event('SUBMITTED_MFA');
        form.querySelector('button').disabled = true;
        try {
          await this._send('POST', `/items/${item.id}/mfa`, body);
          this._event('LOGIN_MFA_SUCCESS', { item });
        } catch (error) { form.prepend(element('p', { class: 'error', role: 'alert' }, error.message)); form.querySelector('button').disabled = false; }
      } }, ...this._field(field), element('div', { class: 'row' }, element('button', { class: 'main' }, this.texts.next)));
      this._show(this.texts.code, form);
    }

    _end(item) {
      this.finished = true;
      if (item.status !== 'UPDATED') { this._ended(item); return; }
      const text = item.executionStatus === 'PARTIAL_SUCCESS' ? this.texts.partial : this.texts.done;
      this._show(item.connector.name, element('p', { role: 'status' }, `✓ ${text}`),
        element('div', { class: 'row' }, element('button', { type: 'button', class: 'main', click: () => this._leave() }, this.texts.close)));
      this._call('onSuccess', { item });
    }

    _ended(item) {
      const message = (item.error && (item.error.providerMessage || item.error.message)) || this.texts.failed;
      this.options.updateItem = item.id;
      const again = element('button', { type: 'button', class: 'main', click: () => { this.finished = false; this._form(item.connector); } }, this.texts.again);
      const close = element('button', { type: 'button', click: () => this._leave() }, this.texts.close);
      this._show(this.texts.failed, element('p', { class: 'error', role: 'alert' }, message), element('div', { class: 'row' }, again, close));
      this._fail({ message, data: { item } });
    }

    _broken(error) {
      const message = error.message || this.texts.failed;
      const again = element('button', { type: 'button', class: 'main', click: () => this._begin() }, this.texts.again);
      this._show(this.texts.failed, element('p', { class: 'error', role: 'alert' }, message), element('div', { class: 'row' }, again));
      this._fail({ message, data: this.item ? { item: this.item } : undefined });
    }

    /* ---- the API, and the callbacks ---- */

    _get(path) { return this._send('GET', path); }

    async _send(method, path, body) {
      const answer = await fetch(API + path, { method, body: body && JSON.stringify(body),
        headers: { 'X-API-KEY': this.options.connectToken, ...(body && { 'Content-Type': 'application/json' }) } });
      const found = await answer.json();
      if (!answer.ok) throw new ApiFailure(found);
      return found;
    }

    _event(event, more = {}) { this._call('onEvent', { event, timestamp: Date.now(), ...more }); }

    _fail(error) { this._call('onError', error); }

    _call(name, ...rest) { if (typeof this.options[name] === 'function') this.options[name](...rest); }
  }

  window.PluggyConnect = PluggyConnect;
})();
