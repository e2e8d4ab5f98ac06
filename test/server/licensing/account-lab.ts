/** A virtual lab with an organisation at Apple, for tests of the account, its token and its syncs. No phones. */
import { ApiError } from "../../../simulator/json-client.ts";
import { runVirtual, type VirtualLab } from "../../../simulator/lab.ts";
import type { TraceEvent } from "../../../shared/trace.ts";

export const pages = "361309726";
export const slack = "618783545";
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export interface Account {
  organisation: string;
  tokenName: string;
  appleId: string;
  countryCode: string;
  state: string;
  claimedBy: string | null;
  uploadedAt: string;
  updatedAt: string;
  expiresAt: string;
  lastSyncAt: string | null;
  lastSyncResult: string | null;
  lastSyncErrorCode: string | null;
  nextSyncAt: string | null;
  warning: { code: string; days: number | null; message: string } | null;
  strandedLicenses: number | null;
}

export interface Sync {
  id: string;
  trigger: string;
  startedAt: string;
  durationMs: number | null;
  result: string;
  errorCode: string | null;
  error: string | null;
  apps: number;
  users: number;
  licenses: number;
  foreignUsers: number;
  foreignLicenses: number;
  usersMode: string | null;
  licensesMode: string | null;
  lostUsers: number;
  lostLicenses: number;
}

export interface Token {
  sToken: string;
  tokenId: string;
}

export interface List<T> {
  items: T[];
  nextCursor: string | null;
}

/** The lab, and short ways to say what these tests say often. */
export class AccountLab {
  readonly lab: VirtualLab;
  readonly events: readonly TraceEvent[];
  organisationId = 0;
  sToken = "";
  tokenId = "";

  constructor(lab: VirtualLab, events: readonly TraceEvent[]) {
    this.lab = lab;
    this.events = events;
  }

  // Apple's side.

  async organisation(name = "Orchard & Sons"): Promise<number> {
    const body = { name, appleId: `it@${name.toLowerCase().replace(/\W+/g, "-")}.example` };
    const made = await this.lab.apple.post<{ organisationId: number }>("/control/v1/organisations", body);
    return made.organisationId;
  }

  token(organisationId: number, body: object = {}): Promise<Token> {
    return this.lab.apple.post(`/control/v1/organisations/${organisationId}/tokens`, body);
  }

  /** A newer token of the same account. */
  newer(body: object = {}): Promise<Token> {
    return this.token(this.organisationId, body);
  }

  buy(adamId: string, quantity: number): Promise<unknown> {
    const body = { adamId, quantity };
    return this.lab.apple.post(`/control/v1/organisations/${this.organisationId}/licenses`, body);
  }

  behave(behaviour: object): Promise<unknown> {
    return this.control("PUT", "/behaviour", behaviour);
  }

  control<T>(method: string, path: string, body: object = {}): Promise<T> {
    return this.lab.apple.send<T>(method, `/control/v1${path}`, JSON.stringify(body), "application/json");
  }

  /** Another product claims the account; with `wipe` it also retires every user and takes every licence back. */
  takeOver(wipe = false, hostname = "other.example"): Promise<{ clientContext: string }> {
    return this.control("POST", `/organisations/${this.organisationId}/take-over`, { hostname, wipe });
  }

  clientContext(): Promise<string | undefined> {
    return this.lab.apple
      .get<{ clientContext?: string }>(`/control/v1/organisations/${this.organisationId}`)
      .then((found) => found.clientContext);
  }

  /** A call of the web service with the account's token, past the server. */
  async vpp<T = object>(service: string, body: object, sToken = this.sToken): Promise<T> {
    const response = await this.lab.world.request(`${this.lab.appleUrl}/mdm/${service}`, {
      method: "POST",
      body: JSON.stringify({ sToken, ...body }),
    });
    return JSON.parse(response.body.toString("utf8")) as T;
  }

  async associate(clientUserIdStr: string, adamId = pages): Promise<void> {
    await this.manage(adamId, { associateClientUserIdStrs: [clientUserIdStr] });
  }

  async disassociate(clientUserIdStr: string, adamId = pages): Promise<void> {
    await this.manage(adamId, { disassociateClientUserIdStrs: [clientUserIdStr] });
  }

  async manage(adamIdStr: string, change: object): Promise<void> {
    const body = { adamIdStr, pricingParam: "STDQ", ...change };
    const answer = await this.vpp<{ status: number }>("manageVPPLicensesByAdamIdSrv", body);
    if (answer.status !== 0) throw new Error(`Apple refused: ${JSON.stringify(answer)}`);
  }

  // The server's side.

  put(sToken: string, changes: object = {}): Promise<Account> {
    const upload = { sToken, tokenName: "Orchard", appleId: "it@orchard.example", acknowledged: true };
    return this.lab.admin.send(
      "PUT",
      "/api/v1/vpp/token",
      JSON.stringify({ ...upload, ...changes }),
      "application/json",
    );
  }

  account(): Promise<Account> {
    return this.lab.admin.get("/api/v1/vpp/token");
  }

  sync(): Promise<Sync> {
    return this.lab.admin.post("/api/v1/vpp/sync", {});
  }

  async syncs(): Promise<Sync[]> {
    return (await this.lab.admin.get<List<Sync>>("/api/v1/vpp/syncs?limit=200")).items;
  }

  takeControl(body: object = { confirm: true }): Promise<{ account: Account; sync: Sync }> {
    return this.lab.admin.post("/api/v1/vpp/token/take-control", body);
  }

  deleteToken(query = "?confirm=true"): Promise<{ strandedLicenses: number; organisation: string }> {
    return this.lab.admin.send("DELETE", `/api/v1/vpp/token${query}`);
  }

  async items<T>(path: string): Promise<T[]> {
    return (await this.lab.admin.get<List<T>>(path)).items;
  }

  /** People of ours whom Apple knows, each with a licence of Pages. Answers with their names at Apple. */
  async people(ids: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const id of ids) {
      const email = `${id}@orchard.example`;
      await this.lab.admin.post("/api/v1/users", { id, name: id, email, groupIds: [] });
      const clientUserIdStr = await this.nameAtApple(id);
      await this.vpp("registerVPPUserSrv", { clientUserIdStr, email });
      await this.associate(clientUserIdStr);
      names.push(clientUserIdStr);
    }
    return names;
  }

  /** A person's name at Apple, which no answer of the server tells: from the data folder. */
  async nameAtApple(id: string): Promise<string> {
    const found = new RegExp(`"id":"${id}".{0,400}?"clientUserIdStr":"([^"]+)"`).exec(
      await this.dataFolder(),
    );
    if (found?.[1] === undefined) throw new Error(`the data folder has no user ${id}`);
    return found[1];
  }

  /** Everything that the server keeps, journal included. */
  async dataFolder(): Promise<string> {
    const { disk } = this.lab.serverProcess;
    const texts: string[] = [];
    for (const name of await disk.list("/server"))
      texts.push((await disk.readFile(`/server/${name}`))?.toString("utf8") ?? "");
    return texts.join("\n");
  }

  /** Requests of the web service that Apple has received so far, by name; not those for its configuration. */
  calls(): string[] {
    return this.events
      .filter(({ event, channel, to }) => event === "wire" && channel === "vpp" && to === "apple")
      .map(({ target }) => String(target).split("/").at(-1) ?? "")
      .filter((service) => service !== "VPPServiceConfigSrv");
  }

  async restartGracefully(): Promise<void> {
    await this.lab.stopServer();
    await this.lab.restartServer();
  }

  /** Until Apple has received so many more calls of a service. */
  async untilCalled(service: string, count = 1): Promise<void> {
    const called = () => this.calls().filter((name) => name === service).length;
    const wanted = called() + count;
    while (called() < wanted) await this.lab.world.sleep(50);
  }

  named(name: string): TraceEvent[] {
    return this.events.filter(({ event }) => event === name);
  }
}

/** With `uploaded` (the default) the server has the token of an organisation that owns ten licences of Pages, and has synced. */
export async function inAccountLab<T>(
  main: (lab: AccountLab) => Promise<T>,
  options: { seed?: string; uploaded?: boolean; token?: object } = {},
): Promise<T> {
  const { seed = "account", uploaded = true, token = {} } = options;
  const events: TraceEvent[] = [];
  const progress = () => undefined;
  return runVirtual({ seed, progress, onEvent: (event) => events.push(event) }, async (virtual) => {
    const lab = new AccountLab(virtual, events);
    lab.organisationId = await lab.organisation();
    await lab.buy(pages, 10);
    ({ sToken: lab.sToken, tokenId: lab.tokenId } = await lab.token(lab.organisationId, token));
    if (uploaded) {
      await lab.put(lab.sToken);
      await lab.sync();
    }
    return main(lab);
  });
}

/** `accepted`, or the code of the refusal. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "accepted";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}
