import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { axeViolations } from "../support/axe.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { headed, overflow, signIn, type Console } from "../support/console-page.ts";

const pages = "361309726";
const keynote = "361285480";
/** Dora's phone came through Apple's enrolment program; Bert is in both groups. */
const staff = [
  { id: "anna", kind: "user", groups: "Team" },
  { id: "bert", kind: "configurator", groups: "Team;Field" },
  { id: "carl", kind: "device", groups: "Team" },
  { id: "dora", kind: "dep", groups: "Team" },
] as const;

describe.skipIf(browserPath === undefined)("the console's pages of the apps, in a real browser", () => {
  let lab: RunningLab;
  let browser: TestBrowser;
  let admin: Console;

  const send = (method: string, path: string, body: unknown) =>
    lab.admin.send(method, path, JSON.stringify(body), "application/json");
  const items = async <T>(path: string) => (await lab.admin.get<{ items: T[] }>(path)).items;

  /** Two licences of Pages for the three who could use one, and five of Keynote. */
  beforeAll(async () => {
    lab = await startLiveLab({
      ...{ seed: "apps", progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
    });
    const about = { name: "Orchard & Sons", appleId: "it@orchard.example" };
    const { organisationId } = await lab.apple.post<{ organisationId: string }>(
      "/control/v1/organisations",
      about,
    );
    const root = `/control/v1/organisations/${organisationId}`;
    await lab.apple.post(`${root}/licenses`, { adamId: pages, quantity: 2 });
    await lab.apple.post(`${root}/licenses`, { adamId: keynote, quantity: 5 });
    const password = "correct horse battery";
    const appleIds = staff.map(({ id }) => ({ appleId: `${id}@icloud.example`, password }));
    await lab.apple.post("/control/v1/apple-ids", { appleIds });
    const { sToken } = await lab.apple.post<{ sToken: string }>(`${root}/tokens`, {});
    const upload = { sToken, tokenName: "Orchard", appleId: about.appleId, acknowledged: true };
    await send("PUT", "/api/v1/vpp/token", upload);
    await lab.admin.post("/api/v1/vpp/sync", {});
    const soon = { firstSeconds: 0.1, factor: 1.2, maxSeconds: 1 };
    await send("PATCH", "/api/v1/policies", { termsPoll: soon, verify: soon, licensing: "user-and-device" });
    const rows = staff.map(({ id, groups }) => `${id},${capital(id)},${id}@orchard.example,${groups}`);
    await lab.admin.send(
      "POST",
      "/api/v1/users/import",
      ["id,name,email,groups", ...rows].join("\n"),
      "text/csv",
    );
    const tokens = staff.map(({ id, kind }) => ({ kind, userId: id }));
    const made = await lab.admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
      tokens,
    });
    await lab.addPhones(
      staff.map(({ id, kind }, index) => ({
        ...{ serial: `ORCHARD${index}`, product: "iPhone8,1", name: `${capital(id)}'s phone`, kind },
        enrollmentUrl: made.tokens[index]?.url ?? "",
        persona: {
          ...{ appleId: `${id}@icloud.example`, password, terms: "accept", install: "install" },
          ...{ wrongPasswords: 0, thinkMsMin: 10, thinkMsMax: 50 },
        },
      })),
    );
    browser = await TestBrowser.open();
    admin = await signIn(browser, lab.serverUrl, lab.adminKey);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it("R32, R33, R34, R35, R40, R43: deploys an app by mouse, says before what will happen, and shows without a reload that it did", async () => {
    const { page } = admin;
    await admin.open("/apps", "Volume-Purchased apps");
    await page.getByRole("row", { name: /Pages/ }).getByText("0 of 2 in use").waitFor();
    await page.getByRole("link", { name: "Pages", exact: true }).click();
    await headed(page, "Pages");
    await page.getByRole("button", { name: "Manage deployment" }).click();
    const sheet = page.getByRole("dialog", { name: "Manage deployment: Pages" });
    expect(await sheet.getByRole("button", { name: "Next" }).isDisabled()).toBe(true);
    await sheet.getByRole("checkbox", { name: /Team/ }).check();
    await sheet.getByRole("button", { name: "Next" }).click();
    await sheet.getByRole("radio", { name: /Required install/ }).check();
    await sheet.getByRole("button", { name: "Next" }).click();
    await sheet.getByRole("radio", { name: "At once" }).check();
    await sheet.getByRole("button", { name: "Next" }).click();
    await sheet.locator(".foretold").waitFor();
    const foretold = (await sheet.locator(".foretold").innerText()).replace(/\s+/g, " ");
    for (const said of [
      "4 users are concerned",
      "3 devices get the app",
      "1 DEP device is refused",
      "3 users must accept the terms first",
      "3 licences are needed, 2 are free",
    ])
      expect(foretold).toContain(said);
    await sheet.getByText("1 licence too few").waitFor();
    expect(await items("/api/v1/deployments")).toEqual([]);
    await sheet.getByRole("button", { name: "Deploy" }).click();
    await sheet.waitFor({ state: "detached" });

    const table = page.getByRole("table", { name: "Users" });
    await table.getByText("Install Pending").first().waitFor();
    await page.getByRole("columnheader", { name: "VPP Terms Status" }).waitFor();
    await table.getByText("Installed", { exact: true }).nth(1).waitFor();
    await table.getByText("Failed", { exact: true }).waitFor();
    await table.getByText("Not Applicable", { exact: true }).waitFor();
    expect(await table.getByText("Accepted").count()).toBe(3);
    await page.locator(".tiles .bad").getByText("0", { exact: true }).waitFor();
    await admin.open("/apps?deployed=true", "Volume-Purchased apps");
    await page.getByRole("row", { name: /Pages/ }).getByText("2 of 2 in use").waitFor();
    expect(await page.getByRole("row", { name: /Keynote/ }).count()).toBe(0);
  });

  it("R41, R44: filters by install status, says what to do about a failure, and tries again", async () => {
    const { page } = admin;
    await admin.open("/installations", "Installations");
    await page.getByLabel("Install status").selectOption("Failed");
    const rows = page.getByRole("table", { name: "Installations" }).locator("tbody tr");
    await page.getByText("1 shown", { exact: true }).waitFor();
    expect(await rows.count()).toBe(1);
    expect(page.url()).toContain("label=Failed");
    await rows.getByText("0x87D13B7E").waitFor();
    await rows.getByRole("link", { name: /^Pages/ }).click();
    await page.getByRole("heading", { name: "What to do about it" }).waitFor();
    await page.getByText("Buy more licences and sync").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // There is still none.
    await page.getByText("no licence left").waitFor();
    const audit = await items<{ operation: string }>("/api/v1/audit?limit=20");
    expect(audit.map(({ operation }) => operation)).toContain(
      "POST /api/v1/installations/{installationId}/retry",
    );
  });

  it("takes a licence back by revoking it, follows that to its end, and keeps it among the acts", async () => {
    const { page } = admin;
    await admin.open(`/apps/${pages}?tab=licenses`, "Pages");
    const rows = page.getByRole("table", { name: "Holders" }).locator("tbody tr");
    await rows.nth(1).waitFor();
    const holder = await rows.first().getByRole("link").first().innerText();
    await page.getByRole("button", { name: `Take back ${holder}` }).click();
    const question = page.getByRole("alertdialog");
    await question.getByText("The app and its data are removed from 1 device.").waitFor();
    await question.getByRole("radio", { name: /Revoke/ }).check();
    await question.getByText("1 licence is taken back at Apple now. The app stays on the device.").waitFor();
    await question.getByRole("button", { name: "Revoke" }).click();
    const followed = page.getByRole("dialog", { name: new RegExp(holder) });
    await followed.getByText("1 of 1 back").waitFor();
    await followed.getByRole("button", { name: "Close" }).click();
    await admin.open("/licenses?tab=acts", "Licences");
    await page.getByRole("link", { name: "Revoke (apps stay)" }).click();
    await page.getByText("returned", { exact: true }).waitFor();
    // Whoever waited for a licence has it now.
    await admin.open("/installations?label=Failed", "Installations");
    await page.getByText("Nothing fits these filters.").waitFor();
  });

  it("shows every movement in the ledger, and that it agrees with Apple's", async () => {
    const { page } = admin;
    await admin.open("/ledger", "Ledger");
    await page.getByRole("table", { name: "Ledger" }).getByText("revoked by an admin").waitFor();
    await page.getByLabel("Movement").selectOption("refused");
    await page.getByText("no licence left").first().waitFor();
    expect(await page.getByText("revoked by an admin").count()).toBe(0);
    await page.getByRole("button", { name: "Check against Apple" }).click();
    await page.getByText("They agree: no drift, and every invariant holds.").waitFor();
  });

  it("R36, R37: changes a deployment to uninstall by keyboard alone, and the licences come back", async () => {
    const { page } = admin;
    await admin.open("/deployments", "Deployments");
    await page.getByRole("link", { name: "Pages", exact: true }).focus();
    await page.keyboard.press("Enter");
    await headed(page, "Pages for Team");
    // A page that was come to has the focus at its heading: the button is one step on, past the way up.
    await page.getByRole("button", { name: "Change" }).focus();
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("radio", { name: /Required install/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await sheet.getByRole("radio", { name: /Uninstall/ }).isChecked()).toBe(true);
    await page.keyboard.press("Enter");
    await sheet.getByText(/devices remove the app/).waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("This will happen");
    // From the heading on: cancel, back, deploy.
    for (let step = 0; step < 3; step += 1) await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Deploy");
    await page.keyboard.press("Enter");
    await sheet.waitFor({ state: "detached" });
    await page.getByText("Uninstall", { exact: true }).waitFor();
    await admin.open(`/apps/${pages}`, "Pages");
    await page
      .getByRole("term")
      .filter({ hasText: "Available" })
      .locator("xpath=following-sibling::dd")
      .getByText("2")
      .waitFor();
    const seats = await lab.admin.get<{ drift: number; violations: string[] }>("/api/v1/ledger/check");
    expect(seats).toMatchObject({ drift: 0, violations: [] });
  });

  it("shows a refusal with its code, keeps what was chosen, and goes on once it is put right", async () => {
    const { page } = admin;
    const groups = await items<{ id: string; name: string }>("/api/v1/groups");
    const groupId = groups.find(({ name }) => name === "Field")?.id ?? "";
    await lab.admin.post("/api/v1/deployments", {
      ...{ adamId: keynote, groupId, action: "available", licenseType: "device" },
    });
    await admin.open(`/deployments?groupId=${groupId}`, "Deployments");
    await page.getByRole("button", { name: "Change Keynote, Field" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("radio", { name: /of users/ }).check();
    await sheet.getByRole("button", { name: "Next" }).click();
    await sheet.getByRole("button", { name: "Deploy" }).click();
    await sheet.getByRole("alert").getByText("license_type_fixed").waitFor();
    await sheet.getByRole("button", { name: "Back" }).click();
    expect(await sheet.getByRole("radio", { name: /of users/ }).isChecked()).toBe(true);
    await sheet.getByRole("radio", { name: /of devices/ }).check();
    await sheet.getByRole("radio", { name: /Not applicable/ }).check();
    await sheet.getByRole("button", { name: "Next" }).click();
    await sheet.getByRole("button", { name: "Deploy" }).click();
    await sheet.waitFor({ state: "detached" });
    await page
      .getByRole("row", { name: /Keynote/ })
      .getByText("Not applicable")
      .waitFor();
    await page.getByRole("button", { name: "Withdraw Keynote, Field" }).click();
    const question = page.getByRole("alertdialog");
    await question.getByText("The group has 1 member.").waitFor();
    await question.getByRole("button", { name: "Withdraw" }).click();
    await page.getByText("Nothing fits these filters.").waitFor();
  });

  const all = [
    ["/apps", "Volume-Purchased apps", "App acquistate con Volume Purchase Program"],
    [`/apps/${pages}`, "Pages", "Pages"],
    [`/apps/${pages}?tab=devices`, "Pages", "Pages"],
    [`/apps/${pages}?tab=deployments`, "Pages", "Pages"],
    ["/deployments", "Deployments", "Distribuzioni"],
    ["/installations", "Installations", "Installazioni"],
    ["/licenses", "Licences", "Licenze"],
    ["/licenses?tab=acts", "Licences", "Licenze"],
    ["/ledger", "Ledger", "Registro delle licenze"],
  ] as const;

  it("shows a read-only admin every page and no live button, but for the question to Apple", async () => {
    const { key } = await lab.admin.post<{ key: string }>("/api/v1/keys", {
      name: "reader",
      role: "read-only",
    });
    const reader = await signIn(browser, lab.serverUrl, key);
    for (const [path, title] of all) {
      await reader.open(path, title);
      await reader.page.locator("table.list, .empty").first().waitFor();
      const buttons = await reader.page.getByRole("main").getByRole("button").allInnerTexts();
      expect(buttons, path).toEqual(path === "/ledger" ? ["Check against Apple"] : []);
    }
    await reader.open("/installations", "Installations");
    await reader.page
      .getByRole("table")
      .getByRole("link", { name: /^Pages/ })
      .first()
      .click();
    await reader.page.getByText("Asked for", { exact: true }).waitFor();
    expect(await reader.page.getByRole("main").getByRole("button").count()).toBe(0);
    expect(reader.complaints.filter((line) => !line.includes("401"))).toEqual([]);
    await reader.page.context().close();
  });

  it("has pages and sheets without barriers, in light and dark", async () => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, { reducedMotion: "reduce" });
    const { page } = visitor;
    const expectNoBarriers = async (what: string) => {
      await page.emulateMedia({ colorScheme: "light" });
      expect(await axeViolations(page), what).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await axeViolations(page, "colours"), `${what} in the dark`).toEqual([]);
    };
    for (const [path, title] of all) {
      await visitor.open(path, title);
      await page.locator("table.list, .empty").first().waitFor();
      await expectNoBarriers(path);
    }
    await visitor.open(`/apps/${pages}`, "Pages");
    await page.getByRole("button", { name: "Manage deployment" }).click();
    await page.getByRole("checkbox", { name: /Team/ }).check();
    await page.getByRole("button", { name: "Next" }).click();
    await expectNoBarriers("the sheet's choices");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Next" }).click();
    await page.locator(".foretold").waitFor();
    await expectNoBarriers("what will happen");
    await page.context().close();
  });

  it("speaks Italian with the words that admins know, and fits a phone's width", async () => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
      locale: "it-IT",
      viewport: { width: 360, height: 740 },
    });
    const { page } = visitor;
    for (const [path, , title] of all) {
      await visitor.open(path, title);
      await page.locator("table.list, .empty").first().waitFor();
      expect(await overflow(page), path).toBe(0);
    }
    await visitor.open(`/apps/${pages}`, "Pages");
    await page.getByRole("button", { name: "Gestisci distribuzione" }).click();
    await page.getByRole("checkbox", { name: /Team/ }).check();
    await page.getByRole("button", { name: "Avanti" }).click();
    for (const action of [
      "Installazione richiesta",
      "Installazione disponibile",
      "Disinstalla",
      "Non applicabile",
    ])
      await page.getByRole("radio", { name: new RegExp(`^${action}`) }).waitFor();
    expect(await overflow(page)).toBe(0);
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 1_280, height: 900 });
    await page.getByRole("columnheader", { name: "Stato delle condizioni per l’utilizzo di VPP" }).waitFor();
    await visitor.open("/installations", "Installazioni");
    for (const label of [
      "Installata",
      "Non installata",
      "Esito negativo",
      "Installazione in sospeso",
      "Non applicabile",
    ])
      await page.locator(".tiles").getByRole("link", { name: label, exact: true }).waitFor();
    await page.context().close();
  });

  it("asks for nothing from elsewhere, and complains of nothing", () => {
    expect(admin.requests.filter((url) => !url.startsWith(lab.serverUrl))).toEqual([]);
    // The browser's own note of an answer that was a refusal: of the first question who is signed in, and of the one above.
    expect(admin.complaints.filter((line) => !/status of (?:401|409)/.test(line))).toEqual([]);
  });
});

function capital(id: string): string {
  return id.slice(0, 1).toUpperCase() + id.slice(1);
}
