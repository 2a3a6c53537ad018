/** Pages in Debian's Chromium. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { cleanup, type Test } from '../support/cleanup.ts';
import { requireProgram } from '../support/programs.ts';

/** Starts the browser for one test; where there is none the test is skipped and undefined returned. */
export async function startBrowser(t: Test, more: readonly string[] = []): Promise<Browser | undefined> {
  const executablePath = requireProgram(t, 'chromium');
  if (!executablePath) return undefined;
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
  cleanup(t, () => browser.close());
  return browser;
}

/** The example's page, with a person in front of it. */
export class ChatPage {
  readonly page: Page;
  /** What went wrong inside the page: uncaught errors and messages of level error. */
  readonly problems: string[];

  constructor(page: Page, problems: string[]) {
    this.page = page;
    this.problems = problems;
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ChatPage> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(url);
    await page.waitForSelector('#served[data-state=connected]');
    return new ChatPage(page, problems);
  }

  /** Such as `chat.1`. */
  instance(): Promise<string | null> {
    return this.page.locator('#served .chip').textContent();
  }

  /** The pid of the process that serves the page's session. */
  process(): Promise<string | null> {
    return this.page.locator('#served').getAttribute('data-process');
  }

  /** Such as `Served by chat.1 over polling`. */
  served(): Promise<string | null> {
    return this.page.locator('#served-text').textContent();
  }

  /** Presses the button, and waits for the page to be connected again. */
  async moveToAnotherInstance(): Promise<void> {
    await this.page.click('#move');
    await this.page.waitForSelector('#move:enabled');
    await this.page.waitForSelector('#served[data-state=connected]');
  }

  async say(text: string): Promise<void> {
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
  }

  /** Waits until a message is here, and confirmed by a server. */
  async sees(text: string): Promise<void> {
    await this.page.locator('.message:not(.unsent) .text').getByText(text, { exact: true }).waitFor();
  }

  messages(): Promise<string[]> {
    return this.page.locator('.message .text').allInnerTexts();
  }

  /** Waits for a line in the panel of the plain WebSocket. */
  async seesPlain(start: string): Promise<void> {
    await this.page.locator('#ws-log > div').filter({ hasText: start }).first().waitFor();
  }
}
