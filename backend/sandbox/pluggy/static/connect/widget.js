/* The steps of connecting: choose, sign in, follow the item, answer what the bank asks, end. */
import { ApiFailure, call, useToken } from './api.js';
import { button, element, row, say, show } from './dom.js';
import { field, problems } from './form.js';
import { errorText, progressText, speak, texts } from './texts.js';

const FINAL = ['UPDATED', 'OUTDATED', 'LOGIN_ERROR'];
const POLL_MS = 600;
const COLLECTING = /^(ACCOUNTS|CREDITCARDS|TRANSACTIONS|INVESTMENTS|IDENTITY|LOANS)_IN_PROGRESS$/;

export class Widget {
  /* `tell(kind, name, argument)` sends to the page around. */
  constructor(props, tell) {
    this.props = props;
    this.tell = tell;
    this.item = null;
    this.connector = null;
    this.finished = false;
    this.round = 0;
    speak(props.language);
    useToken(props.connectToken);
  }

  async begin() {
    if (!this.props.connectToken) { this.fail({ message: texts.noToken }, texts.noToken); return; }
    show(texts.loading, [element('progress', { 'aria-label': texts.loading })]);
    try {
      if (this.props.updateItem) await this.update();
      else if (this.props.selectedConnectorId != null) this.choose(await call('GET', `/connectors/${this.props.selectedConnectorId}`));
      else await this.list();
    } catch (error) { this.broken(error); }
  }

  leave() {
    if (this.props.allowConnectInBackground && this.item && !this.finished) this.tell('hide');
    else { this.round++; this.tell('close'); }
  }

  event(event, more = {}) { this.tell('call', 'onEvent', { event, timestamp: Date.now(), ...more }); }

  /* ---- choosing ---- */

  async update() {
    const item = await call('GET', `/items/${this.props.updateItem}`);
    this.connector = item.connector;
    if (FINAL.includes(item.status)) this.form();
    else await this.follow(item);
  }

  async list() {
    const { results } = await call('GET', `/connectors?${this.filter()}`);
    const wanted = this.props.connectorIds;
    const found = wanted && wanted.length ? results.filter(one => wanted.includes(one.id)) : results;
    if (this.props.connectorSortAlphabetically) found.sort((a, b) => a.name.localeCompare(b.name));
    const list = element('ul');
    const search = element('input', { id: 'search', type: 'search', autocomplete: 'off', input: () => this.fill(list, found, search.value) });
    show(texts.choose, [element('label', { for: 'search' }, texts.search), search, list]);
    this.fill(list, found, '');
  }

  filter() {
    const query = new URLSearchParams({ sandbox: String(Boolean(this.props.includeSandbox)) });
    if (this.props.connectorTypes) query.set('types', this.props.connectorTypes.join(','));
    if (this.props.countries) query.set('countries', this.props.countries.join(','));
    return query;
  }

  fill(list, found, text) {
    const shown = found.filter(one => one.name.toLowerCase().includes(text.trim().toLowerCase()));
    list.replaceChildren(...shown.map(one => element('li', {}, this.line(one))));
    if (!shown.length) list.append(element('li', { class: 'hint' }, texts.none));
    if (text) say(shown.length ? texts.found(shown.length) : texts.none);
  }

  line(connector) {
    const health = { OFFLINE: texts.offline, UNSTABLE: texts.unstable }[connector.health && connector.health.status];
    return element('button', { type: 'button', click: () => this.choose(connector) },
      element('span', { class: 'mark', 'aria-hidden': 'true' }, connector.name[0]),
      element('span', { class: 'name' }, connector.name), health && element('span', { class: 'tag' }, health));
  }

  choose(connector) {
    this.connector = connector;
    this.event('SELECTED_INSTITUTION', { connector });
    this.form();
  }

  unchoose() {
    this.event('SELECTED_INSTITUTION', { connector: null });
    this.list().catch(error => this.broken(error));
  }

  /* ---- signing in ---- */

  form(wrong = {}, typed = {}, alert = '') {
    const { credentials, name, resetPasswordUrl } = this.connector;
    const form = element('form', { novalidate: true, submit: event => { event.preventDefault(); this.submit(form); } },
      alert && element('p', { class: 'alert', role: 'alert' }, alert),
      ...credentials.map(one => field(one, { problem: wrong[one.name], value: typed[one.name] || this.prefilled(one.name) })),
      element('p', { class: 'hint' }, texts.consent), row(element('button', { class: 'main' }, texts.next)),
      resetPasswordUrl && element('p', { class: 'hint centre' }, element('a', { href: resetPasswordUrl, target: '_blank', rel: 'noopener' }, texts.forgot)));
    const fixed = this.props.updateItem || this.props.selectedConnectorId != null;
    show(name, [form], { back: fixed ? null : () => this.unchoose(), focus: form.querySelector('[aria-invalid=true]') });
  }

  prefilled(name) { return (this.props.openFinanceParameters || {})[name]; }

  async submit(form) {
    const typed = Object.fromEntries(new FormData(form));
    const wrong = problems(this.connector.credentials, typed);
    if (Object.keys(wrong).length) { this.form(wrong, typed); return; }
    const parameters = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''));
    this.event('SUBMITTED_CONSENT');
    this.event('SUBMITTED_LOGIN');
    this.progress();
    try { await this.follow(await this.send(parameters)); } catch (error) { this.refused(error, typed); }
  }

  send(parameters) {
    const { updateItem, products } = this.props;
    if (updateItem) return call('PATCH', `/items/${updateItem}`, { parameters });
    return call('POST', '/items', { connectorId: this.connector.id, parameters, products });
  }

  refused(error, typed) {
    const details = error instanceof ApiFailure && error.body.details;
    if (!details) { this.broken(error); return; }
    const secrets = this.connector.credentials.filter(one => one.type === 'password' || one.mfa).map(one => one.name);
    const open = Object.fromEntries(Object.entries(typed).filter(([name]) => !secrets.includes(name)));
    this.form(Object.fromEntries(details.map(one => [one.parameter, one.message])), open, errorText(error.code) || '');
  }

  /* ---- following the item ---- */

  progress(item) {
    const text = progressText(item && item.executionStatus);
    say(text);
    show(this.connector ? this.connector.name : texts.working, [element('p', { class: 'centre' }, text), element('progress', { 'aria-label': text }), this.background()]);
  }

  background() { return this.props.allowConnectInBackground && row(button(texts.background, () => this.leave())); }

  async follow(item) {
    const round = ++this.round;
    let shown = '';
    let loggedIn = false;
    while (round === this.round) {
      this.item = item;
      this.event('ITEM_RESPONSE', { item });
      if (!loggedIn && COLLECTING.test(item.executionStatus)) { loggedIn = true; this.event('LOGIN_SUCCESS', { item }); }
      if (FINAL.includes(item.status)) { this.end(item); return; }
      const state = [item.executionStatus, item.parameter && item.parameter.expiresAt, item.userAction && item.userAction.expiresAt].join(' ');
      if (state !== shown) this.step(item);
      shown = state;
      await new Promise(done => setTimeout(done, POLL_MS));
      if (round === this.round) item = await call('GET', `/items/${item.id}`).catch(error => this.missed(error, item));
    }
  }

  /* One lost look does not end the flow; a refused token does. */
  missed(error, item) {
    if (error instanceof ApiFailure && error.body.code < 500 && error.body.code !== 429) throw error;
    return item;
  }

  step(item) {
    if (item.parameter && (item.parameter.name === 'oauth_code' || item.parameter.type === 'oauth')) this.askBank(item);
    else if (item.parameter) this.askCode(item);
    else if (item.userAction) this.askAction(item);
    else if (item.executionStatus === 'USER_AUTHORIZATION_PENDING') this.askPatience(item);
    else this.progress(item);
  }

  askBank(item) {
    this.event('LOGIN_STEP_COMPLETED', { item });
    const url = new URL(item.parameter.data);
    if (!['https:', 'http:'].includes(url.protocol)) { this.broken(new Error(texts.failed)); return; }
    const wait = element('div', { hidden: true }, element('p', { class: 'centre' }, texts.waitBank), element('progress', { 'aria-label': texts.waitBank }));
    const go = () => { window.open(url.href, '_blank', 'noopener'); wait.hidden = false; say(texts.waitBank); };
    show(item.connector.name, [element('p', {}, texts.bankHint), row(button(texts.toBank, go, true)), wait]);
  }

  askPatience(item) {
    say(texts.approval);
    show(texts.approval, [element('p', {}, texts.approvalHint), element('progress', { 'aria-label': texts.approval }), row(button(texts.close, () => this.leave()))]);
  }

  askAction(item) {
    const { instructions, type, attributes, expiresAt } = item.userAction;
    const code = type === 'qr' && attributes && attributes.data;
    const image = code && element('img', { class: 'picture', width: 220, height: 220, alt: texts.scan, src: `qr.svg?data=${encodeURIComponent(code)}` });
    say(instructions);
    show(code ? texts.scan : texts.action, [element('p', {}, instructions), image, this.until(expiresAt), element('progress', { 'aria-label': texts.action })]);
  }

  until(moment) {
    if (!moment) return null;
    return element('p', { class: 'hint centre' }, `${texts.expires} ${new Date(moment).toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' })}`);
  }

  askCode(item) {
    this.event('LOGIN_STEP_COMPLETED', { item });
    const form = element('form', { novalidate: true, submit: event => { event.preventDefault(); this.answer(item, form); } },
      ...field(item.parameter), this.until(item.parameter.expiresAt), row(element('button', { class: 'main' }, texts.next)));
    show(texts.code, [form]);
  }

  async answer(item, form) {
    const body = Object.fromEntries(new FormData(form));
    this.event('SUBMITTED_MFA');
    form.querySelector('button.main').disabled = true;
    try {
      await call('POST', `/items/${item.id}/mfa`, body);
      this.event('LOGIN_MFA_SUCCESS', { item });
    } catch (error) {
      form.querySelector('button.main').disabled = false;
      form.querySelectorAll('.alert').forEach(old => old.remove());
      form.prepend(element('p', { class: 'alert', role: 'alert' }, errorText(error.code) || error.message));
    }
  }

  /* ---- the end ---- */

  end(item) {
    if (item.status !== 'UPDATED') { this.ended(item); return; }
    this.finished = true;
    const text = item.executionStatus === 'PARTIAL_SUCCESS' ? texts.partial : texts.done;
    say(text);
    show(item.connector.name, [element('p', { class: 'sign good', 'aria-hidden': 'true' }, '✓'), element('p', { class: 'centre' }, text),
      row(button(texts.finish, () => this.leave(), true))]);
    this.tell('call', 'onSuccess', { item });
  }

  ended(item) {
    const { code, message, providerMessage } = item.error || {};
    this.props.updateItem = item.id;
    const text = [errorText(code) || message || texts.failed, providerMessage].filter(Boolean).join(' ');
    this.fail({ message: message || text, data: { item } }, text, () => this.form());
  }

  broken(error) {
    const twins = (error.body && error.body.items) || [];
    const item = this.item || twins[0];
    const text = errorText(error.code) || error.message || texts.failed;
    this.fail({ message: error.message || text, ...(error.code && { code: error.code }), ...(item && { data: { item } }) }, text, () => this.begin());
  }

  fail(error, text, again) {
    this.round++;
    say('');
    show(texts.failed, [element('p', { class: 'sign bad', 'aria-hidden': 'true' }, '!'), element('p', { class: 'alert', role: 'alert' }, text),
      row(again && button(texts.again, again, true), button(texts.close, () => this.leave()))]);
    this.tell('call', 'onError', error);
  }
}
