/** A real browser for tests: the system's Chromium, driven by playwright-core. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const usualPaths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Undefined where there is none. With PIPPIN_NEEDS_BROWSER, that is a mistake of the machine's. */
export const browserPath = [process.env["CHROMIUM_PATH"], ...usualPaths].find(
  (path) => path !== undefined && path !== "" && existsSync(path),
);

if (browserPath === undefined) {
  const help = "no Chromium: install Debian's `chromium`, or name one in CHROMIUM_PATH";
  if (process.env["PIPPIN_NEEDS_BROWSER"]) throw new Error(help);
  console.warn(`The tests in a real browser are skipped; ${help}.`);
}

export interface OpenPage {
  readonly page: Page;
  /** What the page complained of, and every address it asked for. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open(): Promise<TestBrowser> {
    if (browserPath === undefined) throw new Error("there is no browser");
    return new TestBrowser(await chromium.launch({ executablePath: browserPath }));
  }

  async page(options: BrowserContextOptions = {}): Promise<OpenPage> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    return { page, complaints, requests };
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
