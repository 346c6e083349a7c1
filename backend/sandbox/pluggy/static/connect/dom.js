/* Elements without innerHTML: texts of the bank never become markup. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter(child => child != null && child !== false));
  return node;
}

export const button = (text, click, main = false) => element('button', { type: 'button', class: main && 'main', click }, text);

export const row = (...buttons) => element('div', { class: 'row' }, ...buttons);

const part = name => document.getElementById(name);

/* Replaces the page: its heading, its contents, and the way back if there is one. */
export function show(title, nodes, { back, focus } = {}) {
  part('title').textContent = title;
  part('body').replaceChildren(...nodes.flat().filter(node => node != null && node !== false));
  part('back').hidden = !back;
  part('back').onclick = back || null;
  const wanted = focus || part('body').querySelector('input,select,button.main') || part('title');
  wanted.focus();
}

export function say(text) { part('live').textContent = text; }
