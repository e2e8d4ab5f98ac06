/** Somebody at the console, in a real browser. */
import type { BrowserContextOptions, Page } from "playwright-core";
import type { OpenPage, TestBrowser } from "./browser.ts";

export interface Console extends OpenPage {
  /** Waits for the page of this title to be there. */
  open(path: string, title: string): Promise<void>;
}

/** Signs in with a key, as a person does: by typing it. */
export async function signIn(
  browser: TestBrowser,
  serverUrl: string,
  key: string,
  options: BrowserContextOptions = {},
): Promise<Console> {
  const opened = await browser.page({ locale: "en-GB", ...options });
  const { page } = opened;
  await page.goto(`${serverUrl}/console`);
  await page.locator("input[type=password]").fill(key);
  await page.keyboard.press("Enter");
  await page.locator(".frame").waitFor();
  return {
    ...opened,
    async open(path, title) {
      await page.goto(`${serverUrl}/console${path}`);
      await headed(page, title);
    },
  };
}

export async function headed(page: Page, title: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
}

/** How much wider than its window the page is. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  )) as number;
}
