import type { ArenaId, ArenaInfo } from '../contracts.ts';
import { ARENAS, MAPS } from '../rules/maps.ts';
import { PALETTES } from './palette.ts';

const NAME_KEY = 'skerry-arena.name';

/** The first thing people see: a name, four islands, a big button. */
export class JoinForm {
  readonly #form = document.getElementById('join') as HTMLFormElement;
  readonly #name = document.getElementById('name') as HTMLInputElement;
  readonly #play = document.getElementById('play') as HTMLButtonElement;
  readonly #error = document.getElementById('join-error')!;
  readonly #counts = new Map<ArenaId, HTMLElement>();
  /** Until somebody chooses, the page follows the crowd. */
  #chosen = false;

  constructor(on: { join(name: string, arena: ArenaId): void; look(arena: ArenaId): void }) {
    this.#name.value = remembered();
    const islands = document.getElementById('arenas')!;
    for (const arena of ARENAS) {
      const label = document.createElement('label');
      label.className = 'arena';
      label.style.setProperty('--tint', PALETTES[arena].accent);
      const radio = document.createElement('input');
      radio.type = 'radio';
      radio.name = 'arena';
      radio.value = arena;
      radio.addEventListener('change', () => {
        this.#chosen = true;
        on.look(arena);
      });
      const count = document.createElement('span');
      this.#counts.set(arena, count);
      label.append(radio, MAPS[arena].title, count);
      islands.append(label);
    }
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#play.disabled) return;
      const name = this.#name.value.trim();
      remember(name);
      this.busy(true);
      this.#error.textContent = '';
      on.join(name, this.arena);
    });
  }

  get arena(): ArenaId {
    const value = new FormData(this.#form).get('arena');
    return ARENAS.find((arena) => arena === value) ?? 'north';
  }

  busy(busy: boolean): void {
    this.#play.disabled = busy;
    this.#play.textContent = busy ? 'Joining' : 'Play';
  }

  error(words: string): void {
    this.busy(false);
    this.#error.textContent = words;
  }

  /** Shows how many play where; returns the arena to look at. */
  overview(arenas: readonly ArenaInfo[]): ArenaId {
    for (const { arena, players } of arenas)
      this.#counts.get(arena)!.textContent = players === 1 ? '1 bird' : `${players} birds`;
    if (!this.#chosen) {
      const fullest = arenas.reduce((a, b) => (b.players > a.players ? b : a)).arena;
      // Only a clear lead changes the picture.
      const current = arenas.find(({ arena }) => arena === this.arena);
      const best = arenas.find(({ arena }) => arena === fullest)!;
      if (!current || !this.#checked() || best.players > current.players + 3) this.select(fullest);
    }
    return this.arena;
  }

  select(arena: ArenaId): void {
    for (const radio of this.#form.querySelectorAll<HTMLInputElement>('input[type=radio]'))
      radio.checked = radio.value === arena;
  }

  #checked(): boolean {
    return this.#form.querySelector('input[type=radio]:checked') !== null;
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // Storage is off; the name is asked for again.
  }
}
