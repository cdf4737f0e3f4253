import type { BoardRow, RosterRow } from '../contracts.ts';
import type { BodyView } from '../rules/frame.ts';
import { MAPS } from '../rules/maps.ts';
import { HP_MAX } from '../rules/numbers.ts';
import { hueOf } from './palette.ts';

const ROWS = 8;
const FEED_MAX = 5;

type Row = Pick<RosterRow, 'id' | 'name' | 'score'>;

const element = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;

/** Everything on the page that is words and bars. Touches the document only when something changed. */
export class Hud {
  #rowsShown = '';
  #everywhere = false;
  #island: readonly Row[] = [];
  #all: readonly BoardRow[] = [];
  #me = '';
  #hurt = '0';
  readonly #texts = new Map<string, string>();

  constructor() {
    element('board-switch').addEventListener('click', () => {
      this.#everywhere = !this.#everywhere;
      this.text('board-title', this.#everywhere ? 'All islands' : 'This island');
      this.text('board-switch', this.#everywhere ? 'This island' : 'All islands');
      this.#showRows();
    });
  }

  text(id: string, text: string): void {
    if (this.#texts.get(id) === text) return;
    this.#texts.set(id, text);
    element(id).textContent = text;
  }

  mode(mode: 'connecting' | 'watching' | 'playing' | 'lost'): void {
    document.body.dataset.mode = mode;
  }

  who(id: string): void {
    this.#me = id;
  }

  island(rows: Iterable<RosterRow>): void {
    this.#island = [...rows].sort((a, b) => b.score - a.score || a.number - b.number);
    this.#showRows();
  }

  board(rows: readonly BoardRow[]): void {
    this.#all = rows;
    this.#showRows();
  }

  vitals(me: BodyView, score: number): void {
    const hp = element('hp');
    hp.classList.toggle('low', me.hp < 35);
    (hp.firstElementChild as HTMLElement).style.transform = `scaleX(${me.hp / HP_MAX})`;
    this.text('hp-text', String(me.hp));
    const shield = element('shield');
    shield.classList.toggle('on', me.shield > 0);
    (shield.firstElementChild as HTMLElement).style.transform = `scaleX(${me.shield})`;
    this.text('score', String(score));
    element('rapid').classList.toggle('on', me.rapid);
    element('respawn').classList.toggle('on', me.hp === 0);
  }

  hurt(share: number): void {
    const hurt = share < 0.02 ? '0' : share.toFixed(2);
    if (hurt === this.#hurt) return;
    this.#hurt = hurt;
    element('haze').style.setProperty('--hurt', hurt);
  }

  /** A line of the feed; parts in `strong` are names. */
  feed(parts: readonly (string | { strong: string })[], mine: boolean): void {
    const line = document.createElement('li');
    line.classList.toggle('me', mine);
    for (const part of parts) {
      if (typeof part === 'string') line.append(part);
      else {
        const name = document.createElement('b');
        name.textContent = part.strong;
        line.append(name);
      }
    }
    const feed = element('feed');
    feed.append(line);
    line.addEventListener('animationend', () => line.remove());
    while (feed.children.length > FEED_MAX) feed.firstElementChild!.remove();
  }

  announce(words: string): void {
    const announce = element('announce');
    announce.textContent = words;
    announce.classList.remove('show');
    // Read, so that the browser starts the animation again.
    void announce.offsetWidth;
    announce.classList.add('show');
  }

  #showRows(): void {
    const rows: readonly Row[] = this.#everywhere ? this.#all : this.#island;
    const top = rows.slice(0, ROWS);
    const mine = rows.findIndex(({ id }) => id === this.#me);
    const list = mine >= ROWS ? [...top.slice(0, ROWS - 1), rows[mine]!] : top;
    const shown = JSON.stringify([list, mine]);
    if (shown === this.#rowsShown) return;
    this.#rowsShown = shown;
    element('board-rows').replaceChildren(
      ...list.map((row, i) => {
        const line = document.createElement('li');
        line.classList.toggle('me', row.id === this.#me);
        line.classList.toggle('gap', mine >= ROWS && i === ROWS - 1);
        const dot = document.createElement('i');
        dot.style.background = `hsl(${hueOf(row.id)} 72% 58%)`;
        const name = document.createElement('span');
        name.textContent = 'arena' in row ? `${row.name} · ${MAPS[(row as BoardRow).arena].title}` : row.name;
        const score = document.createElement('b');
        score.textContent = String(row.score);
        line.append(dot, name, score);
        return line;
      }),
    );
  }
}
