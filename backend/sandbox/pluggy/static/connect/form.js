/* The fields that a bank asks for: credentials, and answers of a second factor. */
import { button, element } from './dom.js';
import { texts } from './texts.js';

export function field(asked, { problem, value } = {}) {
  const id = `field-${asked.name}`;
  const hints = [asked.assistiveText, asked.instructions].filter(Boolean).join(' ');
  const shared = {
    id, name: asked.name, 'data-optional': Boolean(asked.optional), 'aria-invalid': problem ? 'true' : false,
    'aria-describedby': problem || hints ? `${id}-note` : false,
  };
  const input = asked.options && asked.options.length ? choice(asked, shared) : entry(asked, shared, value);
  return [
    element('label', { for: id }, asked.label),
    asked.type === 'image' && picture(asked.data),
    asked.type === 'password' ? hidden(input) : input,
    (problem || hints) && element('p', { id: `${id}-note`, class: problem ? 'problem' : 'hint' }, problem || hints),
  ].filter(Boolean);
}

function picture(data) {
  return /^data:image\//.test(data || '') ? element('img', { src: data, alt: texts.picture, class: 'picture' }) : null;
}

function choice(asked, shared) {
  return element('select', shared, ...asked.options.map(one => element('option', { value: one.value }, one.label)));
}

function entry(asked, shared, value) {
  return element('input', {
    ...shared, type: asked.type === 'password' ? 'password' : 'text', placeholder: asked.placeholder || false, value: value || false,
    inputmode: asked.type === 'number' ? 'numeric' : false, autocomplete: asked.mfa ? 'one-time-code' : 'off', spellcheck: 'false', autocapitalize: 'none',
  });
}

function hidden(input) {
  const turn = button(texts.show, () => {
    const secret = input.type === 'password';
    input.type = secret ? 'text' : 'password';
    turn.textContent = secret ? texts.hide : texts.show;
  });
  return element('div', { class: 'secret' }, input, turn);
}

/* The first problem of each field by its name, as the connector's own rules see it; {} if there is none. */
export function problems(asked, values) {
  const found = {};
  for (const one of asked) {
    const value = values[one.name] || '';
    if (!value && !one.optional) found[one.name] = texts.required;
    else if (value && one.validation && !new RegExp(one.validation).test(value)) found[one.name] = one.validationMessage || texts.invalid;
  }
  return found;
}
