import type { Page } from "playwright-core";
import { encode } from "uqr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Phone } from "../../agent/phone.ts";
import type { Persona } from "../../simulator/people/person.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { axeViolations } from "../support/axe.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { headed, overflow, signIn, type Console } from "../support/console-page.ts";

const app = "361309726";
const password = "correct horse battery";
const annasHabits: Persona = {
  ...{ appleId: "anna@icloud.example", password, terms: "accept", install: "install" },
  ...{ wrongPasswords: 0, thinkMsMin: 10, thinkMsMax: 50 },
};
/** A file as somebody would choose it. */
const csv = (text: string) => ({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

describe.skipIf(browserPath === undefined)("the console's pages of people, in a real browser", () => {
  let lab: RunningLab;
  let browser: TestBrowser;
  let admin: Console;
  let anna: Phone;
  let bert: Phone;

  const send = (method: string, path: string, body: unknown) =>
    lab.admin.send(method, path, JSON.stringify(body), "application/json");
  const keyFor = async (role: string) =>
    (await lab.admin.post<{ key: string }>("/api/v1/keys", { name: role, role })).key;

  /** Anna's own phone, which has accepted and installed; Bert's, supervised, on which nobody looks. */
  beforeAll(async () => {
    lab = await startLiveLab({
      ...{ seed: "people", progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
    });
    const about = { name: "Orchard & Sons", appleId: "it@orchard.example" };
    const { organisationId } = await lab.apple.post<{ organisationId: string }>(
      "/control/v1/organisations",
      about,
    );
    const root = `/control/v1/organisations/${organisationId}`;
    await lab.apple.post(`${root}/licenses`, { adamId: app, quantity: 3 });
    await lab.apple.post("/control/v1/apple-ids", {
      appleIds: [{ appleId: "anna@icloud.example", password }],
    });
    const { sToken } = await lab.apple.post<{ sToken: string }>(`${root}/tokens`, {});
    const upload = { sToken, tokenName: "Orchard", appleId: about.appleId, acknowledged: true };
    await send("PUT", "/api/v1/vpp/token", upload);
    await lab.admin.post("/api/v1/vpp/sync", {});
    const soon = { firstSeconds: 0.1, factor: 1.2, maxSeconds: 1 };
    await send("PATCH", "/api/v1/policies", { termsPoll: soon, verify: soon });
    await lab.admin.post("/api/v1/groups", { id: "team", name: "Team" });
    for (const name of ["Anna", "Bert"]) {
      const id = name.toLowerCase();
      const user = { id, name, email: `${id}@orchard.example`, groupIds: ["team"] };
      await lab.admin.post("/api/v1/users", user);
    }
    const made = await lab.admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
      tokens: [
        { kind: "user", userId: "anna" },
        { kind: "configurator", userId: "bert" },
      ],
    });
    const urls = made.tokens.map(({ url }) => url);
    const product = "iPhone8,1";
    anna = await lab.addPhone({
      ...{ serial: "PEOPLE1", product, name: "Anna's phone", kind: "user" },
      ...{ enrollmentUrl: urls[0] ?? "", persona: annasHabits },
    });
    bert = await lab.addPhone({
      ...{ serial: "PEOPLE2", product, name: "Bert's phone", kind: "configurator" },
      enrollmentUrl: urls[1] ?? "",
    });
    browser = await TestBrowser.open();
    admin = await signIn(browser, lab.serverUrl, lab.adminKey);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it("R40: shows the VPP Terms Status of each user with its age, and its change without a reload", async () => {
    const { page } = admin;
    await admin.open("/users", "Users");
    const row = page.getByRole("row", { name: /Anna/ });
    await row.getByText("Not invited").waitFor();
    await lab.admin.post("/api/v1/deployments", { adamId: app, groupId: "team", action: "required" });
    await row.getByText("Accepted").waitFor();
    expect(await row.innerText()).toMatch(/ago|now/);
    await page.getByRole("row", { name: /Bert/ }).getByText("Invited").waitFor();
    await page.getByLabel("VPP Terms Status").selectOption("accepted");
    await page.getByRole("row", { name: /Bert/ }).waitFor({ state: "detached" });
    expect(page.url()).toContain("termsStatus=accepted");
    await row.getByRole("link", { name: "Anna" }).click();
    await headed(page, "Anna");
    await page
      .getByRole("table", { name: "Apps on the phones" })
      .getByText("Installed", { exact: true })
      .waitFor();
    const facts = await page.getByRole("main").innerText();
    for (const said of ["Apple last told", "Invitations sent", "Licences (1)", "Anna's phone", "Pages"])
      expect(facts).toContain(said);
  });

  it("adds a user by keyboard, and says by its code why an id can't be had twice", async () => {
    const { page } = admin;
    await admin.open("/users", "Users");
    const add = async (id: string) => {
      await page.getByRole("button", { name: "Add user" }).focus();
      await page.keyboard.press("Enter");
      await typing(page);
      for (const text of [id, "Carl", "carl@orchard.example"]) {
        await page.keyboard.type(text);
        await page.keyboard.press("Tab");
      }
      await page.keyboard.press("Space");
      await page.keyboard.press("Enter");
    };
    await add("anna");
    await page.getByRole("alert").getByText("already_exists").waitFor();
    await page.keyboard.press("Escape");
    await add("carl");
    await headed(page, "Carl");
    expect(await lab.admin.get("/api/v1/users/carl")).toMatchObject({ name: "Carl", groupIds: ["team"] });
  });

  it("imports a file: what is wrong by line, what would happen, and then it", async () => {
    const { page } = admin;
    await admin.open("/users", "Users");
    await page.getByRole("button", { name: "Import…" }).click();
    const sheet = page.getByRole("dialog", { name: "Import users" });
    await sheet.getByLabel("File").setInputFiles(csv("id,name,email\ndora,Dora,nowhere\n"));
    await sheet.getByText("malformed_csv").waitFor();
    await sheet.getByText("line 2, email").waitFor();
    expect(await sheet.getByRole("button", { name: "Import" }).isDisabled()).toBe(true);
    const good =
      "id,name,email,groups\ndora,Dora,dora@orchard.example,Field\nbert,Bertram,bert@orchard.example,Team\n";
    await sheet.getByLabel("File").setInputFiles(csv(good));
    await sheet.getByText("1 new · 1 changed").waitFor();
    await sheet.getByText("New groups: Field").waitFor();
    expect((await lab.admin.get<{ name: string }>("/api/v1/users/bert")).name).toBe("Bert");
    await sheet.getByRole("button", { name: "Import 2 users" }).click();
    await sheet.getByText("Imported.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Bertram" }).waitFor();
    // A file of JSON as well, and nothing is asked of the server where it is none.
    await page.getByRole("button", { name: "Import…" }).click();
    const json = (text: string) => ({
      name: "a.json",
      mimeType: "application/json",
      buffer: Buffer.from(text),
    });
    await sheet.getByLabel("File").setInputFiles(json("[{"));
    await sheet.getByText("a.json is not JSON").waitFor();
    const again = [{ id: "bert", name: "Bertram", email: "bert@orchard.example" }];
    await sheet.getByLabel("File").setInputFiles(json(JSON.stringify(again)));
    await sheet.getByText("0 new · 0 changed · 1 as before").waitFor();
  });

  it("sends an invitation again, and asks Apple when it is told to", async () => {
    const { page } = admin;
    await admin.open("/users/bert", "Bertram");
    await page.getByRole("button", { name: "Resend invitation" }).click();
    const question = page.getByRole("dialog", { name: "Invite Bertram again?" });
    await question.getByText("1 invitation was sent so far.").waitFor();
    await question.getByRole("button", { name: "Resend invitation" }).click();
    await page.locator(".facts div", { hasText: "Invitations sent" }).getByText("2").waitFor();
    const asked = page.waitForResponse(/users\/bert\/refresh$/);
    await page.getByRole("button", { name: "Ask Apple now" }).click();
    expect((await asked).status()).toBe(200);
  });

  it("retires and reinstates a user, each after saying what it means in numbers", async () => {
    const { page } = admin;
    await admin.open("/users/anna", "Anna");
    await page.getByRole("button", { name: "Retire" }).click();
    const question = page.getByRole("alertdialog", { name: "Retire Anna?" });
    await question.getByText("1 licence comes back to the pool.").waitFor();
    await question.getByRole("button", { name: "Retire" }).click();
    await page.getByText("Retired", { exact: true }).waitFor();
    await page.getByText("Holds no licences.").waitFor();
    await page.getByRole("button", { name: "Reinstate" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Reinstate" }).click();
    await page.getByRole("button", { name: "Retire" }).waitFor();
  });

  it("deletes a user only with the numbers seen, the server's where they differ from the page's", async () => {
    const { page } = admin;
    await admin.open("/users/carl", "Carl");
    await page.getByRole("button", { name: "Delete" }).click();
    const question = page.getByRole("alertdialog", { name: "Delete Carl?" });
    await question.getByText("0 phones stay managed").waitFor();
    // Another admin's numbers: the page believes there is nothing to confirm.
    await page.route(/users\/carl$/, (route) =>
      route.request().method() === "DELETE"
        ? route.fulfill({
            status: 409,
            contentType: "application/problem+json",
            body: JSON.stringify({ code: "confirmation_required", detail: "", licenses: 1, phones: 2 }),
          })
        : route.continue(),
    );
    await question.getByRole("button", { name: "Delete" }).click();
    await question.getByText("confirmation_required").waitFor();
    await question.getByText("2 phones stay managed").waitFor();
    const confirmed = page.waitForRequest(/users\/carl\?confirm=true$/);
    await question.getByRole("button", { name: "Delete" }).click();
    await confirmed;
    await headed(page, "Users");
    await page.unroute(/users\/carl$/);
    await page.getByRole("link", { name: "Dora" }).waitFor();
    expect(await page.getByRole("link", { name: "Carl" }).count()).toBe(0);
  });

  it("keeps a group: made, filled, emptied, renamed, deleted", async () => {
    const { page } = admin;
    await admin.open("/groups", "Groups");
    await page.getByRole("button", { name: "New group" }).click();
    await typing(page);
    await page.keyboard.type("Pickers");
    await page.keyboard.press("Enter");
    await headed(page, "Pickers");
    await page.getByRole("button", { name: "Add member" }).click();
    await typing(page);
    await page.keyboard.type("do");
    // Whom the text fits are proposed.
    await page.locator("datalist option[value=dora]").waitFor({ state: "attached" });
    await page.keyboard.type("ra");
    await page.keyboard.press("Enter");
    const member = page.getByRole("link", { name: "Dora" });
    await member.waitFor();
    await page.getByRole("button", { name: "Remove Dora" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await member.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Rename" }).click();
    const name = page.getByRole("dialog").getByLabel("Name");
    await name.fill("team");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("already_exists").waitFor();
    await name.fill("Packers");
    await page.keyboard.press("Enter");
    await headed(page, "Packers");
    await page.getByRole("button", { name: "Delete" }).click();
    const question = page.getByRole("alertdialog", { name: "Delete Packers?" });
    await question.getByText("0 members leave it").waitFor();
    await question.getByRole("button", { name: "Delete" }).click();
    await headed(page, "Groups");
    await page.getByRole("row", { name: /Team/ }).waitFor();
    await page.getByRole("link", { name: "Packers" }).waitFor({ state: "detached" });
  });

  it("sends a command to the phones of a group, and names those that could not take it", async () => {
    const { page } = admin;
    await admin.open("/groups/team", "Team");
    await page.getByRole("button", { name: "Send a command" }).click();
    const sheet = page.getByRole("dialog", { name: "Send a command to Team" });
    await sheet.getByText("It goes to the phones of the group’s 2 members.").waitFor();
    await sheet.getByLabel("RequestType").selectOption("ProfileList");
    await sheet.getByRole("button", { name: "Send" }).click();
    await sheet.getByText("2 phones got it.").waitFor();
  });

  it("finds phones by name, kind and connection, by the address of the page too", async () => {
    const { page } = admin;
    await admin.open("/devices?search=PEOPLE2", "Devices");
    await page.getByRole("link", { name: "Bert's phone" }).waitFor();
    expect(await page.getByRole("link", { name: "Anna's phone" }).count()).toBe(0);
    await page.getByLabel("Name, serial or UDID").fill("ANNA");
    await page.getByRole("link", { name: "Anna's phone" }).waitFor();
    await page.getByLabel("Enrolment").selectOption("configurator");
    await page.getByText("Nothing fits these filters.").waitFor();
    await page.getByLabel("Enrolment").selectOption("");
    await page.getByLabel("Connection").selectOption("true");
    await page
      .getByRole("row", { name: /Anna's phone/ })
      .getByText("connected")
      .waitFor();
  });

  it("shows a command's way as it goes, and both property lists as they crossed the wire", async () => {
    const { page } = admin;
    await admin.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByLabel("Message").fill("Bring me back");
    await page.keyboard.press("Enter");
    const entry = page.locator(".timeline li", { hasText: "DeviceLock" });
    await entry.getByText("acknowledged").waitFor();
    await entry.locator("summary").focus();
    await page.keyboard.press("Enter");
    const plists = entry.locator("pre");
    await plists.nth(1).waitFor();
    expect(await plists.nth(0).innerText()).toContain("<string>Bring me back</string>");
    expect(await plists.nth(1).innerText()).toMatch(/<key>Status<\/key>\s*<string>Acknowledged<\/string>/);
    await page.getByRole("button", { name: "Inventory" }).click();
    await page.getByText("3 commands queued.").waitFor();
    await page.locator(".timeline li", { hasText: "InstalledApplicationList" }).waitFor();
    const invitation = page.locator(".timeline li", { hasText: "InviteToProgram" }).first();
    await invitation.locator("summary").click();
    await invitation.getByText("[redacted]").waitFor();
  });

  it("helps to write a command by its schema, and says what is wrong with it before and after it is sent", async () => {
    const { page } = admin;
    await admin.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await page.getByRole("button", { name: "Send a command" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByLabel("RequestType").selectOption("InstallApplication");
    await sheet.getByText("The app’s id in the App Store.").waitFor();
    const json = sheet.getByLabel("Command as JSON");
    const submit = sheet.getByRole("button", { name: "Send" });
    await sheet.getByText("Fits the schema.").waitFor();
    for (const [text, fault] of [
      ['{"RequestType": ', "Not JSON:"],
      ["[]", "Expected an object with a RequestType."],
      ['{"RequestType": "InstallMedia"}', "InstallMedia is unknown here: it needs raw."],
      ['{"RequestType": "InstallApplication", "Kiosk": true}', "Kiosk is unknown: it needs raw."],
      ['{"RequestType": "RemoveApplication"}', "Identifier is missing."],
      ['{"RequestType": "InstallApplication", "Identifier": 5}', "Identifier should be: text"],
    ] as const) {
      await json.fill(text);
      await sheet.getByText(fault).waitFor();
      expect(await submit.isDisabled(), text).toBe(true);
    }
    // What only the server knows: one of the two would do.
    await json.fill('{"RequestType": "InstallApplication", "Identifier": "a", "iTunesStoreID": 1}');
    await submit.click();
    await sheet.getByText("invalid_request").waitFor();
    await sheet.getByText("exactly one of iTunesStoreID, Identifier and ManifestURL").first().waitFor();
    await json.fill('{"RequestType": "InstallMedia", "iTunesStoreID": 1}');
    await sheet.getByLabel(/^Raw/).check();
    await submit.click();
    // The phone itself knows of no such command.
    await page.locator(".timeline li", { hasText: "InstallMedia" }).getByText("failed").waitFor();
  });

  it("cancels a command that waits for a phone out of reach", async () => {
    const { page } = admin;
    bert.setAirplane(true);
    await admin.open(`/devices/${bert.config.udid}`, "Bert's phone");
    await page.getByText("not connected").waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Restart" }).click();
    await page.getByLabel("Open only").check();
    const entry = page.locator(".timeline li", { hasText: "RestartDevice" });
    await entry.getByText("queued").waitFor();
    const command = { RequestType: "ProfileList" };
    for (let count = 0; count < 25; count += 1)
      await lab.admin.post(`/api/v1/devices/${bert.config.udid}/commands`, { command });
    // It is further down now than the timeline goes at first.
    await entry.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Show more" }).click();
    await entry.locator("summary").click();
    await entry.getByText("No answer.").waitFor();
    await page.getByRole("button", { name: "Cancel command RestartDevice" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Cancel command" }).click();
    await entry.waitFor({ state: "detached" });
    await page.getByLabel("Open only").uncheck();
    await entry.getByText("cancelled").waitFor();
    bert.setAirplane(false);
    await page.getByText("connected", { exact: true }).waitFor();
  });

  it("erases a phone only once its serial number was typed", async () => {
    const { page } = admin;
    await admin.open(`/devices/${bert.config.udid}`, "Bert's phone");
    await page.getByRole("button", { name: "Erase" }).click();
    const question = page.getByRole("alertdialog", { name: "Erase Bert's phone?" });
    const erase = question.getByRole("button", { name: "Erase" });
    const serial = question.getByLabel(/^To confirm, type the serial number: PEOPLE2/);
    await serial.fill("PEOPLE1");
    expect(await erase.isDisabled()).toBe(true);
    await serial.fill("PEOPLE2");
    await erase.click();
    await page.locator(".timeline li", { hasText: "EraseDevice" }).getByText("acknowledged").waitFor();
  });

  it("makes a link, shows it once, and its QR code says the same", async () => {
    const { page } = admin;
    await admin.open("/users/dora", "Dora");
    await page.getByRole("link", { name: "New enrolment link" }).click();
    const form = page.getByRole("dialog", { name: "New enrolment link" });
    expect(await form.getByLabel("User").inputValue()).toBe("dora");
    await form.getByLabel("User").fill("nobody-here");
    await form.getByRole("button", { name: "Create" }).click();
    await form.getByText("not_found").waitFor();
    await form.getByLabel("User").fill("dora");
    await form.getByLabel("Enrolment").selectOption("device");
    await form.getByLabel("For how many phones").fill("2");
    await page.keyboard.press("Enter");
    const link = form.locator(".code");
    await link.waitFor();
    const url = await link.innerText();
    expect(url).toMatch(/^http:\/\/.*\/enroll\/[\w-]{43}$/);
    const code = form.getByRole("img", { name: "QR code of the link below" });
    expect(modules((await code.locator("path").getAttribute("d")) ?? "")).toEqual(darkOf(url));
    await page.keyboard.press("Escape");
    await link.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(url.slice(-43));
    const row = page.getByRole("row", { name: /dora/ });
    await row.getByText("in force").waitFor();
    expect(await row.innerText()).toMatch(/corporate[^]*2/);
    // A phone that comes by it is there at once.
    await admin.open("/devices?userId=dora", "Devices");
    await lab.addPhone({
      ...{
        serial: "PEOPLE3",
        product: "iPhone8,1",
        name: "Dora's phone",
        kind: "device",
        enrollmentUrl: url,
      },
    });
    await page.getByRole("link", { name: "Dora's phone" }).waitFor();
  });

  it("says when two accepted with the same Apple ID, and with whom", async () => {
    const { page } = admin;
    const eve = { id: "eve", name: "Eve", email: "eve@orchard.example", groupIds: ["team"] };
    await lab.admin.post("/api/v1/users", eve);
    const token = { kind: "user", userId: "eve" };
    const { url } = await lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", token);
    await lab.addPhone({
      ...{ serial: "PEOPLE4", product: "iPhone8,1", name: "Eve's phone", kind: "user" },
      ...{ enrollmentUrl: url, persona: annasHabits },
    });
    await admin.open("/users?search=eve", "Users");
    await page.getByRole("row", { name: /Eve/ }).getByText("Apple ID conflict").waitFor();
    await page.getByRole("link", { name: "Eve" }).click();
    await page.getByText("Somebody else accepted with the same Apple ID").waitFor();
    await page.locator(".notice").getByRole("link", { name: "anna" }).waitFor();
  });

  it("shows a read-only admin everything and no live button, and an operator no way to make links", async () => {
    const reader = await signIn(browser, lab.serverUrl, await keyFor("read-only"));
    for (const [path, title] of places()) {
      await reader.open(path, title);
      await reader.page.locator("table, .timeline").first().waitFor();
      const buttons = await reader.page.getByRole("main").getByRole("button").allInnerTexts();
      expect(buttons, path).toEqual([]);
    }
    await reader.page.context().close();
    const operator = await signIn(browser, lab.serverUrl, await keyFor("operator"));
    await operator.open("/users", "Users");
    await operator.page.getByRole("button", { name: "Add user" }).waitFor();
    await operator.open("/enrollment?new=-", "Enrolment links");
    await operator.page.locator("table").waitFor();
    expect(await operator.page.getByRole("main").getByRole("button").count()).toBe(0);
    expect(await operator.page.getByRole("dialog").count()).toBe(0);
    await operator.page.context().close();
  });

  const places = () =>
    [
      ["/users", "Users", "Utenti"],
      ["/users/anna", "Anna", "Anna"],
      ["/groups", "Groups", "Gruppi"],
      ["/groups/team", "Team", "Team"],
      ["/devices", "Devices", "Dispositivi"],
      [`/devices/${anna.config.udid}`, "Anna's phone", "Anna's phone"],
      ["/enrollment", "Enrolment links", "Collegamenti di registrazione"],
    ] as const;

  it.each(["light", "dark"] as const)("has pages without barriers in %s", async (colorScheme) => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
      ...{ colorScheme, reducedMotion: "reduce" },
    });
    const { page } = visitor;
    const what = colorScheme === "light" ? "all" : "colours";
    for (const [path, title] of places()) {
      await visitor.open(path, title);
      await page.locator("table, .timeline li").first().waitFor();
      expect(await axeViolations(page, what), path).toEqual([]);
    }
    await visitor.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await page.locator(".timeline summary").first().click();
    await page.locator(".timeline pre").first().waitFor();
    await page.getByRole("button", { name: "Send a command" }).click();
    await page.getByText("Fits the schema.").waitFor();
    expect(await axeViolations(page, what), "timeline and editor").toEqual([]);
    await visitor.open("/enrollment?new=-", "Enrolment links");
    await page.getByRole("dialog").waitFor();
    expect(await axeViolations(page, what), "new link").toEqual([]);
    await page.context().close();
  });

  it("speaks Italian with the words that admins know, and fits a phone's width", async () => {
    const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
      ...{ locale: "it-IT", viewport: { width: 360, height: 740 } },
    });
    const { page } = visitor;
    for (const [path, , title] of places()) {
      await visitor.open(path, title);
      await page.locator("table, .timeline").first().waitFor();
      expect(await overflow(page), path).toBe(0);
    }
    await visitor.open("/users/anna", "Anna");
    await page.getByText("Stato delle condizioni per l’utilizzo di VPP").waitFor();
    await page.getByRole("button", { name: "Ritira" }).waitFor();
    await visitor.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await page.locator(".timeline summary").first().click();
    await page.getByRole("button", { name: "Invia un comando" }).click();
    await page.getByText("Conforme allo schema.").waitFor();
    expect(await overflow(page), "editor").toBe(0);
    expect(visitor.complaints.filter(isComplaint)).toEqual([]);
    await page.context().close();
  });

  it("asks for nothing from elsewhere, and complains of nothing", () => {
    expect(admin.requests.filter((url) => !url.startsWith(lab.serverUrl))).toEqual([]);
    expect(admin.complaints.filter(isComplaint)).toEqual([]);
  });
});

/** The sheet is there, and its first field has the focus. */
const typing = (page: Page) => page.locator("dialog [data-focus]:focus").waitFor();

/** The browser notes each refusal that a page then shows. */
const isComplaint = (line: string) => !line.includes("Failed to load resource");

/** Places of the dark modules, as `x,y`, from what is drawn. */
function modules(path: string): string[] {
  return [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].flatMap(([, x, y, length]) =>
    Array.from({ length: Number(length) }, (_, step) => `${Number(x) + step},${String(y)}`),
  );
}

function darkOf(text: string): string[] {
  const { data } = encode(text, { border: 4, ecc: "M" });
  return data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`${x},${y}`] : [])));
}
