import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceEvent } from "../../shared/trace.ts";
import { runVirtual } from "../../simulator/lab.ts";
import { htmlReport } from "../../simulator/reports/html-report.ts";
import { measuredIn } from "../../simulator/reports/outcome.ts";
import { RunRecord } from "../../simulator/reports/run-record.ts";
import { play } from "../../simulator/scenarios/play.ts";
import { readScenario } from "../../simulator/scenarios/read-scenario.ts";
import { outcomeWith } from "../simulator/reports/outcomes.ts";
import { browserPath, TestBrowser, type OpenPage } from "../support/browser.ts";

/** One licence for two people, and an expectation that can't be met. */
const scenario = `name: too-few
title: a licence too few, for <people> who "wait"
world:
  licenses: { Pages: 1 }
  people:
    - { id: anna, groups: [Sales] }
    - { id: bert, groups: [Sales] }
steps:
  - deploy: { app: Pages, group: Sales }
  - expect: { installations: { app: Pages, state: installed, count: 2 } }
    within: 1h
`;

describe.skipIf(browserPath === undefined)("the page about a run, in a real browser", () => {
  let folder: string;
  let url: string;
  let browser: TestBrowser;
  const events: TraceEvent[] = [];
  beforeAll(async () => {
    const record = new RunRecord();
    const onEvent = (event: TraceEvent) => {
      events.push(event);
      record.take(event);
    };
    const file = readScenario(scenario, "too-few.yaml");
    const summary = await runVirtual({ seed: "3", progress: () => undefined, onEvent }, (lab) =>
      play(lab, file),
    );
    const about = { scenario: file.name, title: file.title, seed: "3", measured: measuredIn(record) };
    const outcome = { ...outcomeWith(about), summary };
    folder = await mkdtemp(join(tmpdir(), "pippin-page-"));
    const path = join(folder, "report.html");
    await writeFile(path, htmlReport([outcome], { outcome, record }));
    url = pathToFileURL(path).href;
    browser = await TestBrowser.open();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (hash = "", width = 1_440): Promise<OpenPage> => {
    const opened = await browser.page({ viewport: { width, height: 900 } });
    await opened.page.goto(url + hash);
    return opened;
  };
  const row = (page: Page, seq: number | undefined) => page.locator(`#e${seq}`);
  function first(match: (event: TraceEvent) => boolean): TraceEvent {
    const event = events.find(match);
    if (!event) throw new Error("the run has no such event");
    return event;
  }

  it("shows verdict, failure, licences and states, complains of nothing, and asks for nothing", async () => {
    const { page, complaints, requests } = await open();
    expect(await page.title()).toBe("too-few: failed · Pippin");
    expect(await page.locator(".verdict").innerText()).toBe("Failed");
    expect(await page.locator(".title").innerText()).toBe('a licence too few, for <people> who "wait"');
    expect(await page.locator(".failures").innerText()).toContain("1 installed");
    const drawn = await page.locator(".plot:visible figcaption").allInnerTexts();
    expect(drawn).toEqual(["Licences of Pages", "Installations by state", "Phones"]);
    const box = await page.locator(".plot[data-plot=states] .chart:visible svg").boundingBox();
    expect(box?.width).toBeGreaterThan(300);
    const fills = await page
      .locator(".plot[data-plot=states] .chart:visible .area")
      .evaluateAll((areas) => areas.map((area) => getComputedStyle(area).fill));
    expect(new Set(fills).size).toBe(fills.length);
    expect(fills.length).toBeGreaterThan(2);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([url]);
  });

  it("opens a message, and leads from an effect to its cause by mouse and by keyboard", async () => {
    const pushed = first(({ event, commandUUID }) => event === "command.pushed" && commandUUID !== undefined);
    const sent = first(({ event, cause }) => event === "wire" && cause === pushed.seq);
    const { page } = await open();
    await page.locator(`#phone-${pushed.udid} > summary`).click();
    const message = row(page, sent.seq);
    await message.locator("summary").click();
    expect(await message.locator("pre").innerText()).toContain(`<string>${pushed.commandUUID}</string>`);
    await message.locator(".links a").click();
    expect(new URL(page.url()).hash).toBe(`#e${pushed.seq}`);
    await row(page, pushed.seq).and(page.locator(".target")).waitFor();
    expect(await row(page, pushed.seq).locator("dl").innerText()).toContain("command.pushed");
    // The row it led to has the focus: the next stop is its own cause, the command in the queue.
    await page.keyboard.press("Tab");
    while ((await page.locator(":focus").getAttribute("href")) !== `#e${pushed.cause}`)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await row(page, pushed.cause).and(page.locator(".target")).waitFor();
  });

  it("leads to a cause in another timeline, from an address too", async () => {
    const failed = first(({ event, to }) => event === "installation.changed" && to === "failed");
    const { page } = await open(`#e${failed.seq}`);
    await row(page, failed.seq).and(page.locator(".target")).waitFor();
    await row(page, failed.seq).locator(".links a").click();
    const cause = page.locator("#lab .target");
    await cause.waitFor();
    expect(await cause.innerText()).toContain("Admin: POST /api/v1/deployments");
    expect(await cause.locator("dl").innerText()).toContain(`#${failed.seq}`);
  });

  it("reads values off a plot by keyboard, and draws it by the clock when asked to", async () => {
    const { page } = await open();
    const plot = page.locator(".plot[data-plot='seats-361309726']");
    await plot.locator(".chart:visible").focus();
    await page.keyboard.press("End");
    expect(await plot.locator(".reading").innerText()).toMatch(
      /^\+.*: in use, says Apple 1, in use, says the server 1/,
    );
    const before = await plot.locator(".chart:visible").getAttribute("data-scale");
    await page.locator("#scale-clock").check();
    expect([before, await plot.locator(".chart:visible").getAttribute("data-scale")]).toEqual([
      "change",
      "clock",
    ]);
  });

  it("finds timelines by what is said in them, and leaves messages out when asked to", async () => {
    const { page } = await open();
    await page.locator("#find").fill("bert");
    expect(await page.locator(".timeline:visible h3").allInnerTexts()).toContainEqual(
      expect.stringMatching(/^bert/),
    );
    expect(await page.locator("#found").innerText()).toMatch(/^\d timelines$/);
    const bert = first(({ event, userId }) => event === "checkin.authenticate" && userId === "bert");
    await page.locator(`#phone-${bert.udid} > summary`).click();
    const messages = page.locator(`#phone-${bert.udid} .k-message:visible`);
    await messages.nth(5).waitFor();
    await page.locator("#messages").uncheck();
    expect(await messages.count()).toBe(0);
  });

  it("fits a phone's screen, and has one heading after the other", async () => {
    const { page } = await open("", 360);
    for (const one of await page.locator(".timeline").all()) {
      await one.locator("summary").first().click();
      await one.locator(".event").first().waitFor();
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const levels = await page
      .locator("h1, h2, h3")
      .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.slice(1).entries())
      expect(level - (levels[index] ?? 0)).toBeLessThanOrEqual(1);
  });
});
