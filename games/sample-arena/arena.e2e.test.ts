import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext } from 'ava';
import { type OpenPage, TestBrowser } from '../../scripts/playwright-browser.ts';
import { needsProgram } from '../../scripts/programs.ts';
import { HostProcess } from './test/host-process.ts';

/** This file runs as build/games/sample-arena/arena.e2e.test.js. */
const SCREENSHOTS = fileURLToPath(new URL('../../screenshots/', import.meta.url));

const hasBrowser = needsProgram('chromium');
const test = hasBrowser ? anyTest.serial : anyTest.serial.skip;
let host: HostProcess;
let browser: TestBrowser;
let url: string;

anyTest.before(async () => {
  if (!hasBrowser) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  host = new HostProcess(['--workers=2']);
  [browser, url] = await Promise.all([TestBrowser.launch(), host.page()]);
});
anyTest.after.always(async () => {
  await browser?.close();
  host?.kill();
});

type Page = OpenPage['page'];

const mode = (page: Page, wanted: string) =>
  page.waitForFunction((name) => document.body.dataset.mode === name, wanted);

async function position(page: Page): Promise<{ x: number; y: number }> {
  const text = await page.waitForFunction(
    () => /^\d+, \d+$/.exec(document.getElementById('position')!.textContent!)?.[0],
  );
  const [x, y] = String(await text.jsonValue())
    .split(', ')
    .map(Number);
  return { x: x!, y: y! };
}

/** Resolves when the own bird stands at least so far from where it was. */
const movedFrom = (page: Page, from: { x: number; y: number }, least: number) =>
  page.waitForFunction(
    ([x, y, far]) => {
      const [nowX, nowY] = document.getElementById('position')!.textContent!.split(', ').map(Number);
      return Math.hypot(nowX! - x!, nowY! - y!) >= far!;
    },
    [from.x, from.y, least],
  );

/** Somebody else on the score board who has points. */
const rival = (page: Page) =>
  page.waitForFunction(() => {
    for (const line of document.querySelectorAll('#board-rows li:not(.me)')) {
      const points = Number(line.querySelector('b')!.textContent);
      if (points > 0) return { name: line.querySelector('span')!.textContent, points };
    }
    return undefined;
  });

async function shoot(t: ExecutionContext, page: Page, name: string): Promise<void> {
  const path = `${SCREENSHOTS}${name}.png`;
  // A machine that is busy with other tests paints slowly.
  await page.screenshot({ path, timeout: 90_000 });
  t.true(statSync(path).size > 20_000, 'a picture with something on it');
}

test('a desktop page: the first screen moves, join, move, see others score', async (t) => {
  const { page, troubles } = await browser.open(url, { viewport: { width: 1920, height: 1080 } });
  await mode(page, 'watching');
  await rival(page);
  t.regex((await page.textContent('#arenas'))!, /\d+ birds/);
  await shoot(t, page, 'arena-join');

  await page.fill('#name', 'Annika');
  await page.keyboard.press('Enter');
  await mode(page, 'playing');
  const from = await position(page);
  await page.mouse.move(1200, 400);
  await page.mouse.down();
  // To the middle of the island, from wherever it stands: nothing there stops it for good.
  for (const key of [from.x < 1000 ? 'd' : 'a', from.y < 700 ? 'ArrowDown' : 'ArrowUp']) await page.keyboard.down(key);
  await movedFrom(page, from, 150);
  const other = (await (await rival(page)).jsonValue()) as { name: string; points: number };
  t.log(`${other.name} has ${other.points} points`);
  t.is(await page.textContent('#board-rows .me span'), 'Annika');
  t.regex((await page.textContent('#arena-host'))!, /^.+\/[01]$/);
  await shoot(t, page, 'arena-desktop');
  await page.mouse.up();

  await page.click('#quit');
  await mode(page, 'watching');
  t.deepEqual(troubles, []);
  await page.context().close();
});

test('a phone page: a thumb moves the bird', async (t) => {
  const { page, troubles } = await browser.open(url, {
    viewport: { width: 360, height: 640 },
    hasTouch: true,
    isMobile: true,
    deviceScaleFactor: 2,
  });
  await mode(page, 'watching');
  await rival(page);
  await shoot(t, page, 'arena-phone-join');
  const fits = await page.evaluate(() => {
    const { top, bottom, left, right } = document.getElementById('play')!.getBoundingClientRect();
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
  });
  t.true(fits, 'the Play button is in sight');
  await page.tap('#play');
  await mode(page, 'playing');

  // The corner's position is for wide screens only, but it is there.
  const from = await position(page);
  const touches = await page.context().newCDPSession(page);
  const thumb = { x: 80, y: 520 };
  await touches.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [thumb] });
  const towards = { x: thumb.x + (from.x < 1000 ? 50 : -50), y: thumb.y + (from.y < 700 ? 30 : -30) };
  await touches.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [towards] });
  await movedFrom(page, from, 120);
  await shoot(t, page, 'arena-phone');
  await touches.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  t.deepEqual(troubles, []);
  await page.context().close();
});

test('a host that goes away is shown, and the host itself ends well', async (t) => {
  const { page } = await browser.open(url, { viewport: { width: 1280, height: 720 } });
  await mode(page, 'watching');
  await page.click('#play');
  await mode(page, 'playing');
  t.is(await host.stop(), 0);
  await mode(page, 'lost');
  t.true(await page.isVisible('#retry'));
  await page.context().close();
});
