/** Every screen and sheet of the phone, to be looked at: made of stand-ins, so that it is the same picture every time. */
import type { Page } from "playwright-core";
import type { OfferedApp, PhoneView } from "../../agent/phone.ts";
import { startScreen } from "../../agent/screen/start-screen.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { morning, standInApp, StandInPhone, standInPrompt, StandInRack } from "../agent/screen/stand-ins.ts";

export interface Shot {
  readonly name: string;
  /** Brings the page there, from wherever it is. */
  take(page: Page): Promise<void>;
}

export interface Shots {
  readonly shots: readonly Shot[];
  close(): Promise<void>;
}

const apps = [
  standInApp("Pages"),
  standInApp("Numbers", "Managed", "361304891"),
  standInApp("Orchard Notes", "Installing", "586447913"),
  standInApp("Keynote", "PromptingForLogin", "361285480"),
  standInApp("Slack", "Failed", "618783545"),
  standInApp("Weather", "absent", "1"),
];

function offer(name: string, status: OfferedApp["status"], more: Partial<OfferedApp> = {}): OfferedApp {
  return { adamId: name, bundleId: `example.${name}`, name, status, reason: null, deadline: null, ...more };
}
const offered = [
  offer("Keynote", "Available"),
  offer("Numbers", "Installed"),
  offer("Orchard Notes", "Installing", { deadline: morning + 86_400_000 }),
  offer("Pages", "WaitingForTerms"),
  offer("Slack", "Failed", { reason: "no-license" }),
];

const settings: Partial<PhoneView> = {
  appleId: "ada@icloud.example",
  profiles: [
    { identifier: "wifi", displayName: "Orchard Wi-Fi", managed: true },
    { identifier: "own", displayName: "My calendar", managed: false },
  ],
  forbidden: ["allowAppInstallation", "allowAppRemoval"],
};

/** What is to be seen, and how one gets there from the phone's first screen. */
const phones: Readonly<Record<string, readonly [Partial<PhoneView>, string?]>> = {
  home: [{ apps }],
  "home-empty": [{}],
  portal: [{ apps }, "[data-open=portal]"],
  store: [{ apps }, "[data-open=store]"],
  "store-blocked": [{ apps, ...settings }, "[data-open=store]"],
  settings: [{ apps, ...settings }, "[data-open=settings]"],
  "settings-signed-out": [{ apps, hasPasscode: true }, "[data-open=settings]"],
  app: [{ apps }, "[data-state=Managed]"],
  lock: [{ apps, locked: true }],
  "lock-message": [
    {
      apps,
      ...{ locked: true, hasPasscode: true, airplane: true, connected: false },
      lockMessage: { message: "This phone was lost. Please bring it back.", phoneNumber: "+39 041 555 0134" },
    },
  ],
  "setup-assistant": [{ inSetupAssistant: true }],
  enrolling: [{ status: "enrolling", enrolled: false }],
  refused: [
    {
      ...{ status: "refused", enrolled: false, connected: false },
      trouble: { code: "enrollment_token_expired", message: "The enrolment link has expired." },
    },
  ],
  unenrolled: [{ status: "unenrolled", enrolled: false, connected: false }],
  erased: [{ status: "erased", enrolled: false, connected: false }],
  restarting: [{ status: "restarting", connected: false }],
  off: [{ status: "off", connected: false }],
  replaced: [{ status: "replaced", connected: false }],
  failed: [{ status: "failed", connected: false }],
  "sheet-program-terms": [{ prompt: standInPrompt("programTerms") }],
  "sheet-app-installation": [{ apps, prompt: standInPrompt("appInstallation") }],
  "sheet-sign-in": [{ prompt: standInPrompt("appleIdSignIn") }],
  "sheet-wrong-password": [
    {
      appleId: "ada@icloud.example",
      prompt: standInPrompt("appleIdSignIn", {
        ...{ fields: ["password"], wrongPasswords: 2, adamId: "361309726", appName: "Pages" },
        purpose: "install",
      }),
    },
  ],
  "sheet-store-terms": [{ prompt: standInPrompt("storeTerms") }],
  "sheet-management-change": [{ apps, prompt: standInPrompt("managementChange") }],
  "sheet-app-update": [{ apps, prompt: standInPrompt("appUpdate") }],
  "sheet-notice": [{ prompt: standInPrompt("notice", { notice: "appleIdLocked", minutes: 15 }) }],
};

/** Opens a screen with a phone for each picture. */
export async function openPhoneShots(): Promise<Shots> {
  const names = Object.keys(phones);
  const standIns = names.map((name, index) => {
    const [view] = phones[name] ?? [{}];
    const serialNumber = `PIPPIN${String(index + 1).padStart(4, "0")}`;
    const phone = new StandInPhone({ udid: name, serialNumber, deviceName: `Ada's iPhone` }, view);
    phone.offered = offered;
    return phone;
  });
  const rack = new StandInRack(standIns);
  const screen = await startScreen(createLiveWorld(), rack, { host: "127.0.0.1", port: 0 });

  async function open(page: Page, path: string, wanted: string): Promise<void> {
    await page.goto(`${screen.url}${path}${new URL(screen.link).search}`);
    await page.locator(wanted).first().waitFor();
  }
  const wall: Shot = { name: "wall", take: (page) => open(page, "/", ".phone-card") };
  const ofPhones = names.map((name): Shot => {
    const [view, way] = phones[name] ?? [{}];
    return {
      name: `phone-${name}`,
      async take(page) {
        await open(page, `/phones/${name}`, view.prompt ? "dialog[open]" : ".place");
        if (way === undefined) return;
        await page.locator(way).first().click();
        await page.locator(".place.page, dialog[open]").first().waitFor();
        if (name === "portal") await page.locator("[data-status]").first().waitFor();
      },
    };
  });
  return { shots: [wall, ...ofPhones], close: () => screen.stop() };
}
