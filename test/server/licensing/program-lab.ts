/** A small organisation in the virtual world, for tests about people: Apple, the server, and phones with or without a person. */
import type { Phone, Prompt } from "../../../agent/phone.ts";
import { VppClient } from "../../../server/licensing/vpp-client.ts";
import type { TraceEvent } from "../../../shared/trace.ts";
import { ApiError } from "../../../simulator/json-client.ts";
import { runVirtual, type VirtualLab } from "../../../simulator/lab.ts";

export const pages = "361309726";
export const keynote = "361285480";
export const hourMs = 3_600_000;
const password = "windfall";

export interface UserView {
  id: string;
  deviceCount: number;
  seatCount: number;
  terms: {
    status: string;
    checkedAt: string | null;
    stale: boolean;
    invitedAt: string | null;
    inviteCount: number;
    acceptedAt: string | null;
    retiredAt: string | null;
    pending: string | null;
  };
  conflict: { kind: string; userIds: string[]; message: string } | null;
  devices: { udid: string }[];
  storeAccounts: { udid: string; account: string }[];
  seats: { adamId: string; state: string }[];
  installations: {
    adamId: string;
    udid: string;
    state: string;
    reason: string | null;
    detail: string | null;
  }[];
}

export interface AppleSeat {
  adamId: string;
  clientUserIdStr: string;
  userStatus: string;
}

export interface PersonOptions {
  /** Default: one of their own, of the shop of the organisation's country. */
  readonly appleId?: string;
  readonly terms?: "accept" | "decline" | "ignore";
  readonly kind?: Phone["config"]["kind"];
}

export class ProgramLab {
  readonly lab: VirtualLab;
  readonly events: TraceEvent[];
  organisationId = 0;
  sToken = "";
  #serial = 0;

  constructor(lab: VirtualLab, events: TraceEvent[]) {
    this.lab = lab;
    this.events = events;
  }

  get admin() {
    return this.lab.admin;
  }

  /** The account with its token and the group `all`, with so many licences of each app. */
  async setUp(quantities: Record<string, number> = { [pages]: 5 }): Promise<void> {
    const { apple, admin } = this.lab;
    const made = await apple.post<{ organisationId: number }>("/control/v1/organisations", {
      name: "Orchard",
      appleId: "it@orchard.example",
    });
    this.organisationId = made.organisationId;
    const root = `/control/v1/organisations/${made.organisationId}`;
    for (const [adamId, quantity] of Object.entries(quantities)) {
      await apple.post(`${root}/licenses`, { adamId, quantity });
    }
    const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
    this.sToken = sToken;
    const upload = { sToken, tokenName: "Orchard", appleId: "it@orchard.example", acknowledged: true };
    await this.put("/api/v1/vpp/token", upload);
    await this.sync();
    await admin.post("/api/v1/groups", { id: "all", name: "All" });
  }

  async sync(): Promise<void> {
    await this.admin.post("/api/v1/vpp/sync", {});
  }

  put(path: string, body: unknown) {
    return this.admin.send("PUT", path, JSON.stringify(body), "application/json");
  }

  patch(path: string, body: unknown) {
    return this.admin.send("PATCH", path, JSON.stringify(body), "application/json");
  }

  /** A user in the group `all`. */
  async addUser(id: string): Promise<void> {
    await this.admin.post("/api/v1/users", {
      id,
      name: id,
      email: `${id}@orchard.example`,
      groupIds: ["all"],
    });
  }

  async addAppleId(appleId: string, more: Record<string, unknown> = {}): Promise<void> {
    await this.lab.apple.post("/control/v1/apple-ids", { appleId, password, ...more });
  }

  /** A phone in the hand of its user. The Apple ID must be there. */
  async addPhone(userId: string, options: PersonOptions = {}): Promise<Phone> {
    return this.#addPhone(userId, options, {
      appleId: options.appleId ?? `${userId}@icloud.example`,
      password,
      terms: options.terms ?? "accept",
      install: "install",
      wrongPasswords: 0,
      thinkMsMin: 1_000,
      thinkMsMax: 5_000,
    });
  }

  /** A phone that nobody touches but the test. */
  addLonePhone(userId: string, kind: Phone["config"]["kind"] = "user"): Promise<Phone> {
    return this.#addPhone(userId, { kind }, undefined);
  }

  async #addPhone(
    userId: string,
    { kind = "user" }: PersonOptions,
    persona: Parameters<VirtualLab["addPhone"]>[0]["persona"],
  ): Promise<Phone> {
    this.#serial += 1;
    return this.lab.addPhone({
      serial: `PROGRAM${this.#serial}`,
      product: "iPhone8,1",
      name: `${userId}'s phone`,
      kind,
      enrollmentUrl: await this.enrollmentUrl(userId, kind),
      ...(persona ? { persona } : {}),
    });
  }

  async enrollmentUrl(userId: string, kind: Phone["config"]["kind"] = "user"): Promise<string> {
    const wanted = { kind, userId };
    return (await this.admin.post<{ url: string }>("/api/v1/enrollment-tokens", wanted)).url;
  }

  /** A user with an Apple ID and a phone. */
  async addPerson(userId: string, options: PersonOptions = {}): Promise<Phone> {
    await this.addUser(userId);
    if (options.appleId === undefined) await this.addAppleId(`${userId}@icloud.example`);
    return this.addPhone(userId, options);
  }

  async require(adamId = pages, groupId = "all"): Promise<string> {
    const wish = { adamId, groupId, action: "required" };
    return (await this.admin.post<{ id: string }>("/api/v1/deployments", wish)).id;
  }

  user(id: string): Promise<UserView> {
    return this.admin.get<UserView>(`/api/v1/users/${id}`);
  }

  /** State and reason of the user's installations, by app and phone. */
  async states(id: string): Promise<string[]> {
    const { installations } = await this.user(id);
    return installations
      .sort((a, b) => `${a.udid} ${a.adamId}`.localeCompare(`${b.udid} ${b.adamId}`))
      .map(({ state, reason }) => (reason === null ? state : `${state} ${reason}`));
  }

  /** Seats by Apple's own count. */
  async appleSeats(): Promise<AppleSeat[]> {
    const path = `/control/v1/organisations/${this.organisationId}/licenses`;
    return (await this.lab.apple.get<{ licenses: AppleSeat[] }>(path)).licenses;
  }

  async appleUsers(): Promise<Record<string, number>> {
    const path = `/control/v1/organisations/${this.organisationId}`;
    return (await this.lab.apple.get<{ userCounts: Record<string, number> }>(path)).userCounts;
  }

  /** Apple answers nothing but "later"; its control API goes on. */
  async setUnavailable(unavailable: false | { retryAfterSeconds: number }): Promise<void> {
    await this.lab.apple.send(
      "PUT",
      "/control/v1/behaviour",
      JSON.stringify({ unavailable }),
      "application/json",
    );
  }

  /** Joins without a phone, as by the link in a browser. */
  async acceptAtApple(userId: string, appleId: string): Promise<void> {
    const clientUserIdStr = await this.clientUserId(userId);
    const user = await this.vpp.getUser(this.sToken, clientUserIdStr);
    await this.lab.apple.post("/control/v1/users/accept", { inviteCode: user.inviteCode, appleId });
  }

  /** Another client with the same token. */
  get vpp(): VppClient {
    return new VppClient(this.lab.world, this.lab.appleUrl);
  }

  /** The name by which Apple knows the only user of ours that has this e-mail address. */
  async clientUserId(userId: string): Promise<string> {
    let found = "";
    await this.vpp.users(this.sToken, null, async (users) => {
      for (const user of users) if (user.email === `${userId}@orchard.example`) found = user.clientUserIdStr;
    });
    return found;
  }

  /** Whether both sides agree, and no rule is broken. */
  async ledger(): Promise<{ drift: number; violations: string[] }> {
    const { drift, violations } = await this.admin.get<{ drift: number; violations: string[] }>(
      "/api/v1/ledger/check",
    );
    return { drift, violations };
  }

  async movements(userId: string): Promise<string[]> {
    const { items } = await this.admin.get<{ items: { kind: string; reason: string; sequence?: number }[] }>(
      `/api/v1/ledger?userId=${userId}`,
    );
    return items.map(({ kind, reason }) => `${kind} ${reason}`);
  }

  /** Events of one name that concern the user, as the server recorded them. */
  named(event: string, userId: string): TraceEvent[] {
    return this.events.filter(
      (one) => one.event === event && one.userId === userId && one["side"] !== "apple",
    );
  }

  sleep(ms: number): Promise<void> {
    return this.lab.world.sleep(ms);
  }

  /** Waits for a sheet of this kind on the phone. */
  async prompt(phone: Phone, kind: Prompt["kind"], patienceMs = hourMs): Promise<Prompt> {
    for (let waited = 0; waited <= patienceMs; waited += 1_000) {
      const { prompt } = phone.view();
      if (prompt?.kind === kind) return prompt;
      await this.sleep(1_000);
    }
    throw new Error(`no ${kind} was shown`);
  }

  /** The person agrees to the terms and signs in. */
  async acceptTerms(phone: Phone, appleId: string): Promise<void> {
    phone.answer((await this.prompt(phone, "programTerms")).id, { choice: "accept" });
    const signIn = await this.prompt(phone, "appleIdSignIn");
    phone.answer(signIn.id, { choice: signIn.choices.at(-1) ?? "", appleId, password });
    await this.sleep(5_000);
  }

  /** The code of the refusal, or null when there is none. */
  async refusal(run: () => Promise<unknown>): Promise<string | null> {
    try {
      await run();
      return null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error.code;
    }
  }
}

/** Answers with all events, with the messages only if they are wanted. */
export async function inProgramLab(
  seed: string,
  main: (lab: ProgramLab) => Promise<void>,
  { keepsWire = false } = {},
): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const onEvent = (event: TraceEvent) => void events.push(event);
  await runVirtual({ seed, progress: () => undefined, onEvent, keepsWire }, (lab) =>
    main(new ProgramLab(lab, events)),
  );
  return events;
}
