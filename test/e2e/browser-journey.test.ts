import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScreen, type RunningScreen } from "../../agent/screen/start-screen.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { controlLive } from "../../simulator/control/controlled-lab.ts";
import { labRack } from "../../simulator/control/lab-rack.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { browserPath, TestBrowser, type OpenPage } from "../support/browser.ts";
import { headed, signIn, type Console } from "../support/console-page.ts";

const pagesApp = "361309726";
const person = { appleId: "ada@icloud.example", password: "windfall-of-1872" };

/** Each step builds on the one before, as it does for the two people. */
describe.skipIf(browserPath === undefined)("the whole journey, by mouse and keyboard", () => {
  let lab: RunningLab;
  let screen: RunningScreen;
  let browser: TestBrowser;
  let admin: Console;
  let watcher: Console;
  let phone: OpenPage;
  let sToken: string;

  beforeAll(async () => {
    lab = await startLiveLab({
      ...{ seed: "browser", progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
    });
    const { organisationId } = await lab.apple.post<{ organisationId: string }>("/control/v1/organisations", {
      name: "Orchard & Sons",
      appleId: "it@orchard.example",
    });
    const root = `/control/v1/organisations/${organisationId}`;
    await lab.apple.post(`${root}/licenses`, { adamId: pagesApp, quantity: 1 });
    await lab.apple.post("/control/v1/apple-ids", person);
    ({ sToken } = await lab.apple.post<{ sToken: string }>(`${root}/tokens`, {}));
    const soon = { firstSeconds: 0.1, factor: 1.2, maxSeconds: 1 };
    await lab.admin.send(
      "PATCH",
      "/api/v1/policies",
      JSON.stringify({ termsPoll: soon, verify: soon }),
      "application/json",
    );
    screen = await startScreen(createLiveWorld(), labRack(controlLive(lab)), { host: "127.0.0.1", port: 0 });
    browser = await TestBrowser.open();
    admin = await signIn(browser, lab.serverUrl, lab.adminKey);
    watcher = await signIn(browser, lab.serverUrl, lab.adminKey);
  });
  afterAll(async () => {
    await browser?.close();
    await screen?.stop();
    await lab?.stop();
  });

  const sheet = (page: Page) => page.getByRole("dialog").or(page.getByRole("alertdialog"));
  const gone = (page: Page) => sheet(page).waitFor({ state: "detached" });

  it("begins with the token, which the admin uploads and synchronises", async () => {
    const { page } = admin;
    await page.getByRole("link", { name: "Volume Purchase Program" }).click();
    await page.getByRole("button", { name: "Upload the VPP token" }).click();
    await page
      .getByLabel("Token file")
      .setInputFiles({ name: "orchard.vpptoken", mimeType: "", buffer: Buffer.from(sToken) });
    await page.getByLabel("VPP token name").fill("Orchard 2016");
    await page.getByLabel("Your Apple ID").fill("it@orchard.example");
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Yes" }).click();
    await headed(page, "Volume Purchase Program");
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByText("Synchronised: 1 apps").waitFor();
  });

  it("goes on with a group, a person, and a link for the phone", async () => {
    const { page } = admin;
    await page.getByRole("link", { name: "Groups" }).click();
    await page.getByRole("button", { name: "New group" }).click();
    await page.locator("input[data-focus]:focus").fill("Sales");
    await page.keyboard.press("Enter");
    await gone(page);
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("button", { name: "Add user" }).click();
    await page.getByLabel("ID", { exact: true }).fill("ada");
    await page.getByLabel("Name").fill("Ada Bramley");
    await page.getByLabel("E-mail").fill("ada@orchard.example");
    await page.getByRole("checkbox", { name: "Sales" }).check();
    await page.keyboard.press("Enter");
    await gone(page);
    await page.getByRole("link", { name: "Enrolment links" }).click();
    await page.getByRole("button", { name: "New link" }).click();
    await page.getByLabel("User").fill("ada");
    await page.getByRole("button", { name: "Create" }).click();
    const enrollmentUrl = await page.getByRole("dialog").locator(".code").innerText();
    expect(enrollmentUrl).toContain("/enroll/");
    await lab.addPhone({
      ...{ serial: "ADA0001", product: "iPhone8,1", name: "Ada's iPhone", kind: "user", enrollmentUrl },
    });
    phone = await browser.page({ locale: "en-GB", viewport: { width: 390, height: 844 } });
    await phone.page.goto(screen.link);
    await phone.page.getByRole("link", { name: /Ada's iPhone/ }).click();
    await phone.page.getByRole("heading", { level: 1, name: "Ada's iPhone" }).waitFor();
    await page.getByRole("button", { name: "Close" }).click();
  });

  it("deploys the app; the phone asks, and the person accepts, signs in and installs", async () => {
    await watcher.open(`/apps/${pagesApp}`, "Pages");
    await deploy("Required install");
    const { page } = phone;
    const terms = sheet(page).filter({ hasText: "Orchard & Sons" });
    await terms.getByRole("button", { name: "Accept" }).click();
    await sheet(page).getByLabel("Apple ID").fill(person.appleId);
    await page.keyboard.press("Tab");
    await page.keyboard.type(person.password);
    await page.keyboard.press("Enter");
    await sheet(page)
      .filter({ hasText: "App Installation" })
      .getByRole("button", { name: "Install" })
      .click();
    await gone(page);
  });

  it("is shown to another admin as it happens, without a reload", async () => {
    const { page } = watcher;
    await page
      .getByRole("row", { name: /Ada Bramley/ })
      .getByText("Installed", { exact: true })
      .waitFor();
    await page
      .getByRole("row", { name: /Ada Bramley/ })
      .getByText("Accepted")
      .waitFor();
    expect(await lab.admin.get(`/api/v1/apps/${pagesApp}`)).toMatchObject({ used: 1, available: 0 });
    await phone.page.getByRole("button", { name: /^Pages/ }).waitFor();
  });

  it("ends with the app uninstalled and the licence back", async () => {
    await deploy("Uninstall");
    const { page } = watcher;
    await page
      .getByRole("row", { name: /Ada Bramley/ })
      .getByText("Not Installed", { exact: true })
      .waitFor();
    await phone.page.getByRole("button", { name: /^Pages/ }).waitFor({ state: "detached" });
    await admin.open("/ledger", "Ledger");
    await admin.page.getByRole("table").getByText("returned").first().waitFor();
    expect(await lab.admin.get(`/api/v1/apps/${pagesApp}`)).toMatchObject({ used: 0, available: 1 });
  });

  it("has told the person's password to nobody but Apple, and complained of nothing", () => {
    const told = [...admin.requests, ...watcher.requests, ...phone.requests].join("\n");
    expect(told).toContain("/api/v1/vpp/token");
    expect(told).not.toContain(person.password);
    expect([...admin.complaints, ...watcher.complaints, ...phone.complaints]).toEqual([]);
  });

  async function deploy(action: string): Promise<void> {
    const { page } = admin;
    await admin.open(`/apps/${pagesApp}`, "Pages");
    await page.getByRole("button", { name: "Manage deployment" }).click();
    const wizard = page.getByRole("dialog");
    const next = () => wizard.getByRole("button", { name: "Next" }).click();
    await wizard.getByRole("checkbox", { name: /Sales/ }).check();
    await next();
    await wizard.getByRole("radio", { name: new RegExp(action) }).check();
    await next();
    if (action === "Required install") await next();
    await wizard.locator(".foretold").waitFor();
    await wizard.getByRole("button", { name: "Deploy" }).click();
    await gone(page);
  }
});
