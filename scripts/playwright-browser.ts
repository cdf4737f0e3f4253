/** The browser of end-to-end tests: the only file that knows what drives it. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findProgram } from './programs.ts';

/** Headless, without anything that phones home. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Longest wait for anything on a page. */
const WAIT_MS_MAX = 30_000;

/** A page, and what went wrong on it: errors, refused resources, violated policies. */
export interface OpenPage {
  readonly page: Page;
  readonly troubles: readonly string[];
}

export type PageOptions = BrowserContextOptions;

/** One Chromium with a profile of its own, for the pages of one test file. */
export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Rejects when there is no Chromium: ask `needsProgram('chromium')` first. */
  static async launch(): Promise<TestBrowser> {
    const executablePath = findProgram('chromium');
    if (executablePath === undefined) throw new Error('There is no Chromium; CHROMIUM_PATH can name one.');
    return new TestBrowser(await chromium.launch({ executablePath, args: FLAGS }));
  }

  /** Opens an address in a context of its own: no cookies or storage of other pages. */
  async open(url: string, options: PageOptions = {}): Promise<OpenPage> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS_MAX);
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
    });
    page.on('requestfailed', (request) => troubles.push(`${request.url()}: ${request.failure()?.errorText}`));
    await page.goto(url);
    return { page, troubles };
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
