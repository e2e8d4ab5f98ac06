import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations } from "../support/axe.ts";
import { browserPath } from "../support/browser.ts";
import { headed, overflow } from "../support/console-page.ts";
import { annasHabits, complaintsOf, startPeopleLab, typing, type PeopleLab } from "../support/people-lab.ts";

/** A file as somebody would choose it. */
const csv = (text: string) => ({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

describe.skipIf(browserPath === undefined)("the console's pages of people, in a real browser", () => {
  let house: PeopleLab;
  let lab: PeopleLab["lab"];
  let admin: PeopleLab["admin"];

  beforeAll(async () => {
    house = await startPeopleLab("people");
    ({ lab, admin } = house);
  });
  afterAll(() => house?.stop());

  it("R40: shows the VPP Terms Status of each user with its age, and its change without a reload", async () => {
    const { page } = admin;
    await admin.open("/users", "Users");
    const row = page.getByRole("row", { name: /Anna/ });
    await row.getByText("Not invited").waitFor();
    await house.deploy();
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

  const places = () =>
    [
      ["/users", "Users", "Utenti"],
      ["/users/anna", "Anna", "Anna"],
      ["/groups", "Groups", "Gruppi"],
      ["/groups/team", "Team", "Team"],
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
    await operator.open("/users", "Users");
    await operator.page.getByRole("button", { name: "Add user" }).waitFor();
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
    await page.getByRole("button", { name: "Send a command" }).click();
    await page.getByText("Fits the schema.").waitFor();
    expect(await axeViolations(page, what), "editor").toEqual([]);
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
    await visitor.open("/users/anna", "Anna");
    await page.getByText("Stato delle condizioni per l’utilizzo di VPP").waitFor();
    await page.getByRole("button", { name: "Ritira" }).waitFor();
    expect(complaintsOf(visitor)).toEqual([]);
    await page.context().close();
  });

  it("asks for nothing from elsewhere, and complains of nothing", () => {
    expect(admin.requests.filter((url) => !url.startsWith(lab.serverUrl))).toEqual([]);
    expect(complaintsOf(admin)).toEqual([]);
  });
});
