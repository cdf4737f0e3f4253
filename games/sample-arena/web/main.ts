import type { ArenaEvent, ArenaId, LeaveReason, RosterRow, Visit } from '../contracts.ts';
import { MAPS } from '../rules/maps.ts';
import { TICK_MS } from '../rules/numbers.ts';
import { steeringOf } from '../rules/steering.ts';
import { ArenaScene } from './arena-scene.ts';
import { Camera } from './camera.ts';
import { Hud } from './hud.ts';
import { JoinForm } from './join-form.ts';
import { isTyping, KeyboardMouse } from './keyboard-mouse.ts';
import { drawMinimap } from './minimap.ts';
import { PALETTES } from './palette.ts';
import { Session, type SessionEvents } from './session.ts';
import { Sound } from './sound.ts';
import { tokenOfThisTab } from './token.ts';
import { TouchSticks } from './touch-sticks.ts';

const OVERVIEW_MS = 3000;
/** The server forgets a watcher after five minutes. */
const WATCH_AGAIN_MS = 120_000;
const NEAR = 620;
const RETRY_MS_MIN = 2000;
const RETRY_MS_MAX = 15_000;

/** The page: brings session, scene, controls and words together. */
class Page {
  readonly #stage = document.getElementById('stage') as HTMLCanvasElement;
  readonly #minimap = document.getElementById('map') as HTMLCanvasElement;
  readonly #sound = new Sound();
  readonly #camera = new Camera(this.#stage);
  readonly #scene = new ArenaScene(this.#camera, this.#sound);
  readonly #hud = new Hud();
  readonly #keys = new KeyboardMouse(this.#stage);
  readonly #touch = new TouchSticks(
    this.#stage,
    document.getElementById('stick-move')!,
    document.getElementById('stick-fire')!,
  );
  readonly #form: JoinForm;
  readonly #token: string;
  #session: Session | undefined;
  #playing = false;
  /** Joined before the connection was lost: the same again when it is back. */
  #name: string | undefined;
  #lost = false;
  #opening = false;
  #watched: ArenaId | undefined;
  #watchedMs = 0;
  #seq = 0;
  #aim = 0;
  #pendingMs = 0;
  #lastMs = 0;
  #mappedTick = -1;
  #drawnMs = 0;
  #retryTimer = 0;
  #retryMs = RETRY_MS_MIN;

  constructor(token: string) {
    this.#token = token;
    this.#form = new JoinForm({
      join: (name, arena) => void this.#join(name, arena),
      look: (arena) => void this.#watch(arena),
    });
    document.getElementById('retry')!.addEventListener('click', () => void this.open());
    document.getElementById('quit')!.addEventListener('click', () => this.#session?.leave().catch(() => {}));
    document.getElementById('sound')!.addEventListener('click', () => this.#toggleSound());
    addEventListener('keydown', (event) => {
      if (event.code === 'KeyM' && !isTyping(event.target)) this.#toggleSound();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#letGo();
    });
    setInterval(() => void this.#lookAround(), OVERVIEW_MS);
    requestAnimationFrame((nowMs) => this.#frame(nowMs));
  }

  /** Connects, from the start or again. */
  async open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    await this.#open();
    this.#opening = false;
  }

  async #open(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#session?.close();
    this.#session = undefined;
    this.#watched = undefined;
    if (this.#lost) this.#hud.text('lost-text', 'Trying to get back …');
    try {
      const session = await Session.open(location.origin.replace(/^http/, 'ws'), this.#token, this.#events());
      this.#session = session;
      this.#lost = false;
      this.#retryMs = RETRY_MS_MIN;
      this.#hud.who(session.id);
      this.#hud.mode('watching');
      if (this.#name === undefined) await this.#lookAround();
      else await this.#join(this.#name);
    } catch (error) {
      console.warn('no connection', error);
      this.#over();
    }
  }

  #events(): SessionEvents {
    return {
      frame: (arena, frame) => {
        if (arena === this.#scene.map.id) this.#scene.push(frame, performance.now());
      },
      roster: (arena, rows) => {
        if (arena === this.#scene.map.id) this.#roster(rows);
      },
      happened: (arena, events) => {
        if (arena !== this.#scene.map.id) return;
        this.#scene.happened(events);
        for (const event of events) this.#tell(event);
      },
      entered: (visit) => this.#entered(visit),
      left: (reason) => this.#left(reason),
      board: (rows) => this.#hud.board(rows),
      lost: () => {
        this.#lost = true;
        this.#letGo();
        this.#hud.text('lost-text', 'Trying to get back …');
        this.#hud.mode('lost');
      },
      back: () => {
        this.#lost = false;
        this.#hud.mode(this.#playing ? 'playing' : 'watching');
      },
      over: () => this.#over(),
    };
  }

  async #join(name: string, arena?: ArenaId): Promise<void> {
    this.#sound.unlock();
    try {
      this.#entered(await this.#session!.join(name, arena));
      this.#name = name;
      this.#form.busy(false);
    } catch (error) {
      const full = (error as { code?: string }).code === 'full';
      this.#name = undefined;
      this.#form.error(full ? 'This island is full. Try another one.' : 'That did not work. Please try again.');
      this.#hud.mode('watching');
    }
  }

  #entered(visit: Visit): void {
    const travelled = this.#playing && this.#scene.map.id !== visit.arena;
    const fresh = !this.#playing;
    this.#playing = true;
    this.#watched = undefined;
    this.#show(visit.arena, visit.number, visit.roster, visit.runsOn);
    this.#hud.mode('playing');
    (document.activeElement as HTMLElement | null)?.blur();
    if (travelled || fresh) this.#hud.announce(MAPS[visit.arena].title);
    if (travelled) this.#sound.play('portal');
  }

  #left(reason: LeaveReason): void {
    if (!this.#playing) return;
    this.#playing = false;
    this.#letGo();
    this.#hud.mode('watching');
    if (reason === 'lost' && this.#name !== undefined) {
      void this.#join(this.#name);
      return;
    }
    this.#name = undefined;
    this.#form.error(reason === 'idle' ? 'You were away for a while, so the others went on without you.' : '');
    this.#form.select(this.#scene.map.id);
    void this.#watch(this.#scene.map.id);
  }

  #over(): void {
    this.#lost = true;
    this.#playing = false;
    this.#letGo();
    this.#hud.text('lost-text', 'The server does not answer. Trying again from time to time.');
    this.#hud.mode('lost');
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => void this.open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  /** While watching: how many are where, and a look at the liveliest. */
  async #lookAround(): Promise<void> {
    if (this.#playing || this.#lost || !this.#session || document.hidden) return;
    try {
      const arena = this.#form.overview(await this.#session.arenas());
      if (this.#watched !== arena || performance.now() - this.#watchedMs > WATCH_AGAIN_MS) await this.#watch(arena);
    } catch {
      // The next look is soon.
    }
  }

  async #watch(arena: ArenaId): Promise<void> {
    if (!this.#session || this.#playing) return;
    this.#watched = arena;
    this.#watchedMs = performance.now();
    try {
      const roster = await this.#session.watch(arena);
      if (!this.#playing && this.#watched === arena) this.#show(arena, 0, roster);
    } catch {
      this.#watched = undefined;
    }
  }

  #show(arena: ArenaId, number: number, roster: readonly RosterRow[], runsOn = ''): void {
    this.#hud.text('arena-host', runsOn);
    this.#scene.show(arena, number, roster);
    document.documentElement.style.setProperty('--arena', PALETTES[arena].accent);
    this.#hud.text('arena-title', MAPS[arena].title);
    this.#roster(roster);
  }

  #roster(rows: readonly RosterRow[]): void {
    this.#scene.setRoster(rows);
    this.#hud.island(rows);
    this.#hud.text('arena-detail', rows.length === 1 ? '1 bird on this island' : `${rows.length} birds on this island`);
  }

  #tell(event: ArenaEvent): void {
    const { roster, number } = this.#scene;
    const name = (of: number) => ({ strong: of === number ? 'You' : (roster.get(of)?.name ?? 'Somebody') });
    if (event.kind === 'kill') {
      const { killer, victim, streak } = event;
      this.#hud.feed(
        [name(killer), ' plucked ', victim === number ? { strong: 'you' } : name(victim)],
        killer === number || victim === number,
      );
      if (killer !== number) return;
      this.#sound.play('kill');
      this.#hud.announce(streak >= 3 ? `${streak} in a row!` : `Plucked ${roster.get(victim)?.name ?? 'one'}`);
    } else if (event.kind === 'joined') {
      const { player, from } = event;
      if (player.number === number) return;
      roster.set(player.number, player);
      this.#hud.feed(
        [{ strong: player.name }, from === undefined ? ' landed' : ` came from ${MAPS[from].title}`],
        false,
      );
    } else if (event.kind === 'gone' && event.player !== number) {
      this.#hud.feed(
        [name(event.player), event.to === undefined ? ' flew away' : ` went to ${MAPS[event.to].title}`],
        false,
      );
    }
  }

  #frame(nowMs: number): void {
    requestAnimationFrame((next) => this.#frame(next));
    this.#pendingMs = Math.min(this.#pendingMs + nowMs - this.#lastMs, TICK_MS * 4);
    this.#lastMs = nowMs;
    if (this.#playing) this.#lookAt();
    for (; this.#pendingMs >= TICK_MS; this.#pendingMs -= TICK_MS) if (this.#playing && !this.#lost) this.#step();
    // Behind the words about a lost connection nothing moves: a glance a second will do.
    if (this.#lost && nowMs - this.#drawnMs < 1000) return;
    this.#drawnMs = nowMs;
    this.#scene.draw(nowMs, this.#pendingMs / TICK_MS, this.#playing ? this.#aim : undefined);
    this.#hud.hurt(this.#scene.hurt);
    const { me, newest } = this.#scene;
    if (!this.#playing || !me || !newest) return;
    this.#hud.vitals(me, this.#scene.roster.get(me.number)?.score ?? 0);
    this.#hud.text('position', `${Math.round(me.x)}, ${Math.round(me.y)}`);
    if (newest.tick === this.#mappedTick) return;
    this.#mappedTick = newest.tick;
    drawMinimap(this.#minimap, this.#scene.map, newest, me.number);
  }

  #step(): void {
    const touching = this.#touch.active;
    const { x, y } = touching ? this.#touch.direction() : this.#keys.direction();
    this.#send(x, y, touching ? this.#touch.fire : this.#keys.fire);
  }

  #send(x: number, y: number, fire: boolean): void {
    this.#seq = (this.#seq + 1) & 0xffff;
    const steering = steeringOf(this.#seq, x, y, this.#aim, fire);
    this.#scene.step(steering);
    this.#session?.steer(steering);
  }

  /** Turns the own bird to the pointer, the thumb, or who is near. */
  #lookAt(): void {
    const me = this.#scene.me;
    if (!me) return;
    if (this.#touch.active) {
      const thumb = this.#touch.aim() ?? (this.#touch.fire ? this.#nearest() : undefined);
      const way = this.#touch.direction();
      if (thumb !== undefined) this.#aim = thumb;
      else if (way.x !== 0 || way.y !== 0) this.#aim = Math.atan2(way.y, way.x);
    } else if (this.#keys.pointer) {
      const { x, y } = this.#keys.pointer;
      const target = this.#camera.toWorld(x, y);
      this.#aim = Math.atan2(target.y - this.#scene.place.y, target.x - this.#scene.place.x);
    } else {
      const way = this.#keys.direction();
      if (way.x !== 0 || way.y !== 0) this.#aim = Math.atan2(way.y, way.x);
    }
  }

  #nearest(): number | undefined {
    const { me, newest } = this.#scene;
    let least = NEAR;
    let aim: number | undefined;
    for (const body of newest?.bodies ?? []) {
      if (!me || body === me || !body.present) continue;
      const distance = Math.hypot(body.x - me.x, body.y - me.y);
      if (distance >= least) continue;
      least = distance;
      aim = Math.atan2(body.y - me.y, body.x - me.x);
    }
    return aim;
  }

  /** Nobody steers: the bird stops rather than running into the sea. */
  #letGo(): void {
    this.#keys.release();
    this.#touch.release();
    if (this.#playing && !this.#lost) this.#send(0, 0, false);
  }

  #toggleSound(): void {
    this.#sound.unlock();
    this.#sound.on = !this.#sound.on;
    document.getElementById('sound')!.setAttribute('aria-pressed', String(this.#sound.on));
  }
}

await new Page(await tokenOfThisTab()).open();
