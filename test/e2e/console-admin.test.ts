import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { axeViolations } from "../support/axe.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { headed, overflow, signIn, type Console } from "../support/console-page.ts";

const organisation = { name: "Orchard & Sons", appleId: "it@orchard.example" };

describe.skipIf(browserPath === undefined)("the console of an admin, in a real browser", () => {
  let lab: RunningLab;
  let browser: TestBrowser;
  let admin: Console;
  let sToken: string;
  let organisationId: string;

  const makeKey = async (name: string, role: string) =>
    await lab.admin.post<{ id: string; key: string }>("/api/v1/keys", { name, role });

  beforeAll(async () => {
    lab = await startLiveLab({
      ...{ seed: "console", progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
    });
    ({ organisationId } = await lab.apple.post<{ organisationId: string }>(
      "/control/v1/organisations",
      organisation,
    ));
    const root = `/control/v1/organisations/${organisationId}`;
    await lab.apple.post(`${root}/licenses`, { adamId: "361309726", quantity: 3 });
    ({ sToken } = await lab.apple.post<{ sToken: string }>(`${root}/tokens`, {}));
    browser = await TestBrowser.open();
    admin = await signIn(browser, lab.serverUrl, lab.adminKey);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it("refuses a wrong key with its code, and lets the right one in", async () => {
    const { page } = await browser.page({ locale: "en-GB" });
    await page.goto(`${lab.serverUrl}/console/vpp`);
    await page.getByLabel("API key").fill("pk_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(await page.getByRole("alert").innerText()).toContain("unauthorized");
    await page.getByLabel("API key").fill(lab.adminKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await headed(page, "Manage Apple Volume Purchase Program (VPP)");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(await page.evaluate("JSON.stringify(localStorage) + document.cookie")).not.toContain(lab.adminKey);
    await page.context().close();
  });

  it("R25, R26, R27, R28, R29, R30: uploads the token only once the warning was acknowledged, and tells a wrong file by its code", async () => {
    const { page } = admin;
    await admin.open("/vpp", "Manage Apple Volume Purchase Program (VPP)");
    await page.getByRole("button", { name: "Upload the VPP token" }).click();
    const file = (content: string) => ({ name: "my.vpptoken", mimeType: "", buffer: Buffer.from(content) });
    await page.getByLabel("Token file").setInputFiles(file("%PDF-1.4 an invoice"));
    await page.getByLabel("VPP token name").fill("Orchard 2016");
    await page.getByLabel("Your Apple ID").fill(organisation.appleId);
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    const yes = page.getByRole("button", { name: "Yes" });
    expect(await yes.isDisabled()).toBe(true);
    await page.getByRole("checkbox").check();
    await yes.click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByText("token_malformed").waitFor();
    expect((await lab.admin.get<{ account: unknown }>("/api/v1/vpp")).account).toBeNull();
    // Back, with everything else still as it was typed.
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Token file").setInputFiles(file(sToken));
    expect(await page.getByLabel("VPP token name").inputValue()).toBe("Orchard 2016");
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByRole("button", { name: "Yes" }).click();
    await headed(page, "Volume Purchase Program");
    await page.getByRole("link", { name: "Apple VPP Account" }).waitFor();
    const facts = page.locator(".facts");
    for (const said of [
      "Orchard & Sons",
      "Orchard 2016",
      "valid",
      "Last updated",
      "Expires",
      "Last synchronised",
    ])
      expect(await facts.innerText()).toContain(said);
    expect(await page.content()).not.toContain(sToken);
  });

  it("R18, R31: synchronises now, and shows it to another admin without a reload", async () => {
    const second = await signIn(browser, lab.serverUrl, (await makeKey("second", "admin")).key);
    await second.open("/vpp", "Volume Purchase Program");
    const rows = second.page.getByRole("table", { name: "Synchronisations" }).locator("tbody tr");
    await rows.first().waitFor();
    const before = await rows.count();
    await admin.open("/vpp", "Volume Purchase Program");
    await admin.page.getByRole("button", { name: "Sync now" }).click();
    await admin.page.getByText("Synchronised: 1 apps").waitFor();
    await rows.nth(before).waitFor();
    expect(await rows.count()).toBe(before + 1);
    await second.page.context().close();
  });

  it("shows a read-only admin everything and no live button", async () => {
    const reader = await signIn(browser, lab.serverUrl, (await makeKey("reader", "read-only")).key);
    await reader.open("/vpp", "Volume Purchase Program");
    await reader.page.getByText("You are signed in with a read-only key").waitFor();
    const buttons = await reader.page.getByRole("main").getByRole("button").allInnerTexts();
    expect(buttons).toEqual([]);
    await reader.open("/policies", "Policies");
    expect(await reader.page.getByRole("button", { name: "Save" }).count()).toBe(0);
    expect(await reader.page.getByLabel("Hours between two syncs with Apple").isDisabled()).toBe(true);
    await reader.open("/keys", "This page is for administrators.");
    expect(reader.complaints.filter((line) => !line.includes("401"))).toEqual([]);
    await reader.page.context().close();
  });

  it("makes a key, shows it once, and revokes it, by keyboard alone", async () => {
    const { page } = admin;
    await admin.open("/keys", "API keys");
    await page.getByRole("button", { name: "New API key" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("input[data-focus]:focus").waitFor();
    await page.keyboard.type("nightly");
    await page.keyboard.press("Enter");
    const key = page.getByRole("dialog", { name: "nightly" }).locator(".code");
    await key.waitFor();
    const secret = await key.innerText();
    expect(secret).toMatch(/^pk_/);
    await page.keyboard.press("Escape");
    await key.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(secret);
    const revoke = page.getByRole("button", { name: "Revoke nightly" });
    await revoke.focus();
    await page.keyboard.press("Enter");
    const question = page.getByRole("alertdialog", { name: "Revoke nightly?" });
    await question.waitFor();
    // Focus stays within the sheet, whichever way it goes round.
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press("Tab");
      expect(
        await page.evaluate(
          "document.activeElement.closest('dialog') !== null || document.activeElement === document.body",
        ),
      ).toBe(true);
    }
    await question.getByRole("button", { name: "Revoke" }).focus();
    await page.keyboard.press("Enter");
    await page
      .getByRole("row", { name: /nightly/ })
      .getByText("revoked")
      .waitFor();
  });

  it("changes a policy, and says which field is wrong when one is", async () => {
    const { page } = admin;
    await admin.open("/policies", "Policies");
    const hours = page.getByLabel("Hours between two syncs with Apple");
    await hours.fill("0");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("invalid_request").waitFor();
    expect(await hours.getAttribute("aria-invalid")).toBe("true");
    await hours.fill("6");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    expect(await lab.admin.get("/api/v1/policies")).toMatchObject({ syncIntervalHours: 6 });
  });

  it("tells what happens as it happens, and what was done by whom", async () => {
    const { page } = admin;
    await admin.open("/activity", "Activity");
    await page.getByLabel("Events that begin with").fill("admin.");
    await lab.admin.post("/api/v1/groups", { name: "Sales" });
    const event = page.getByRole("button", { name: "admin.changed" }).first();
    await event.click();
    expect(await page.getByRole("dialog").innerText()).toContain('"event": "admin.changed"');
    await page.keyboard.press("Escape");
    await admin.open("/audit", "Audit");
    await page.getByRole("button", { name: "PUT /api/v1/vpp/token" }).first().click();
    const record = await page.getByRole("dialog").innerText();
    expect(record).toContain("Orchard 2016");
    expect(record).not.toContain(sToken);
  });

  it("asks to sign in again when the session was ended elsewhere, and goes on at the same page", async () => {
    const { id, key } = await makeKey("leaving", "operator");
    const other = await signIn(browser, lab.serverUrl, key);
    await other.open("/activity", "Activity");
    await admin.open("/sessions", "Sessions");
    await admin.page.getByRole("button", { name: "End leaving" }).click();
    await admin.page.getByRole("alertdialog").getByRole("button", { name: "End" }).click();
    await other.page.getByText("Your session has ended.").waitFor();
    await other.page.getByLabel("API key").fill(key);
    await other.page.keyboard.press("Enter");
    await headed(other.page, "Activity");
    await lab.admin.send("DELETE", `/api/v1/keys/${id}`);
    await other.page.getByText("Your session has ended.").waitFor();
    await other.page.context().close();
  });

  it("says when the connection is lost, and comes back by itself with what changed meanwhile", async () => {
    const { page } = admin;
    await admin.open("/keys", "API keys");
    await page.context().setOffline(true);
    await page.getByText("No connection to the server").waitFor();
    await makeKey("meanwhile", "operator");
    expect(await page.getByRole("row", { name: /meanwhile/ }).count()).toBe(0);
    await page.context().setOffline(false);
    await page.getByRole("row", { name: /meanwhile/ }).waitFor();
    expect(await page.getByText("No connection to the server").count()).toBe(0);
  });

  it("leaves its connection to other pages while nobody sees it, and is fresh when it is seen again", async () => {
    const { page } = admin;
    const watcher = await signIn(browser, lab.serverUrl, lab.adminKey);
    await watcher.open("/keys", "API keys");
    await admin.open("/keys", "API keys");
    const turn = (state: string) =>
      page.evaluate((now) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => now });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await turn("hidden");
    await makeKey("unseen", "operator");
    await watcher.page.getByRole("row", { name: /unseen/ }).waitFor();
    expect(await page.getByRole("row", { name: /unseen/ }).count()).toBe(0);
    await turn("visible");
    await page.getByRole("row", { name: /unseen/ }).waitFor();
    await watcher.page.context().close();
  });

  it("forges nothing: a change from another site, or without the session's token, is refused", async () => {
    const { page } = admin;
    await admin.open("/keys", "API keys");
    const status = await page.evaluate(
      `fetch("/api/v1/groups", { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"Forged"}' }).then((answer) => answer.json())`,
    );
    expect(status).toMatchObject({ code: "csrf_token_invalid" });
    const { items } = await lab.admin.get<{ items: { name: string }[] }>("/api/v1/groups");
    expect(items.map(({ name }) => name)).not.toContain("Forged");
  });

  const pages = [
    ["/", "Dashboard", "Dashboard"],
    ["/vpp", "Volume Purchase Program", "Volume Purchase Program"],
    ["/activity", "Activity", "Attività"],
    ["/policies", "Policies", "Criteri"],
    ["/sessions", "Sessions", "Sessioni"],
    ["/audit", "Audit", "Audit"],
    ["/keys", "API keys", "Chiavi API"],
  ] as const;

  it.each(["light", "dark"] as const)("has pages without barriers in %s", async (colorScheme) => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
      colorScheme,
      reducedMotion: "reduce",
    });
    const what = colorScheme === "light" ? "all" : "colours";
    for (const [path, title] of pages) {
      await visitor.open(path, title);
      expect(await axeViolations(visitor.page, what), path).toEqual([]);
    }
    await visitor.page.getByRole("button", { name: "New API key" }).click();
    await visitor.page.getByRole("dialog").waitFor();
    expect(await axeViolations(visitor.page, what), "sheet").toEqual([]);
    await visitor.page.context().close();
  });

  it("R25, R32: speaks Italian with the words that admins know, and fits a phone's width", async () => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
      locale: "it-IT",
      viewport: { width: 360, height: 740 },
    });
    const { page } = visitor;
    for (const [path, , title] of pages) {
      await visitor.open(path, title);
      expect(await overflow(page), path).toBe(0);
    }
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("link", { name: "App acquistate con Volume Purchase Program" }).waitFor();
    await page.getByRole("link", { name: "Volume Purchase Program", exact: true }).click();
    await page.getByRole("button", { name: "Sincronizza" }).waitFor();
    expect(await page.locator(".facts").innerText()).toContain("Data dell’ultima sincronizzazione");
    await page.getByLabel("Lingua").selectOption("en");
    await page.getByRole("button", { name: "Sync now" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    await page.context().close();
  });

  it("R19, R20: is loud when another product has claimed the account, takes it back, and deletes the token with numbers", async () => {
    const { page } = admin;
    const root = `/control/v1/organisations/${organisationId}`;
    await lab.apple.post(`${root}/take-over`, { hostname: "mdm.rival.example" });
    await admin.open("/keys", "API keys");
    await lab.admin.post("/api/v1/vpp/sync", {});
    // On whichever page the admin is.
    const banner = page.getByRole("alert").filter({ hasText: "mdm.rival.example" });
    await banner.getByRole("link", { name: "Volume Purchase Program" }).click();
    await headed(page, "Volume Purchase Program");
    await page.locator(".facts").getByText("assigned to another MDM").waitFor();
    expect(await page.getByRole("button", { name: "Sync now" }).count()).toBe(0);
    await page.getByRole("button", { name: "Take control" }).click();
    const question = page.getByRole("alertdialog");
    expect(await question.getByRole("button", { name: "Take control" }).isDisabled()).toBe(true);
    await question.getByRole("checkbox").check();
    await question.getByRole("button", { name: "Take control" }).click();
    await page.getByRole("button", { name: "Sync now" }).waitFor();
    expect(await banner.count()).toBe(0);

    await page.getByRole("button", { name: "Delete the token" }).click();
    await question.getByText("0 licences stay with their users").waitFor();
    await question.getByRole("checkbox").check();
    await question.getByRole("button", { name: "Delete the token" }).click();
    await page.locator(".facts").getByText("deleted").waitFor();
    await page.getByRole("alert").filter({ hasText: "was deleted" }).waitFor();
  });

  it("asks for nothing from elsewhere, and complains of nothing", () => {
    const elsewhere = admin.requests.filter((url) => !url.startsWith(lab.serverUrl));
    expect(elsewhere).toEqual([]);
    expect(
      admin.complaints.filter((line) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(line)),
    ).toEqual([]);
  });
});
