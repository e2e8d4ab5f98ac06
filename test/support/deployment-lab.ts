/** A small organisation in the virtual world, to see deployments reach phones: server, Apple, phones and people are the real ones. */
import type { OfferedApp, Phone } from "../../agent/phone.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { checkTrace } from "../../simulator/checks/check-trace.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import { givePhone, type Persona } from "../../simulator/people/person.ts";

export const pages = "361309726";
export const keynote = "361285480";
export const pagesBundleId = "com.apple.Pages";
const password = "correct horse battery";

export interface PersonPlan {
  readonly id: string;
  /** Default: one personal phone. */
  readonly kinds?: readonly Phone["config"]["kind"][];
  readonly habits?: Partial<Persona>;
  readonly groups?: readonly string[];
}

export interface OrganisationPlan {
  readonly seed: string;
  /** Seats by app. Default: ten of Pages. */
  readonly seats?: Readonly<Record<string, number>>;
  readonly people: readonly PersonPlan[];
  /** Keeps the messages, and has the trace checked at the end. */
  readonly checksTrace?: boolean;
}

export interface InstallationItem {
  readonly udid: string;
  readonly adamId: string;
  readonly userId: string;
  readonly desired: string | null;
  readonly licenseType: string;
  readonly state: string;
  readonly reason: string | null;
  readonly label: string;
  readonly code: string | null;
  readonly appState: string | null;
  readonly attempts: number;
  readonly commandUUID: string | null;
  readonly dueAt: string | null;
}

/** Runs `main` in an organisation whose token is uploaded and synced, and whose phones are enrolled. Groups are made as they are named. */
export async function inOrganisation<T>(
  plan: OrganisationPlan,
  main: (org: Organisation) => Promise<T>,
): Promise<T> {
  const events: TraceEvent[] = [];
  const options = {
    seed: plan.seed,
    progress: () => undefined,
    keepsWire: plan.checksTrace ?? false,
    onEvent: (event: TraceEvent) => void events.push(event),
  };
  const result = await runVirtual(options, async (lab) => {
    const org = new Organisation(lab, plan, events);
    await org.open();
    return await main(org);
  });
  if (plan.checksTrace === true) {
    const findings = checkTrace(events);
    if (findings.length > 0) throw new Error(`the trace is wrong:\n${findings.join("\n")}`);
  }
  return result;
}

export class Organisation {
  readonly lab: VirtualLab;
  readonly events: readonly TraceEvent[];
  readonly #plan: OrganisationPlan;
  readonly #groupIds = new Map<string, string>();
  readonly #udids = new Map<string, string[]>();
  /** Of the organisation in Apple's control API. */
  #root = "";
  #sToken = "";

  constructor(lab: VirtualLab, plan: OrganisationPlan, events: readonly TraceEvent[]) {
    this.lab = lab;
    this.events = events;
    this.#plan = plan;
  }

  async open(): Promise<void> {
    const { apple, admin } = this.lab;
    const { people, seats = { [pages]: 10 } } = this.#plan;
    const org = await apple.post<{ organisationId: string }>("/control/v1/organisations", {
      name: "Small & Co",
      appleId: "it@small.example",
    });
    const root = `/control/v1/organisations/${org.organisationId}`;
    this.#root = root;
    for (const [adamId, quantity] of Object.entries(seats))
      await apple.post(`${root}/licenses`, { adamId, quantity });
    const appleIds = people.map(({ id }) => ({ appleId: `${id}@icloud.example`, password }));
    await apple.post("/control/v1/apple-ids", { appleIds });
    const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
    this.#sToken = sToken;
    await this.send("PUT", "/api/v1/vpp/token", {
      sToken,
      tokenName: "Small",
      appleId: "it@small.example",
      acknowledged: true,
    });
    await admin.post("/api/v1/vpp/sync", {});
    const groups = people.map((person) => (person.groups ?? ["Team"]).join(";"));
    const rows = people.map(({ id }, index) => `${id},${id},${id}@small.example,${groups[index] ?? ""}`);
    const csv = ["id,name,email,groups", ...rows].join("\n");
    await admin.send("POST", "/api/v1/users/import", csv, "text/csv");
    for (const person of people)
      for (const [index, kind] of (person.kinds ?? ["user"]).entries()) await this.enrol(person, kind, index);
    await this.until("every phone is enrolled", () =>
      this.lab.phones.every((phone) => phone.view().enrolled),
    );
  }

  async enrol(
    { id, habits }: PersonPlan,
    kind: Phone["config"]["kind"],
    index = 0,
    { userId = id, ...modern }: { userId?: string | null; refusesVpp?: boolean; osVersion?: string } = {},
  ): Promise<Phone> {
    const tokens = [{ kind, userId }];
    const made = await this.lab.admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
      tokens,
    });
    const phone = await this.lab.addPhone({
      serial: `${id.toUpperCase()}${index}`,
      product: "iPhone8,1",
      name: `${id}'s phone`,
      kind,
      enrollmentUrl: made.tokens[0]?.url ?? "",
      persona: this.persona(id, habits),
      ...modern,
    });
    this.#udids.set(id, [...(this.#udids.get(id) ?? []), phone.config.udid]);
    return phone;
  }

  persona(id: string, habits: Partial<Persona> = {}): Persona {
    return {
      appleId: `${id}@icloud.example`,
      password,
      terms: "accept",
      install: "install",
      wrongPasswords: 0,
      thinkMsMin: 1_000,
      thinkMsMax: 2_000,
      ...habits,
    };
  }

  phone(id: string, index = 0): Phone {
    const udid = this.#udids.get(id)?.[index];
    const phone = this.lab.phones.find(({ config }) => config.udid === udid);
    if (!phone) throw new Error(`${id} has no phone ${index}`);
    return phone;
  }

  /** Switched off: nobody reaches it. */
  async switchOff(id: string, index = 0): Promise<void> {
    await this.phone(id, index).stop();
  }

  async switchOn(id: string, habits: Partial<Persona> = {}, index = 0): Promise<void> {
    const phone = await this.lab.restartPhone(this.phone(id, index).config.udid);
    givePhone(this.lab.world, phone, this.persona(id, habits));
  }

  hasApp(id: string, adamId = pages, index = 0): boolean {
    return this.phone(id, index)
      .view()
      .apps.some((app) => app.adamId === adamId && app.installed);
  }

  async offered(id: string, adamId = pages, index = 0): Promise<OfferedApp | undefined> {
    const apps = await this.phone(id, index).portal.list();
    return apps.find((app) => app.adamId === adamId);
  }

  /** Everybody who holds a seat by Apple's own count: a user's name at Apple, or a phone's serial number. */
  async holders(adamId = pages): Promise<string[]> {
    const { licenses } = await this.lab.apple.get<{
      licenses: { adamId: string; clientUserIdStr?: string; serialNumber?: string }[];
    }>(`${this.#root}/licenses`);
    return licenses
      .filter((seat) => seat.adamId === adamId)
      .map(({ serialNumber }) => serialNumber ?? "a user")
      .sort();
  }

  /** Apple's control API, but for the organisations. */
  control(method: string, path: string, body: object): Promise<unknown> {
    return this.lab.apple.send(method, `/control/v1${path}`, JSON.stringify(body), "application/json");
  }

  /** A change of licences by the web service, past our server. */
  async manageAtApple(change: object, adamId = pages): Promise<void> {
    await this.lab.world.request(`${this.lab.appleUrl}/mdm/manageVPPLicensesByAdamIdSrv`, {
      method: "POST",
      body: JSON.stringify({ sToken: this.#sToken, adamIdStr: adamId, ...change }),
    });
  }

  /** More seats, and a sync that finds them. */
  async buy(adamId: string, quantity: number): Promise<void> {
    await this.lab.apple.post(`${this.#root}/licenses`, { adamId, quantity });
    await this.lab.admin.post("/api/v1/vpp/sync", {});
  }

  // --- The admin ---

  send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const json = body === undefined ? [] : [JSON.stringify(body), "application/json"];
    return this.lab.admin.send<T>(method, path, ...json);
  }

  async groupId(name: string): Promise<string> {
    const known = this.#groupIds.get(name);
    if (known !== undefined) return known;
    const { items } = await this.lab.admin.get<{ items: { id: string; name: string }[] }>(
      "/api/v1/groups?limit=200",
    );
    const found = items.find((group) => group.name === name);
    const { id } = found ?? (await this.lab.admin.post<{ id: string }>("/api/v1/groups", { name }));
    this.#groupIds.set(name, id);
    return id;
  }

  /** Answers with the deployment's id. */
  async deploy(
    action: string,
    {
      group = "Team",
      adamId = pages,
      deadline,
      licenseType,
    }: { group?: string; adamId?: string; deadline?: number; licenseType?: "user" | "device" } = {},
  ): Promise<string> {
    const { id } = await this.lab.admin.post<{ id: string }>("/api/v1/deployments", {
      adamId,
      groupId: await this.groupId(group),
      action,
      ...(deadline === undefined ? {} : { deadline: new Date(deadline).toISOString() }),
      ...(licenseType === undefined ? {} : { licenseType }),
    });
    return id;
  }

  async moveTo(id: string, ...groups: string[]): Promise<void> {
    const groupIds: string[] = [];
    for (const group of groups) groupIds.push(await this.groupId(group));
    await this.send("PATCH", `/api/v1/users/${id}`, { groupIds });
  }

  async installations(): Promise<InstallationItem[]> {
    return (await this.lab.admin.get<{ items: InstallationItem[] }>("/api/v1/installations?limit=200")).items;
  }

  async installation(id: string, adamId = pages, index = 0): Promise<InstallationItem | undefined> {
    const { udid } = this.phone(id, index).config;
    return (await this.installations()).find((item) => item.udid === udid && item.adamId === adamId);
  }

  /** `state`, or `state reason`; `none` without an installation. */
  async stateOf(id: string, adamId = pages, index = 0): Promise<string> {
    const found = await this.installation(id, adamId, index);
    return found === undefined ? "none" : [found.state, found.reason].filter(Boolean).join(" ");
  }

  async settled(id: string, state: string, adamId = pages, index = 0): Promise<void> {
    await this.until(`${id} is ${state}`, async () => (await this.stateOf(id, adamId, index)) === state);
  }

  /** Of one app, by Apple's count; and what is wrong with the books. */
  async seats(adamId = pages): Promise<{ held: number; problems: readonly string[] }> {
    const ledger = await this.lab.admin.get<{
      drift: number;
      violations: string[];
      lines: { adamId: string; heldAtApple: number }[];
    }>("/api/v1/ledger/check");
    const line = ledger.lines.find((one) => one.adamId === adamId);
    const problems = [...ledger.violations, ...(ledger.drift === 0 ? [] : [`a drift of ${ledger.drift}`])];
    return { held: line?.heldAtApple ?? 0, problems };
  }

  /** Commands that were put into the phone's queue, by request type. */
  queued(id: string, index = 0): string[] {
    const { udid } = this.phone(id, index).config;
    return this.events
      .filter((event) => event.event === "command.queued" && event.udid === udid)
      .map((event) => String(event["requestType"]));
  }

  // --- Time ---

  pass(ms: number): Promise<void> {
    return this.lab.world.sleep(ms);
  }

  /** Waits by the lab's clock. Throws when it takes more than `patienceMs`. */
  async until(what: string, isSo: () => boolean | Promise<boolean>, patienceMs = 60 * 60_000): Promise<void> {
    const deadline = this.lab.world.now() + patienceMs;
    while (!(await isSo())) {
      if (this.lab.world.now() >= deadline) {
        const found = (await this.installations()).map(({ userId, state, reason }) =>
          [userId, state, reason].join(" "),
        );
        throw new Error(`waited in vain: ${what}; there is ${found.join(", ")}`);
      }
      await this.pass(1_000);
    }
  }

  async restartServer(): Promise<void> {
    this.lab.killServer();
    await this.lab.restartServer();
  }
}
