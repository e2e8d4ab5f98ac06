/** A small lab for the console's pages of people and phones, with an admin at them. */
import type { Page } from "playwright-core";
import type { Phone } from "../../agent/phone.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import type { Persona } from "../../simulator/people/person.ts";
import { TestBrowser } from "./browser.ts";
import { signIn, type Console } from "./console-page.ts";

const app = "361309726";
const password = "correct horse battery";
export const annasHabits: Persona = {
  ...{ appleId: "anna@icloud.example", password, terms: "accept", install: "install" },
  ...{ wrongPasswords: 0, thinkMsMin: 10, thinkMsMax: 50 },
};

export interface PeopleLab {
  readonly lab: RunningLab;
  readonly browser: TestBrowser;
  readonly admin: Console;
  /** Her own. She accepts and installs what she is asked. */
  readonly anna: Phone;
  /** Supervised, and nobody looks at it. */
  readonly bert: Phone;
  /** Deploys an app to the group of both. */
  deploy(): Promise<void>;
  /** Somebody else at the console. */
  visitor(role: "read-only" | "operator" | "admin", options?: Parameters<typeof signIn>[3]): Promise<Console>;
  stop(): Promise<void>;
}

export async function startPeopleLab(seed: string): Promise<PeopleLab> {
  const lab = await startLiveLab({
    ...{ seed, progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
  });
  await buyApps(lab);
  const { admin } = lab;
  await admin.post("/api/v1/groups", { id: "team", name: "Team" });
  for (const name of ["Anna", "Bert"]) {
    const id = name.toLowerCase();
    await admin.post("/api/v1/users", { id, name, email: `${id}@orchard.example`, groupIds: ["team"] });
  }
  const enroll = async (kind: "user" | "configurator", userId: string) =>
    (await admin.post<{ url: string }>("/api/v1/enrollment-tokens", { kind, userId })).url;
  const product = "iPhone8,1";
  const anna = await lab.addPhone({
    ...{ serial: "PEOPLE1", product, name: "Anna's phone", kind: "user", persona: annasHabits },
    enrollmentUrl: await enroll("user", "anna"),
  });
  const bert = await lab.addPhone({
    ...{ serial: "PEOPLE2", product, name: "Bert's phone", kind: "configurator" },
    enrollmentUrl: await enroll("configurator", "bert"),
  });
  const browser = await TestBrowser.open();
  const keys = new Map([["admin", lab.adminKey]]);
  return {
    ...{ lab, browser, anna, bert },
    admin: await signIn(browser, lab.serverUrl, lab.adminKey),
    async deploy() {
      await admin.post("/api/v1/deployments", { adamId: app, groupId: "team", action: "required" });
    },
    async visitor(role, options) {
      const key =
        keys.get(role) ?? (await admin.post<{ key: string }>("/api/v1/keys", { name: role, role })).key;
      keys.set(role, key);
      return await signIn(browser, lab.serverUrl, key, options);
    },
    async stop() {
      await browser.close();
      await lab.stop();
    },
  };
}

async function buyApps({ apple, admin }: RunningLab): Promise<void> {
  const about = { name: "Orchard & Sons", appleId: "it@orchard.example" };
  const { organisationId } = await apple.post<{ organisationId: string }>("/control/v1/organisations", about);
  const root = `/control/v1/organisations/${organisationId}`;
  await apple.post(`${root}/licenses`, { adamId: app, quantity: 3 });
  const { appleId } = annasHabits;
  await apple.post("/control/v1/apple-ids", { appleIds: [{ appleId, password }] });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Orchard", appleId: about.appleId, acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  await admin.post("/api/v1/vpp/sync", {});
  const soon = { firstSeconds: 0.1, factor: 1.2, maxSeconds: 1 };
  const policies = JSON.stringify({ termsPoll: soon, verify: soon });
  await admin.send("PATCH", "/api/v1/policies", policies, "application/json");
}

/** The sheet is there, and its first field has the focus. */
export const typing = (page: Page): Promise<void> => page.locator("dialog [data-focus]:focus").waitFor();

/** What the browser complains of, but for its notes of refusals: those the page shows. */
export function complaintsOf({ complaints }: Console): string[] {
  return complaints.filter((line) => !line.includes("Failed to load resource"));
}
