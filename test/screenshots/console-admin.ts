import type { Page } from "playwright-core";
import type { Shot } from "./shot.ts";

/** Whatever it says, in whichever language. */
const button = (page: Page, at: number) => page.locator(".page-head button").nth(at);

export const adminShots: readonly Shot[] = [
  { name: "dashboard", path: "" },
  { name: "vpp", path: "/vpp" },
  { name: "vpp-renew", path: "/vpp", act: (page) => button(page, 1).click() },
  { name: "vpp-delete", path: "/vpp", act: (page) => button(page, 2).click() },
  { name: "activity", path: "/activity" },
  {
    name: "activity-event",
    path: "/activity",
    act: (page) => page.locator("table button").first().click(),
  },
  { name: "policies", path: "/policies" },
  { name: "sessions", path: "/sessions" },
  { name: "audit", path: "/audit" },
  { name: "audit-record", path: "/audit", act: (page) => page.locator("table button").first().click() },
  { name: "keys", path: "/keys" },
  { name: "keys-new", path: "/keys", act: (page) => button(page, 0).click() },
];
