import type { Page } from "playwright-core";
import type { Shot } from "./shot.ts";

/** Whatever it says, in whichever language. */
const headButton = (page: Page, at: number) => page.locator(".page-head button").nth(at);
const deed = (page: Page, at: number) => page.locator(".deeds button").nth(at);

/** The page of the first thing in the list. */
async function openFirst(page: Page): Promise<void> {
  await page.locator("table.list tbody a").first().click();
  await page.locator(".up").waitFor();
  await page.locator("h2").first().waitFor();
}

async function onFirst(page: Page, act: (page: Page) => Promise<void>): Promise<void> {
  await openFirst(page);
  await act(page);
}

const csv =
  "id,name,email,groups\nnew.one,New One,new.one@orchard.example,Sales;Field\nmary,Mary M.,mary@orchard.example,\n";
const importFile = (page: Page, text: string) =>
  page
    .locator("dialog input[type=file]")
    .setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

async function openCommand(page: Page): Promise<void> {
  const newest = page.locator(".timeline details").first();
  await newest.locator("summary").click();
  await newest.locator("pre").first().scrollIntoViewIfNeeded();
}

export const peopleShots: readonly Shot[] = [
  { name: "users", path: "/users" },
  { name: "users-none", path: "/users?search=nobody-of-this-name" },
  { name: "users-new", path: "/users", act: (page) => headButton(page, 1).click() },
  {
    name: "users-import",
    path: "/users",
    async act(page) {
      await headButton(page, 0).click();
      await importFile(page, csv);
    },
  },
  {
    name: "users-import-errors",
    path: "/users",
    async act(page) {
      await headButton(page, 0).click();
      await importFile(page, "id,name,email\nx y,,nowhere\n");
    },
  },
  { name: "user", path: "/users", act: openFirst },
  { name: "user-edit", path: "/users", act: (page) => onFirst(page, () => deed(page, 1).click()) },
  { name: "user-retire", path: "/users", act: (page) => onFirst(page, () => deed(page, 2).click()) },
  { name: "user-delete", path: "/users", act: (page) => onFirst(page, () => deed(page, 3).click()) },
  { name: "groups", path: "/groups" },
  { name: "groups-new", path: "/groups", act: (page) => headButton(page, 0).click() },
  { name: "group", path: "/groups", act: openFirst },
  { name: "group-command", path: "/groups", act: (page) => onFirst(page, () => headButton(page, 0).click()) },
  { name: "group-delete", path: "/groups", act: (page) => onFirst(page, () => headButton(page, 2).click()) },
  { name: "group-add", path: "/groups", act: (page) => onFirst(page, () => headButton(page, 3).click()) },
  { name: "devices", path: "/devices" },
  { name: "device", path: "/devices", act: openFirst },
  { name: "device-timeline", path: "/devices", act: (page) => onFirst(page, openCommand) },
  {
    name: "device-command",
    path: "/devices",
    act: (page) =>
      onFirst(page, async () => {
        await deed(page, 0).click();
        await page.locator("dialog select").selectOption("InstallApplication");
      }),
  },
  { name: "device-lock", path: "/devices", act: (page) => onFirst(page, () => deed(page, 2).click()) },
  {
    name: "device-erase",
    path: "/devices",
    act: (page) => onFirst(page, () => page.locator(".deeds button.danger").click()),
  },
  { name: "enrollment", path: "/enrollment" },
  { name: "enrollment-new", path: "/enrollment?new=-" },
  {
    name: "enrollment-link",
    path: "/enrollment?new=-",
    act: (page) => page.locator("dialog button.primary").click(),
  },
];
