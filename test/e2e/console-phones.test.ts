import { encode } from "uqr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations } from "../support/axe.ts";
import { browserPath } from "../support/browser.ts";
import { overflow } from "../support/console-page.ts";
import { complaintsOf, startPeopleLab, type PeopleLab } from "../support/people-lab.ts";

describe.skipIf(browserPath === undefined)("the console's pages of phones, in a real browser", () => {
  let house: PeopleLab;
  let lab: PeopleLab["lab"];
  let admin: PeopleLab["admin"];
  let anna: PeopleLab["anna"];
  let bert: PeopleLab["bert"];

  beforeAll(async () => {
    house = await startPeopleLab("phones");
    ({ lab, admin, anna, bert } = house);
    await house.deploy();
  });
  afterAll(() => house?.stop());

  it("sends a command to the phones of a group, says to how many, and names those that could not take it", async () => {
    const { page } = admin;
    await admin.open("/groups/team", "Team");
    await page.getByRole("button", { name: "Send a command" }).click();
    const sheet = page.getByRole("dialog", { name: "Send a command to Team" });
    await sheet.getByText("It goes to the phones of the group’s 2 members.").waitFor();
    await sheet.getByLabel("RequestType").selectOption("ProfileList");
    await sheet.getByRole("button", { name: "Send" }).click();
    await sheet.getByText("2 phones got it.").waitFor();
    await page.keyboard.press("Escape");
    await page.route("**/api/v1/commands", (route) =>
      route.fulfill({
        status: 202,
        json: { commands: [{}], refused: [{ udid: bert.config.udid, code: "queue_full", message: "" }] },
      }),
    );
    await page.getByRole("button", { name: "Send a command" }).click();
    // What deletes everything is sent only by who says so.
    await sheet.getByLabel("RequestType").selectOption("EraseDevice");
    const sure = sheet.getByLabel("Yes, delete everything on every phone of 2 members");
    await sure.waitFor();
    expect(await sheet.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await sure.check();
    await sheet.getByRole("button", { name: "Send" }).click();
    await sheet.getByText("1 phone could not take it:").waitFor();
    const refused = sheet.getByRole("row", { name: new RegExp(bert.config.udid) });
    expect(await refused.innerText()).toContain("queue_full");
    await page.unroute("**/api/v1/commands");
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
    await lab.admin.post("/api/v1/users", { id: "dora", name: "Dora", email: "dora@orchard.example" });
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

  const places = () =>
    [
      ["/devices", "Devices", "Dispositivi"],
      [`/devices/${anna.config.udid}`, "Anna's phone", "Anna's phone"],
      ["/enrollment", "Enrolment links", "Collegamenti di registrazione"],
    ] as const;

  it("shows a read-only admin everything and no live button", async () => {
    const reader = await house.visitor("read-only");
    for (const [path, title] of places()) {
      await reader.open(path, title);
      await reader.page.locator("table, .timeline").first().waitFor();
      const buttons = await reader.page.getByRole("main").getByRole("button").allInnerTexts();
      expect(buttons, path).toEqual([]);
    }
    await reader.page.context().close();
    // The same pages have buttons for who may use them.
    const operator = await house.visitor("operator");
    await operator.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await operator.page.getByRole("button", { name: "Lock" }).waitFor();
    // But only an administrator makes links.
    await operator.open("/enrollment?new=-", "Enrolment links");
    await operator.page.locator("table").waitFor();
    expect(await operator.page.getByRole("main").getByRole("button").count()).toBe(0);
    expect(await operator.page.getByRole("dialog").count()).toBe(0);
    await operator.page.context().close();
  });

  it.each(["light", "dark"] as const)("has pages without barriers in %s", async (colorScheme) => {
    const visitor = await house.visitor("admin", { colorScheme, reducedMotion: "reduce" });
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
    expect(await axeViolations(page, what), "timeline").toEqual([]);
    await visitor.open("/enrollment?new=-", "Enrolment links");
    await page.getByRole("dialog").waitFor();
    expect(await axeViolations(page, what), "new link").toEqual([]);
    await page.context().close();
  });

  it("speaks Italian with the words that admins know, and fits a phone's width", async () => {
    const options = { locale: "it-IT", viewport: { width: 360, height: 740 } };
    const visitor = await house.visitor("admin", options);
    const { page } = visitor;
    for (const [path, , title] of places()) {
      await visitor.open(path, title);
      await page.locator("table, .timeline").first().waitFor();
      expect(await overflow(page), path).toBe(0);
    }
    await visitor.open(`/devices/${anna.config.udid}`, "Anna's phone");
    await page.locator(".timeline summary").first().click();
    await page.getByRole("button", { name: "Invia un comando" }).click();
    await page.getByText("Conforme allo schema.").waitFor();
    expect(await overflow(page), "editor").toBe(0);
    expect(complaintsOf(visitor)).toEqual([]);
    await page.context().close();
  });

  it("asks for nothing from elsewhere, and complains of nothing", () => {
    expect(admin.requests.filter((url) => !url.startsWith(lab.serverUrl))).toEqual([]);
    expect(complaintsOf(admin)).toEqual([]);
  });
});

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
