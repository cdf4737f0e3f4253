import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest from 'ava';
import { bundleForBrowser } from '../../codegen/esbuild.ts';
import { type OpenPage, TestBrowser } from '../../scripts/playwright-browser.ts';
import { needsProgram } from '../../scripts/programs.ts';

/*
 * The page alone, against arenas that run inside of it (test/fake-client.ts): what a server cannot be made to do on
 * request. This file runs as build/games/sample-arena/page.e2e.test.js.
 */
const GAME = new URL('../../../games/sample-arena/', import.meta.url);
const TYPES: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml' };

const hasBrowser = needsProgram('chromium');
const test = hasBrowser ? anyTest.serial : anyTest.serial.skip;
let browser: TestBrowser;
let server: Server;
let url: string;

anyTest.before(async () => {
  if (!hasBrowser) return;
  const fake = fileURLToPath(new URL('test/fake-client.ts', GAME));
  const { code } = await bundleForBrowser(fileURLToPath(new URL('web/main.ts', GAME)), {
    skerry: fake,
    'skerry/client': fake,
  });
  server = createServer(async (request, response) => {
    const name = request.url === '/' ? '/index.html' : request.url!;
    response.setHeader('Content-Security-Policy', "default-src 'self'; object-src 'none'; base-uri 'none'");
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'text/javascript');
    response.end(name === '/main.js' ? code : await readFile(new URL(`web${name}`, GAME)));
  }).listen(0, '127.0.0.1');
  browser = await TestBrowser.launch();
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
anyTest.after.always(async () => {
  await browser?.close();
  server?.close();
});

type Page = OpenPage['page'];
interface Fake {
  refusal: string | undefined;
  emit(event: string): void;
  leave(): void;
  me: { arena: string } | undefined;
  arenas: Map<string, { world: { bodies: Map<string, { x: number; y: number; hp: number }> } }>;
}
declare const fake: Fake;

const mode = (page: Page, wanted: string) =>
  page.waitForFunction((name) => document.body.dataset.mode === name, wanted);

async function playing(page: Page): Promise<void> {
  await mode(page, 'watching');
  await page.fill('#name', 'Annika');
  await page.click('#play');
  await mode(page, 'playing');
}

test('a lost connection is shown; back again, it plays on', async (t) => {
  const { page, troubles } = await browser.open(url);
  await playing(page);
  await page.evaluate(() => fake.emit('lost'));
  await mode(page, 'lost');
  t.true(await page.isVisible('#retry'));
  await page.evaluate(() => {
    fake.emit('resumed');
  });
  await mode(page, 'playing');
  t.deepEqual(troubles, []);
  await page.context().close();
});

test('a closed connection is opened again, by the button or by itself, and joined with the same name', async (t) => {
  const { page } = await browser.open(url);
  await playing(page);
  await page.evaluate(() => {
    fake.refusal = 'unreachable';
    fake.emit('closed');
  });
  await mode(page, 'lost');
  t.regex((await page.textContent('#lost-text'))!, /does not answer/);
  await page.click('#retry');
  await mode(page, 'lost');
  await page.evaluate(() => {
    fake.refusal = undefined;
  });
  await mode(page, 'playing');
  await page.waitForFunction(() => document.querySelector('#board-rows .me span')?.textContent === 'Annika');
  await page.context().close();
});

test('a full island says so and leaves the choice', async (t) => {
  const { page } = await browser.open(url);
  await mode(page, 'watching');
  await page.evaluate(() => {
    fake.refusal = 'full';
  });
  await page.click('#play');
  await page.waitForFunction(() => document.getElementById('join-error')!.textContent !== '');
  t.regex((await page.textContent('#join-error'))!, /full/);
  await page.evaluate(() => {
    fake.refusal = undefined;
  });
  await page.click('label.arena:has(input[value=ember])');
  await page.click('#play');
  await mode(page, 'playing');
  t.is(await page.textContent('#arena-title'), 'Emberfall');
  await page.context().close();
});

test('through a portal to the next island', async (t) => {
  const { page, troubles } = await browser.open(url);
  await mode(page, 'watching');
  await page.click('label.arena:has(input[value=tide])');
  await page.click('#play');
  await mode(page, 'playing');
  await page.evaluate(() => {
    const me = fake.arenas.get('tide')!.world.bodies.get('me')!;
    Object.assign(me, { x: 34, y: 700 });
  });
  await page.waitForFunction(() => document.getElementById('arena-title')!.textContent === 'Greenhollow');
  t.is(await page.evaluate(() => fake.me!.arena), 'grove');
  await page.keyboard.press('m');
  t.is(await page.getAttribute('#sound', 'aria-pressed'), 'false');
  await page.click('#board-switch');
  t.is(await page.textContent('#board-title'), 'All islands');
  t.deepEqual(troubles, []);
  await page.context().close();
});

test('every size shows the way in', async (t) => {
  for (const [width, height] of [
    [360, 640],
    [640, 360],
    [768, 1024],
    [1280, 720],
    [1920, 1080],
  ] as const) {
    const { page } = await browser.open(url, { viewport: { width, height }, hasTouch: width < 800 });
    await mode(page, 'watching');
    const inside = await page.evaluate(() => {
      const { top, bottom, left, right } = document.getElementById('play')!.getBoundingClientRect();
      return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    });
    t.true(inside, `the Play button at ${width}x${height}`);
    t.false(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), `no scrolling at ${width}`);
    await page.context().close();
  }
});
