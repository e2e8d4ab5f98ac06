/** The server's side of Apple's VPP web service: one typed call per service, with Apple's rules for repeating. */
import type { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import {
  AssetsAnswer,
  ClientConfig,
  LicensesAnswer,
  LookupAnswer,
  ManageLicensesAnswer,
  ServiceConfig,
  UserAnswer,
  UsersAnswer,
  VppEnvelope,
  type LicenseChange,
  type VppAsset,
  type VppLicense,
  type VppUser,
} from "../../shared/vpp.ts";
import { NetworkError, type HttpResponse, type World } from "../../shared/world.ts";

/** Apple answered, and the answer was no. `errorNumber` is Apple's. */
export class VppError extends Error {
  readonly errorNumber: number;
  constructor(errorNumber: number, message: string) {
    super(message);
    this.name = "VppError";
    this.errorNumber = errorNumber;
  }
}

/** The service configuration is fetched again after this long, because its limits change without notice. */
const configLifetimeMs = 5 * 60_000;
const triesMax = 4;
const retryFirstMs = 500;
/** Apple may ask for a long pause; past this the call fails and the caller tries later. */
const retryAfterMsMax = 30_000;
/** A list that never says it is at its end is an error, not a reason to read for ever. */
const pagesMax = 10_000;
const repeatable = new Set([9603, 9646]);

/** The service configuration has no `status`. */
const LooseEnvelope = VppEnvelope.partial();

export class VppClient {
  readonly #world: World;
  readonly #baseUrl: string;
  #config: { value: ServiceConfig; fetchedAt: number } | undefined;

  /** `baseUrl` is Apple's, e.g. `https://vpp.itunes.apple.com`. */
  constructor(world: World, baseUrl: string) {
    this.#world = world;
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
  }

  async serviceConfig(): Promise<ServiceConfig> {
    const cached = this.#config;
    if (cached && this.#world.now() - cached.fetchedAt < configLifetimeMs) return cached.value;
    const value = await this.#exchange(`${this.#baseUrl}/mdm/VPPServiceConfigSrv`, {}, ServiceConfig);
    this.#config = { value, fetchedAt: this.#world.now() };
    return value;
  }

  /** Reads the account behind a token; with `clientContext`, stores that too. */
  async clientConfig(sToken: string, clientContext?: string): Promise<ClientConfig> {
    const { clientConfigSrvUrl } = await this.serviceConfig();
    return this.#exchange(clientConfigSrvUrl, { sToken, verbose: true, clientContext }, ClientConfig);
  }

  async registerUser(sToken: string, user: { clientUserIdStr: string; email: string }): Promise<VppUser> {
    const { registerUserSrvUrl } = await this.serviceConfig();
    return present((await this.#exchange(registerUserSrvUrl, { sToken, ...user }, UserAnswer)).user);
  }

  /** Throws VppError 9604 when Apple has no active user of that id. */
  async getUser(sToken: string, clientUserIdStr: string): Promise<VppUser> {
    const { getUserSrvUrl } = await this.serviceConfig();
    return present((await this.#exchange(getUserSrvUrl, { sToken, clientUserIdStr }, UserAnswer)).user);
  }

  /** Pages of users changed since `since`, or of all; `each` is awaited page by page. */
  async users(
    sToken: string,
    since: string | null,
    each: (users: VppUser[]) => Promise<void>,
  ): Promise<string> {
    const { getUsersSrvUrl } = await this.serviceConfig();
    const first = since === null ? { includeRetired: 1 } : { sinceModifiedToken: since, includeRetired: 1 };
    return this.#pages(getUsersSrvUrl, sToken, first, UsersAnswer, (answer) => each(answer.users ?? []));
  }

  /** Pages of assigned licences, of one app or of all. */
  async licenses(
    sToken: string,
    filter: { adamId?: string },
    each: (licenses: VppLicense[]) => Promise<void>,
  ): Promise<string> {
    const { getLicensesSrvUrl } = await this.serviceConfig();
    const first = { assignedOnly: true, ...filter };
    return this.#pages(getLicensesSrvUrl, sToken, first, LicensesAnswer, (answer) =>
      each(answer.licenses ?? []),
    );
  }

  async assets(sToken: string): Promise<VppAsset[]> {
    const { getVPPAssetsSrvUrl } = await this.serviceConfig();
    return (
      (await this.#exchange(getVPPAssetsSrvUrl, { sToken, includeLicenseCounts: true }, AssetsAnswer))
        .assets ?? []
    );
  }

  /** Gives one user a seat of one app. The answer's own `errorNumber` tells whether it worked. */
  async associate(
    sToken: string,
    seat: { adamIdStr: string; pricingParam: string; clientUserIdStr: string },
  ): Promise<LicenseChange> {
    const { clientUserIdStr, ...item } = seat;
    const answer = await this.#manage({ sToken, ...item, associateClientUserIdStrs: [clientUserIdStr] });
    return present(answer.associations?.[0]);
  }

  async disassociate(
    sToken: string,
    seat: { adamIdStr: string; pricingParam: string; clientUserIdStr: string },
  ): Promise<LicenseChange> {
    const { clientUserIdStr, ...item } = seat;
    const answer = await this.#manage({ sToken, ...item, disassociateClientUserIdStrs: [clientUserIdStr] });
    return present(answer.disassociations?.[0]);
  }

  /** Names and bundle ids, by adamId; an item the shop doesn't know is missing. */
  async lookup(
    adamIds: readonly string[],
    countryCode: string,
  ): Promise<Map<string, { name: string; bundleId: string }>> {
    const { contentMetadataLookupUrl } = await this.serviceConfig();
    const query = new URLSearchParams({
      version: "2",
      id: adamIds.join(","),
      p: "mdm-lockup",
      caller: "MDM",
      platform: "itunes",
      cc: countryCode.toLowerCase(),
      l: "en",
    });
    const response = await this.#world
      .request(`${contentMetadataLookupUrl}?${query.toString()}`)
      .catch(unreachable);
    const answer = parse(response, LookupAnswer);
    return new Map(
      Object.entries(answer.results).map(
        ([adamId, { name, bundleId }]) => [adamId, { name, bundleId }] as const,
      ),
    );
  }

  /** Some entries failing (-3) or all (-1 with entries) is told by the entries; a refusal of the whole call throws. */
  async #manage(body: Record<string, unknown>): Promise<z.infer<typeof ManageLicensesAnswer>> {
    const { manageVPPLicensesByAdamIdSrvUrl } = await this.serviceConfig();
    return this.#exchange(
      manageVPPLicensesByAdamIdSrvUrl,
      body,
      ManageLicensesAnswer,
      (answer) => (answer.associations?.length ?? 0) + (answer.disassociations?.length ?? 0) > 0,
    );
  }

  async #pages<A extends { batchToken?: string | undefined; sinceModifiedToken?: string | undefined }>(
    url: string,
    sToken: string,
    first: Record<string, unknown>,
    schema: z.ZodType<A>,
    each: (answer: A) => Promise<void>,
  ): Promise<string> {
    let request = first;
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await this.#exchange(url, { sToken, ...request }, schema);
      await each(answer);
      // Only sinceModifiedToken ends a list: pages may be empty before the end.
      if (answer.sinceModifiedToken !== undefined) return answer.sinceModifiedToken;
      if (answer.batchToken === undefined) {
        throw new PippinError("apple_refused", "Apple's list has neither a next page nor an end.");
      }
      request = { batchToken: answer.batchToken };
    }
    throw new PippinError("apple_refused", `Apple's list did not end after ${pagesMax} pages.`);
  }

  async #exchange<A>(
    url: string,
    body: Record<string, unknown>,
    schema: z.ZodType<A>,
    isAnswer: (answer: A) => boolean = () => false,
  ): Promise<A> {
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === triesMax;
      const response = await this.#world
        .request(url, {
          method: "POST",
          headers: { "content-type": "application/json;charset=UTF8", "x-server-protocol-version": "2" },
          body: JSON.stringify(body),
        })
        .catch((error: unknown) => (last ? unreachable(error) : undefined));
      const waitMs = retryFirstMs * 2 ** (attempt - 1) * (0.5 + this.#world.random() / 2);
      if (response === undefined) {
        await this.#world.sleep(waitMs);
        continue;
      }
      if (response.status === 503 || response.status === 429) {
        const afterMs = retryAfterMs(response, this.#world.now()) ?? waitMs;
        if (last || afterMs > retryAfterMsMax) {
          throw new PippinError("apple_unavailable", "Apple's service asks to be left alone for a while.", {
            details: { retryAfterMs: afterMs },
          });
        }
        await this.#world.sleep(afterMs);
        continue;
      }
      // Apple's errors come with HTTP 200 and `status` -1 in the body.
      const envelope = parse(response, LooseEnvelope);
      if (envelope.status !== undefined && envelope.status !== 0 && envelope.errorNumber !== undefined) {
        if (repeatable.has(envelope.errorNumber) && !last) {
          await this.#world.sleep(waitMs);
          continue;
        }
        throw new VppError(envelope.errorNumber, envelope.errorMessage ?? "no message");
      }
      const answer = parse(response, schema);
      if (envelope.status !== undefined && envelope.status < 0 && !isAnswer(answer)) {
        throw new VppError(envelope.errorNumber ?? 9603, envelope.errorMessage ?? "no message");
      }
      return answer;
    }
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new PippinError("apple_refused", "Apple's answer lacks what was asked for.");
  return value;
}

function unreachable(error: unknown): never {
  if (error instanceof NetworkError) {
    throw new PippinError("apple_unavailable", `Apple's service can't be reached (${error.code}).`, {
      cause: error,
    });
  }
  throw error;
}

function parse<A>(response: HttpResponse, schema: z.ZodType<A>): A {
  if (response.status !== 200) {
    throw new PippinError(
      "apple_unavailable",
      `Apple's service answered with HTTP status ${response.status}.`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    throw new PippinError("apple_unavailable", "Apple's service answered with something that is no JSON.", {
      cause,
    });
  }
  const answer = schema.safeParse(json);
  if (!answer.success) {
    const paths = answer.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new PippinError("apple_unavailable", `Apple's answer is not of the expected form (${paths}).`);
  }
  return answer.data;
}

/** `Retry-After` is a number of seconds or an HTTP date. */
function retryAfterMs(response: HttpResponse, now: number): number | undefined {
  const header = response.headers["retry-after"];
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
