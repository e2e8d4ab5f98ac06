import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder, type Recorder } from "../../shared/trace.ts";
import { fillStore } from "../bench/stored.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { firstVisit, signIn, type Console } from "../support/console-page.ts";

const devices = 10_000;
const rows = "table.list tbody tr:not(.gap)";

describe.skipIf(browserPath === undefined)("the console of a server with ten thousand phones", () => {
  const world = createLiveWorld();
  const key = "pk_many_phones_of_the_orchard";
  let folder: string;
  let server: RunningServer;
  let recorder: Recorder;
  let browser: TestBrowser;
  let admin: Console;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pippin-many-"));
    await fillStore(folder, { devices, commandsEach: 0 });
    recorder = createRecorder({ now: () => world.now(), run: "many", keepsWire: false });
    server = await startServer(world, recorder, {
      ...{ host: "127.0.0.1", port: 0, dataDirectory: folder, appleUrl: "http://127.0.0.1:9" },
      insecureDevKey: key,
    });
    browser = await TestBrowser.open();
    admin = await signIn(browser, server.url, key);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("counts them on the dashboard, which weighs little", async () => {
    const { page, weight } = await firstVisit(browser, server.url, key);
    await page.goto(`${server.url}/console`);
    await page.locator(".dashboard .figures dd", { hasText: "10,000" }).first().waitFor();
    const bytes = await weight();
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(250 * 1_024);
  });

  it("lists them all, and has only those on the page that are on the screen", async () => {
    const { page } = admin;
    await admin.open("/devices", "Devices");
    await page.locator(rows).first().waitFor();
    const seen = new Set<string>();
    let most = 0;
    const look = async () => {
      const texts = await page.locator(rows).allInnerTexts();
      for (const text of texts) seen.add(text);
      most = Math.max(most, texts.length);
    };
    while (seen.size < 400) {
      await look();
      const before = await page.evaluate(() => {
        const { scrollHeight } = document.documentElement;
        scrollTo(0, scrollHeight);
        return scrollHeight;
      });
      await page.waitForFunction((height) => document.documentElement.scrollHeight > height, before);
    }
    expect(most).toBeLessThan(100);
    expect(await page.locator("table.list").getAttribute("aria-rowcount")).toBe("-1");
    await page.keyboard.press("Home");
    await page.waitForFunction(() => scrollY === 0);
    await look();
    expect(most).toBeLessThan(100);
  });

  it("goes on answering while events come by the thousand", async () => {
    const { page } = admin;
    await admin.open("", "Dashboard");
    await page.locator(".dashboard").waitFor();
    let told = 0;
    for (let round = 0; round < 20; round += 1) {
      for (let at = 0; at < 1_000; at += 1)
        recorder.record("command.acknowledged", { udid: "00a1", commandUUID: `c${at}` });
      told += 1_000;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toBe(20_000);
    // The plot has heard of them, in a handful of messages.
    await page.getByRole("img", { name: /Commands a second.*Now: .*acknowledged/ }).waitFor();
    await page.getByRole("link", { name: "Policies" }).click();
    await page.getByLabel("Hours between two syncs with Apple").waitFor();
  });
});
