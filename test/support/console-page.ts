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
      // As a link does it: the page is not loaded anew, which takes a browser longer than all the rest.
      await page.evaluate((address) => {
        history.pushState(null, "", address);
        dispatchEvent(new PopStateEvent("popstate"));
      }, `/console${path}`);
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

export interface FirstVisit extends OpenPage {
  /** Everything that was loaded so far, in bytes as they came over the wire, but for what has no end. */
  weight(): Promise<number>;
}

/** A browser that is signed in and has nothing in its cache. It has not gone anywhere yet. */
export async function firstVisit(browser: TestBrowser, serverUrl: string, key: string): Promise<FirstVisit> {
  const answer = await fetch(`${serverUrl}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key }),
  });
  const [, name = "", value = ""] = /^([^=]+)=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
  const opened = await browser.page({ locale: "en-GB" });
  const { page } = opened;
  await page.context().addCookies([{ name, value, url: serverUrl, httpOnly: true, sameSite: "Strict" }]);
  await page.addInitScript('localStorage.setItem("pippin-signed-in", "yes")');
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    if (!response.headers()["content-type"]?.includes("event-stream"))
      sizes.push(
        response
          .request()
          .sizes()
          .then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
      );
  });
  return {
    ...opened,
    weight: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
  };
}
