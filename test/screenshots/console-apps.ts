import type { Page } from "playwright-core";
import type { Shot } from "./shot.ts";

/** PDF Expert, of which the sample organisation has too few licences. */
const app = "743974925";

/** Whatever it says, in whichever language. */
const button = (page: Page, at: number) => page.locator(".page-head button").nth(at).click();
const firstLink = (page: Page) => page.locator("table.list tbody a").first().click();
const rowButton = (page: Page) => page.locator("table.list td button").first().click();
const next = (page: Page) => page.locator("dialog .primary").click();

async function deploymentButton(page: Page, at: number): Promise<void> {
  await firstLink(page);
  await page.locator(".up[href$=deployments]").waitFor();
  await button(page, at);
}

/** *Manage deployment* as far as its last step. */
async function manage(page: Page, { action = 0, groups = 2 } = {}): Promise<void> {
  await button(page, 0);
  for (let at = 0; at < groups; at += 1) await page.locator("dialog .choice input").nth(at).check();
  await next(page);
  await page.locator("dialog .choice input").nth(action).check();
  await next(page);
  if (action === 0) await next(page);
  await page.locator("dialog .foretold").waitFor();
}

export const appShots: readonly Shot[] = [
  { name: "apps", path: "/apps" },
  { name: "apps-failed", path: "/apps?label=Failed" },
  { name: "app", path: `/apps/${app}` },
  { name: "app-devices", path: `/apps/${app}?tab=devices` },
  { name: "app-deployments", path: `/apps/${app}?tab=deployments` },
  { name: "app-licenses", path: `/apps/${app}?tab=licenses` },
  { name: "app-revoke", path: `/apps/${app}`, act: (page) => button(page, 2) },
  { name: "app-reclaim", path: `/apps/${app}`, act: (page) => button(page, 1) },
  { name: "manage-groups", path: `/apps/${app}`, act: (page) => button(page, 0) },
  {
    name: "manage-action",
    path: `/apps/${app}`,
    async act(page) {
      await button(page, 0);
      await page.locator("dialog .choice input").first().check();
      await next(page);
    },
  },
  {
    name: "manage-deadline",
    path: `/apps/${app}`,
    async act(page) {
      await button(page, 0);
      await page.locator("dialog .choice input").first().check();
      await next(page);
      await next(page);
      await page.locator("dialog .choice input").last().check();
    },
  },
  { name: "manage-confirm", path: `/apps/${app}`, act: (page) => manage(page) },
  { name: "manage-uninstall", path: `/apps/${app}`, act: (page) => manage(page, { action: 2, groups: 8 }) },
  { name: "deployments", path: "/deployments" },
  { name: "deployments-new", path: "/deployments", act: (page) => button(page, 0) },
  { name: "deployment", path: "/deployments", act: firstLink },
  { name: "deployment-change", path: "/deployments", act: (page) => deploymentButton(page, 0) },
  { name: "deployment-withdraw", path: "/deployments", act: (page) => deploymentButton(page, 1) },
  { name: "installations", path: "/installations" },
  { name: "installation-failed", path: "/installations?reason=no-license", act: firstLink },
  { name: "installation-refused", path: "/installations?reason=user-rejected", act: firstLink },
  { name: "installation-installed", path: "/installations?label=Installed", act: firstLink },
  {
    name: "installation-retry",
    path: "/installations?reason=user-rejected",
    async act(page) {
      await firstLink(page);
      await page.locator(".advice").waitFor();
      await button(page, 0);
    },
  },
  { name: "licenses", path: "/licenses" },
  { name: "licenses-take-back", path: "/licenses", act: rowButton },
  { name: "licenses-acts", path: "/licenses?tab=acts" },
  { name: "licenses-all", path: "/licenses", act: (page) => button(page, 1) },
  { name: "ledger", path: "/ledger" },
  { name: "ledger-check", path: "/ledger", act: (page) => button(page, 0) },
];
