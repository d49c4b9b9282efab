// The page: tabs, the state of the connection, light and dark.
import { Call } from './call.js';
import { el, short } from './dom.js';
import { Graph } from './graph.js';
import { Player } from './journal.js';
import { Members } from './members.js';
import { follow, type Picture } from './picture.js';
import { hasToken, RequestError, setToken, takeToken } from './session.js';
import { Tap } from './tap.js';

const $ = (id: string) => document.getElementById(id) as HTMLElement;
const state = $('state');
const view = $('view');
const tabs = $('tabs');

const graph = new Graph();
const members = new Members();
const views: Readonly<Record<string, { readonly element: HTMLElement; enter?(): void }>> = {
  Bus: graph,
  Members: members,
  Tap: new Tap(),
  Call: new Call(),
  Journal: new Player(),
};

function choose(name: string, focus = false): void {
  for (const [each, { element, enter }] of Object.entries(views)) {
    const chosen = each === name;
    element.hidden = !chosen;
    const tab = $(`tab-${each}`);
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) tab.focus();
    if (chosen) enter?.call(views[each]);
  }
}

function makeTabs(): void {
  const names = Object.keys(views);
  for (const name of names) {
    const tab = el(
      'button',
      { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` },
      name,
    );
    tab.addEventListener('click', () => choose(name));
    tab.addEventListener('keydown', ({ key }) => {
      const step = {
        ArrowRight: 1,
        ArrowLeft: -1,
        Home: -names.indexOf(name),
        End: -1 - names.indexOf(name),
      }[key];
      if (step === undefined) return;
      choose(names[(names.indexOf(name) + step + names.length) % names.length] ?? name, true);
    });
    tabs.append(tab);
    const { element } = views[name] as { element: HTMLElement };
    element.id = `panel-${name}`;
    element.setAttribute('role', 'tabpanel');
    element.setAttribute('aria-labelledby', `tab-${name}`);
    view.append(element);
  }
}

function show(picture: Picture): void {
  const { bus, members: all, sent, bytes, lost } = picture;
  $('bus').textContent = bus;
  document.title = `${bus} – Busbar`;
  const facts = [`${all.length} members`, `${short(sent)} messages/s`, `${short(bytes)} B/s`];
  if (lost > 0) facts.push(`${short(lost)}/s not observed`);
  say(facts.join(' · '), false);
  graph.show(picture);
  members.show(picture);
}

function say(text: string, isBad: boolean): void {
  state.textContent = text;
  state.classList.toggle('bad', isBad);
}

/** Milliseconds before another attempt. */
const again = 2000;

async function live(): Promise<void> {
  for (;;) {
    try {
      await follow(show);
      say('the connection has ended; trying again', true);
    } catch (error) {
      if (error instanceof RequestError && error.status === 401) {
        askForToken('The gateway does not know this token.');
        return;
      }
      const text = error instanceof RequestError ? error.message : 'the gateway cannot be reached';
      say(`${text}; trying again`, true);
    }
    await new Promise((resolve) => setTimeout(resolve, again));
  }
}

function askForToken(why: string): void {
  say('no token', true);
  const input = el('input', { type: 'password', id: 'token', autocomplete: 'off' });
  const form = el(
    'form',
    {
      class: 'notice',
      onsubmit: (event) => {
        event.preventDefault();
        setToken(input.value.trim());
        location.reload();
      },
    },
    el('h2', {}, why),
    el(
      'p',
      {},
      'busbar web printed an address with the token in it; open that, or type the token.',
    ),
    el(
      'div',
      { class: 'bar' },
      el('label', { for: 'token' }, 'Token'),
      input,
      el('button', { class: 'main', type: 'submit' }, 'Use it'),
    ),
  );
  tabs.hidden = true;
  view.replaceChildren(form);
  input.focus();
}

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
  graph.restyle();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
setTheme(localStorage.getItem('busbar-theme') ?? (dark.matches ? 'dark' : 'light'));
dark.addEventListener('change', ({ matches }) => setTheme(matches ? 'dark' : 'light'));
$('theme').addEventListener('click', () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('busbar-theme', theme);
  setTheme(theme);
});
takeToken();
makeTabs();
choose('Bus');
if (hasToken()) void live();
else askForToken('This page needs the token of its gateway.');
