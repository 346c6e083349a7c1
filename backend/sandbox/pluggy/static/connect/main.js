/* Waits for the props from the page around, and shows the widget. */
import { texts } from './texts.js';
import { Widget } from './widget.js';

/* Only the page that opened the frame gives the props and hears the answers; it said its address itself. */
const embedder = new URLSearchParams(location.search).get('embedder');
const tell = (kind, name, argument) => parent.postMessage({ kind, name, argument }, embedder);

function begin(props) {
  document.documentElement.dataset.theme = props.theme === 'dark' ? 'dark' : 'light';
  const widget = new Widget(props, tell);
  const close = document.getElementById('close');
  document.getElementById('back').setAttribute('aria-label', texts.back);
  document.getElementById('brand').textContent = texts.brand;
  close.setAttribute('aria-label', texts.close);
  close.onclick = () => widget.leave();
  document.addEventListener('keydown', event => { if (event.key === 'Escape') widget.leave(); });
  widget.begin();
}

window.addEventListener('message', function hear(event) {
  if (event.source !== parent || event.origin !== embedder || event.data.kind !== 'props') return;
  window.removeEventListener('message', hear);
  begin(event.data.props);
});

if (embedder) tell('ready');
