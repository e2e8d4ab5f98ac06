import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPhoneShots, type Shots } from "../screenshots/phone.ts";
import { axeViolations } from "../support/axe.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { overflow } from "../support/console-page.ts";

describe.skipIf(browserPath === undefined)("every screen and sheet of the phone", () => {
  let browser: TestBrowser;
  let pictures: Shots;

  beforeAll(async () => {
    browser = await TestBrowser.open();
    pictures = await openPhoneShots();
  });
  afterAll(async () => {
    await browser?.close();
    await pictures?.close();
  });

  it.each([
    ["light", "en-GB", "all", 1_280],
    ["dark", "it-IT", "colours", 360],
  ] as const)("is without barriers in %s, said as %s", async (colorScheme, locale, what, width) => {
    const { page } = await browser.page({
      ...{ colorScheme, locale, reducedMotion: "reduce" },
      viewport: { width, height: 800 },
    });
    expect(pictures.shots.length).toBeGreaterThan(25);
    for (const { name, take } of pictures.shots) {
      await take(page);
      expect(await axeViolations(page, what), name).toEqual([]);
      expect(await overflow(page), name).toBe(0);
    }
    await page.context().close();
  });
});
