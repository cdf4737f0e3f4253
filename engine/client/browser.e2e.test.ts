import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest from 'ava';
import { bundleForBrowser } from '../../codegen/esbuild.ts';
import { TestBrowser } from '../../scripts/playwright-browser.ts';
import { needsProgram } from '../../scripts/programs.ts';
import { GameError } from '../base/errors.ts';
import { operation, serving } from '../gateway/gateway.fixture.ts';
import { StaticFiles } from '../gateway/static.ts';

const hasBrowser = needsProgram('chromium');
const test = hasBrowser ? anyTest : anyTest.skip;

/** Runs in the page; what it finds out ends up in `report`. */
const PAGE = `
import { contract, EngineError, ForbiddenError, GameError } from 'skerry';
import { connect } from 'skerry/client';

const Hero = contract('Hero', { move: {}, poke: {}, settle: {}, rule: {}, echo: {} });
const HeroView = contract('HeroView', { say: {}, ask: {} });
const report: Record<string, unknown> = {};
const said: string[] = [];
const client = await connect('/', { ticket: { id: 'page' } });
client.implement(HeroView, {
  say: (text: string) => void said.push(text),
  ask: async (question: string) => question + '!',
});
client.on('closed', (detail) => { report.closed = detail; });
const hero = client.getProxy<any>(Hero, client.principalId);
report.principal = client.principalId;
report.sum = await hero.move(20, 22);
report.poke = String(hero.poke('x'));
report.settle = String(await hero.settle());
const value = { bytes: new Uint8Array([1, 2]), big: 1n << 60n, date: new Date(5), map: new Map([['a', new Set([1])]]), text: '☃' };
const back = await hero.echo(value);
report.echo = [
  back.bytes.constructor === Uint8Array && back.bytes.buffer.byteLength === 2,
  back.big === value.big,
  back.date.getTime() === 5,
  back.map.get('a').has(1),
  back.text,
];
const caught = async (promise: Promise<unknown>) => promise.then(() => undefined, (error) => error);
const forbidden = await caught(hero.rule());
report.forbidden = [forbidden instanceof ForbiddenError, forbidden instanceof EngineError, forbidden.name, forbidden.code];
const poor = await caught(hero.move(1, 666));
report.poor = [poor instanceof GameError, poor.name, poor.code, poor.data];
const refused = await caught(connect('/', { ticket: {} }));
report.refused = [refused instanceof ForbiddenError, refused.name];
(globalThis as any).report = report;
(globalThis as any).said = said;
`;

test('the library in a page that the gateway serves', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-page-'));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><title>page</title><script type="module" src="main.js"></script>' +
      '<script>window.inline = true;</script>',
  );
  writeFileSync(join(folder, 'main.ts'), PAGE);
  const door = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const aliases = { skerry: door('./browser.js'), 'skerry/client': door('./index.browser.js') };
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => t.log(fields) };
  const files = new StaticFiles({ folder, bundle: (entry) => bundleForBrowser(entry, aliases), log });
  const { port, gateway, world } = await serving(t, {
    pages: (request, response) => void files.serve(request, response),
  });
  const move = world.answers.move!;
  world.answers.move = (call) => {
    if (call.args[1] === 666) throw new GameError('poor', { gold: 1 });
    return move(call);
  };

  const browser = await TestBrowser.launch();
  t.teardown(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { page, troubles } = await browser.open(`http://127.0.0.1:${port}/`);
  await page.waitForFunction(() => 'report' in globalThis);
  t.deepEqual(await page.evaluate(() => (globalThis as any).report), {
    principal: 'page',
    sum: 42,
    poke: 'undefined',
    settle: 'undefined',
    echo: [true, true, true, true, '☃'],
    forbidden: [true, true, 'ForbiddenError', 'forbidden'],
    poor: [true, 'GameError', 'poor', { gold: 1 }],
    refused: [true, 'ForbiddenError'],
  });
  t.true(await page.evaluate(() => (globalThis as any).inline), 'the inline script ran under the policy');
  gateway.push({ principal: 'page' }, operation('HeroView', 'say'), ['hello'], 1);
  t.is(await gateway.push({ principal: 'page' }, operation('HeroView', 'ask'), ['why'], 5000), 'why!');
  t.deepEqual(await page.evaluate(() => (globalThis as any).said), ['hello']);
  t.deepEqual(troubles, []);
  await gateway.close(700);
  await page.waitForFunction(() => 'closed' in (globalThis as any).report);
  t.deepEqual(await page.evaluate(() => (globalThis as any).report.closed), {
    code: 1001,
    reason: 'draining',
    retryAfterMs: 0,
  });
});
