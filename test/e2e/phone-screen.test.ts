import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScreen, type RunningScreen } from "../../agent/screen/start-screen.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { controlLive } from "../../simulator/control/controlled-lab.ts";
import { labRack } from "../../simulator/control/lab-rack.ts";
import { controlVirtual, type VirtualControl } from "../../simulator/control/virtual-control.ts";
import { beginLab } from "../../simulator/fleet/beginning.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { appleIdOf } from "../../simulator/organisation.ts";
import type { Hand } from "../../simulator/people/hand.ts";
import { StandInPhone, StandInRack } from "../agent/screen/stand-ins.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { WireTap } from "../support/wire-tap.ts";

const pages = "361309726";
const numbers = "361304891";
const wrongPassword = "not-the-password-at-all";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with what is to be seen, by the standards that the pages promise. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await checker.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

describe.skipIf(browserPath === undefined)("phones in a real browser", () => {
  const world = createLiveWorld();
  const events: TraceEvent[] = [];
  const tap = new WireTap();
  let lab: RunningLab;
  let screen: RunningScreen;
  let browser: TestBrowser;
  let page: Page;
  let complaints: readonly string[];
  let [ada, bert]: Hand[] = [];

  beforeAll(async () => {
    lab = await startLiveLab({
      ...{ seed: "screen", progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
      ...{ keepsWire: true, onEvent: (event: TraceEvent) => events.push(event) },
    });
    await beginLab(lab, { seed: "screen", play: "fleet", fleetSize: 6 });
    [ada, bert] = lab.hands.filter(({ phone }) => phone.config.kind === "user");
    screen = await startScreen(world, labRack(controlLive(lab)), {
      host: "127.0.0.1",
      port: 0,
      key: "sk_test",
    });
    browser = await TestBrowser.open();
    ({ page, complaints } = await browser.page({ locale: "en-GB", reducedMotion: "reduce" }));
    page.setDefaultTimeout(5_000);
    const { admin } = lab;
    await admin.post("/api/v1/groups", { id: "mine", name: "Mine" });
    for (const hand of [ada, bert]) await admin.send("PUT", `/api/v1/groups/mine/members/${hand?.owner}`);
  });
  afterAll(async () => {
    await browser?.close();
    await screen?.stop();
    await lab?.stop();
    tap.stop();
  });

  const person = async (hand: Hand | undefined) => {
    const id = hand?.owner ?? "";
    const { email } = await lab.admin.get<{ email: string }>(`/api/v1/users/${id}`);
    return appleIdOf({ id, email });
  };
  const button = (name: string, within: Page | Locator = page) =>
    within.getByRole("button", { name, exact: true });
  const sheet = (title: string) => page.getByRole("alertdialog", { name: title });
  it("lets in by the printed link alone, and takes the key out of the address", async () => {
    const answer = await page.goto(screen.url);
    expect(answer?.status()).toBe(401);
    expect(await page.locator("main").innerText()).toContain("?key=");
    await page.goto(screen.link);
    expect(page.url()).toBe(`${screen.url}/`);
    await page.getByText("6 phones").waitFor();
    expect(await page.evaluate(() => document.cookie)).toBe("");
  });

  it("opens two phones of the wall by name, and takes them out of their persons' hands", async () => {
    for (const hand of [bert, ada]) {
      if (hand !== bert) await page.getByRole("link", { name: "All phones" }).click();
      await page.getByRole("searchbox").fill(hand!.phone.view().deviceName);
      await page.getByText("1 of 6 phones").waitFor();
      await page.locator(".phone-card").press("Enter");
      expect(hand?.isHeld).toBe(true);
      await button("Take it in hand").click();
      await button("Give it back").waitFor();
      expect(hand?.isHeld).toBe(false);
    }
  });

  it("shows the program's terms at once, and takes no Escape for an answer", async () => {
    await lab.admin.post("/api/v1/deployments", { adamId: pages, groupId: "mine", action: "required" });
    await sheet("Apps from Orchard & Sons").waitFor();
    const promptId = ada?.phone.view().prompt?.id;
    for (let times = 0; times < 3; times += 1) await page.keyboard.press("Escape");
    expect(await sheet("Apps from Orchard & Sons").isVisible()).toBe(true);
    expect(ada?.phone.view().prompt?.id).toBe(promptId);
    // The focus stays within: from the terms that scroll to the last button, and round again.
    const names = new Set<string>();
    for (let times = 0; times < 8; times += 1) {
      await page.keyboard.press("Tab");
      names.add(
        await page.evaluate(() =>
          document.activeElement?.closest("dialog") || document.activeElement === document.body
            ? "inside"
            : `outside: ${document.activeElement?.outerHTML.slice(0, 80)}`,
        ),
      );
    }
    expect([...names]).toEqual(["inside"]);
    expect(await faults(page)).toEqual([]);
  });

  it("locks the phone under a sheet and brings it back, by keyboard alone", async () => {
    await button("Lock the phone").press("Enter");
    await page.locator(".lock-screen").waitFor();
    expect(await sheet("Apps from Orchard & Sons").count()).toBe(0);
    expect(ada?.phone.view().locked).toBe(true);
    // The focus is back where it was before the sheet came up.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Give it back");
    await button("Unlock").press("Enter");
    await sheet("Apps from Orchard & Sons").waitFor();
    expect(ada?.phone.view().locked).toBe(false);
  });

  it("accepts with the Apple ID: a wrong password is told, the right one leads on", async () => {
    const { appleId, password } = await person(ada);
    await button("Accept").click();
    const asked = sheet("Sign In to the App Store");
    await button("Sign In", asked).click();
    expect(await asked.getByText("Type it first.").count()).toBe(2);
    await asked.getByLabel("Apple ID", { exact: true }).fill(appleId);
    await asked.getByLabel("Password", { exact: true }).fill(wrongPassword);
    await page.keyboard.press("Enter");
    await page.getByText("That was 1 attempt.").waitFor();
    await sheet("Sign In to the App Store").getByLabel("Apple ID", { exact: true }).fill(appleId);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    await sheet("App Installation").waitFor();
    expect(ada?.phone.view().appleId).toBe(appleId);
  });

  it("installs an app, and says so", async () => {
    await button("Install").click();
    const tile = page.locator(".tile-button", { hasText: "Pages" });
    await tile.and(page.locator("[data-state=Managed]")).waitFor();
    await page.getByText("Pages is installed.").waitFor({ state: "attached" });
    expect(ada?.phone.view().apps).toMatchObject([{ adamId: pages, installed: true }]);
  });

  it("gets an app from the company portal", async () => {
    await lab.admin.post("/api/v1/deployments", { adamId: numbers, groupId: "mine", action: "available" });
    await button("Company Portal").click();
    await page.getByRole("heading", { name: "Company Portal" }).waitFor();
    const wanted = button("Install Numbers");
    while (!(await wanted.isVisible())) await button("Sync").click();
    await wanted.click();
    await sheet("App Installation").getByText("“Numbers”").waitFor();
    await button("Install", sheet("App Installation")).click();
    await page.locator("[data-status=Installed]", { hasText: "Numbers" }).waitFor();
    expect(ada?.phone.view().apps.filter(({ installed }) => installed)).toHaveLength(2);
    await button("Back").click();
  });

  it("goes on an airplane and comes back", async () => {
    const airplane = page.getByRole("switch", { name: "Airplane mode" });
    await airplane.click();
    await page.getByText("Not connected to the server").waitFor({ state: "attached" });
    expect(await airplane.getAttribute("aria-checked")).toBe("true");
    await airplane.click();
    await page.getByText("Connected to the server", { exact: true }).waitFor({ state: "attached" });
    expect(ada?.phone.view()).toMatchObject({ airplane: false, connected: true });
  });

  it("has no button that lies while the connection is lost, and comes back by itself", async () => {
    const { port } = new URL(screen.url);
    await screen.stop();
    await page.getByText("The connection to this phone was lost.").waitFor();
    expect(await page.locator(".stage").getAttribute("inert")).not.toBeNull();
    screen = await startScreen(world, labRack(controlLive(lab)), {
      ...{ host: "127.0.0.1", port: Number(port), key: "sk_test" },
    });
    await page.locator(".stage:not([inert])").waitFor();
    await button("Lock").click();
    await button("Unlock").click();
    await page.locator(".home").waitFor();
  });

  it("signs out in the settings", async () => {
    await button("Settings").click();
    await button("Sign out").click();
    await page.getByText("Not signed in").waitFor();
    expect(ada?.phone.view().appleId).toBeNull();
    expect(await faults(page)).toEqual([]);
    await button("Back").click();
  });

  it("is erased after a question that Escape turns down, and enrols again", async () => {
    await button("Erase…").click();
    const question = sheet("Erase all content and settings?");
    await question.waitFor();
    await page.keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    expect(ada?.phone.view().status).toBe("enrolled");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Erase…");
    await page.keyboard.press("Enter");
    await button("Erase", question).click();
    await button("Enrol with a new link").click();
    await page.locator(".home").waitFor({ state: "attached" });
    expect(ada?.phone.view()).toMatchObject({ status: "enrolled", enrolled: true });
  });

  it("shows another phone's terms, which are declined in Italian and in the dark", async () => {
    // The new phone is asked for the app that it needs; a sheet can be left alone.
    await button("All phones", sheet("App Installation")).click();
    await page.getByLabel("Language").selectOption("it");
    await page.getByLabel("Aspetto").selectOption("dark");
    await page.getByLabel("Solo quelli che chiedono qualcosa").check();
    expect(await faults(page)).toEqual([]);
    await page.getByRole("link", { name: bert!.phone.view().deviceName }).click();
    await sheet("App da Orchard & Sons").waitFor();
    expect(await faults(page)).toEqual([]);
    await button("Rifiuta").click();
    await page.locator(".home").waitFor();
    expect(await faults(page)).toEqual([]);
    expect(
      events.filter(({ event, choice }) => event === "prompt.answered" && choice === "decline"),
    ).toHaveLength(1);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("it");
  });

  it.each([360, 1_920])("fits a window that is %d wide", async (width) => {
    await page.setViewportSize({ width, height: 800 });
    for (const name of ["Impostazioni", "Portale aziendale"]) {
      await button(name).click();
      await page.locator(".place.page").waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await button("Indietro").click();
    }
  });

  it("has told no password to the MDM server, nor heard it from there", async () => {
    const { password } = await person(ada);
    const ports = { server: Number(new URL(lab.serverUrl).port), apple: Number(new URL(lab.appleUrl).port) };
    const [toServer, toApple] = [tap.with(ports.server), tap.with(ports.apple)];
    for (const secret of [password, wrongPassword]) {
      expect(toApple.includes(secret)).toBe(true);
      expect(toServer.includes(secret)).toBe(false);
      expect(tap.messages.includes(secret)).toBe(false);
      expect(JSON.stringify(events)).not.toContain(secret);
    }
    // So that it is known to have looked.
    expect(toServer.includes("/mdm/")).toBe(true);
    expect(tap.messages.length).toBeGreaterThan(1_000);
    expect(complaints.filter((one) => !/401|ERR_|Failed to load/.test(one))).toEqual([]);
  });

  describe("in a lab that stands still", () => {
    let control: VirtualControl;
    let still: RunningScreen;
    beforeAll(async () => {
      const ports = { server: 0, apple: 0 };
      control = await controlVirtual(world, {
        ...{ lab: { seed: "still", progress: () => undefined }, host: "127.0.0.1", ports },
      });
      await control.drive(() =>
        beginLab(control.lab, { seed: "still", play: "fleet", fleetSize: 1 }).then(() => undefined),
      );
      still = await startScreen(world, labRack(control), { host: "127.0.0.1", port: 0 });
    });
    afterAll(async () => {
      await still?.stop();
      await control?.stop();
    });

    it("restarts as time is made to pass", async () => {
      const opened = await browser.page({ locale: "en", reducedMotion: "reduce" });
      await opened.page.goto(still.link);
      await opened.page.locator(".phone-card").click();
      await button("Restart", opened.page).click();
      await opened.page.getByText("Restarting…").waitFor();
      await button("1 min", opened.page).click();
      await opened.page.locator(".home").waitFor();
      expect(control.lab.phones[0]?.view()).toMatchObject({ status: "enrolled", connected: true });
    });
  });

  it("keeps a wall of 10,000 phones short, and finds one of them", async () => {
    const phones = Array.from({ length: 10_000 }, (_, index) => {
      const serialNumber = `WALL${index}`;
      return new StandInPhone({ udid: `udid-${index}`, serialNumber, deviceName: `Phone ${index}` });
    });
    const wall = await startScreen(world, new StandInRack(phones), { host: "127.0.0.1", port: 0 });
    const opened = await browser.page({ locale: "en" });
    await opened.page.goto(wall.link);
    await opened.page.getByText("10,000 phones").waitFor();
    const rows = opened.page.locator(".wall > li");
    expect(await rows.count()).toBeLessThan(100);
    await opened.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await opened.page.getByText("Phone 9999").waitFor();
    expect(await rows.count()).toBeLessThan(100);
    phones[9_999]?.show({ status: "off", connected: false });
    await opened.page.locator(".phone-card", { hasText: "Phone 9999" }).getByText("Off").waitFor();
    await opened.page.getByLabel("Status").selectOption("off");
    await opened.page.getByText("1 of 10,000 phones").waitFor();
    await wall.stop();
  });
});
