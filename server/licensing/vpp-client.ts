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
import type { World } from "../../shared/world.ts";
import { claimedElsewhere, foreignHolder } from "./client-context.ts";
import { parse, present, retryAfterMs, unreachable } from "./vpp-answers.ts";

/** Apple answered, and the answer was no. `errorNumber` is Apple's. */
export class VppError extends Error {
  readonly errorNumber: number;
  constructor(errorNumber: number, message: string) {
    super(message);
    this.name = "VppError";
    this.errorNumber = errorNumber;
  }
}

/** Who gets or gives back a licence: a user by the name we gave, or a phone by its serial number. */
export type HolderName = { readonly clientUserIdStr: string } | { readonly serialNumber: string };

/** One app's licences. */
export interface LicensedItem {
  readonly adamIdStr: string;
  readonly pricingParam: string;
}

/** What answers reveal beside what was asked for. */
export interface AnswerWatch {
  /** Another product holds the account of this token, says an answer's clientContext. */
  claimed(sToken: string, holder: string): Promise<void>;
  /** Apple refused the token itself. */
  refused(sToken: string, error: VppError): Promise<void>;
}

/** Apple's numbers for a token that can't be used, as it is (9601, 9622), any longer (9621) or any more (9625). */
export const tokenErrors: ReadonlySet<number> = new Set([9601, 9621, 9622, 9625]);

/** The service configuration is fetched again after this long, because its limits change without notice. */
const configLifetimeMs = 5 * 60_000;
const triesMax = 4;
const dayMs = 86_400_000;
const retryFirstMs = 500;
/** Apple may ask for a long pause; past this the call fails and the caller tries later. */
const retryAfterMsMax = 30_000;
/** A list that never says it is at its end is an error, not a reason to read for ever. */
const pagesMax = 10_000;
/** An answer of a list that has neither a next page nor an end is asked for again so often. */
const endlessMax = 3;
const repeatable = new Set([9603, 9646]);

/** The service configuration has no `status`. */
const LooseEnvelope = VppEnvelope.partial();

export class VppClient {
  readonly #world: World;
  readonly #baseUrl: string;
  #config: { value: ServiceConfig; fetchedAt: number } | undefined;
  #fetching: Promise<ServiceConfig> | undefined;
  /** Apple asked to be left alone until then. */
  #quietUntil = 0;
  #watch: AnswerWatch | undefined;
  #ownGuid: string | undefined;
  /** The token of an account that turned out to be another's: nothing more is sent with it. */
  #closed: { sToken: string; holder: string } | undefined;

  /** `baseUrl` is Apple's, e.g. `https://vpp.itunes.apple.com`. */
  constructor(world: World, baseUrl: string) {
    this.#world = world;
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
  }

  watchWith(watch: AnswerWatch): void {
    this.#watch = watch;
  }

  /** The guid of this installation in clientContext: from now on every answer is looked at for another's. */
  identifyAs(guid: string): void {
    this.#ownGuid = guid;
  }

  /** An administrator took the account back. */
  reopen(): void {
    this.#closed = undefined;
  }

  /** Asks Apple at most once in five minutes, however many want to know. */
  async serviceConfig(): Promise<ServiceConfig> {
    const cached = this.#config;
    if (cached && this.#world.now() - cached.fetchedAt < configLifetimeMs) return cached.value;
    this.#fetching ??= this.#fetchConfig().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchConfig(): Promise<ServiceConfig> {
    const value = await this.#exchange(`${this.#baseUrl}/mdm/VPPServiceConfigSrv`, {}, ServiceConfig);
    this.#config = { value, fetchedAt: this.#world.now() };
    return value;
  }

  /**
   * Reads the account behind a token; with `clientContext`, stores that too. Whose account it is, is the caller's to judge: this one
   * call also serves tokens that are not (or not yet, or no longer) this server's.
   */
  async clientConfig(sToken: string, clientContext?: string): Promise<ClientConfig> {
    const { clientConfigSrvUrl } = await this.serviceConfig();
    const body = { sToken, verbose: true, clientContext };
    return this.#exchange(clientConfigSrvUrl, body, ClientConfig, { anyAccount: true });
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

  /** Throws VppError 9604 or 9609 when Apple has no active user of that id: retired already. */
  async retireUser(sToken: string, clientUserIdStr: string): Promise<void> {
    const { retireUserSrvUrl } = await this.serviceConfig();
    await this.#exchange(retireUserSrvUrl, { sToken, clientUserIdStr }, VppEnvelope);
  }

  /**
   * Pages of users changed since `since`, or of all; `each` is awaited page by page, with the time at which the page was asked
   * for. Answers with the token for reading what changes from now on. Throws VppError 9629 or 9633 when Apple has lost a page,
   * 9602 when it can't make anything of `since`.
   */
  async users(
    sToken: string,
    since: string | null,
    each: (users: VppUser[], askedAt: number) => Promise<void>,
  ): Promise<string> {
    const { getUsersSrvUrl } = await this.serviceConfig();
    const first = since === null ? { includeRetired: 1 } : { sinceModifiedToken: since, includeRetired: 1 };
    return this.#pages(getUsersSrvUrl, sToken, first, UsersAnswer, (answer, askedAt) =>
      each(answer.users ?? [], askedAt),
    );
  }

  /**
   * Pages of assigned licences, of one app or of all; with `since` those that changed, and among them the ones that were given back
   * (they have no user). Answers and throws as `users`.
   */
  async licenses(
    sToken: string,
    filter: { adamId?: string; since?: string | null },
    each: (licenses: VppLicense[], askedAt: number) => Promise<void>,
  ): Promise<string> {
    const { getLicensesSrvUrl } = await this.serviceConfig();
    const { since = null, ...which } = filter;
    const first = { assignedOnly: true, ...which, ...(since === null ? {} : { sinceModifiedToken: since }) };
    return this.#pages(getLicensesSrvUrl, sToken, first, LicensesAnswer, (answer, askedAt) =>
      each(answer.licenses ?? [], askedAt),
    );
  }

  async assets(sToken: string): Promise<VppAsset[]> {
    const { getVPPAssetsSrvUrl } = await this.serviceConfig();
    return (
      (await this.#exchange(getVPPAssetsSrvUrl, { sToken, includeLicenseCounts: true }, AssetsAnswer))
        .assets ?? []
    );
  }

  /** Gives one user, or one phone, a seat of one app. The answer's own `errorNumber` tells whether it worked. */
  async associate(sToken: string, seat: LicensedItem & HolderName): Promise<LicenseChange> {
    const { adamIdStr, pricingParam } = seat;
    const whom =
      "serialNumber" in seat
        ? { associateSerialNumbers: [seat.serialNumber] }
        : { associateClientUserIdStrs: [seat.clientUserIdStr] };
    const answer = await this.#manage({ sToken, adamIdStr, pricingParam, ...whom });
    return present(answer.associations?.[0]);
  }

  async disassociate(sToken: string, seat: LicensedItem & HolderName): Promise<LicenseChange> {
    const { adamIdStr, pricingParam, ...holder } = seat;
    const changes = await this.disassociateMany(sToken, { adamIdStr, pricingParam }, [holder]);
    return present(changes[0]);
  }

  /** How many seats one call of `disassociateMany` may name. Apple changes it without notice. */
  async disassociationsMax(): Promise<number> {
    const { maxBatchDisassociateLicenseCount } = await this.serviceConfig();
    return Math.max(1, maxBatchDisassociateLicenseCount);
  }

  /**
   * Takes one app's seats back from several users, or from several phones: a call names one kind only. Each entry of the answer tells
   * for itself whether it worked.
   */
  async disassociateMany(
    sToken: string,
    item: LicensedItem,
    holders: readonly HolderName[],
  ): Promise<LicenseChange[]> {
    const users = holders.flatMap((holder) => ("clientUserIdStr" in holder ? [holder.clientUserIdStr] : []));
    const serialNumbers = holders.flatMap((holder) =>
      "serialNumber" in holder ? [holder.serialNumber] : [],
    );
    const whom =
      serialNumbers.length > 0
        ? { disassociateSerialNumbers: serialNumbers }
        : { disassociateClientUserIdStrs: users };
    const answer = await this.#manage({ sToken, ...item, ...whom });
    return answer.disassociations ?? [];
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
    return this.#exchange(manageVPPLicensesByAdamIdSrvUrl, body, ManageLicensesAnswer, {
      isAnswer: (answer) => (answer.associations?.length ?? 0) + (answer.disassociations?.length ?? 0) > 0,
    });
  }

  async #pages<A extends { batchToken?: string | undefined; sinceModifiedToken?: string | undefined }>(
    url: string,
    sToken: string,
    first: Record<string, unknown>,
    schema: z.ZodType<A>,
    each: (answer: A, askedAt: number) => Promise<void>,
  ): Promise<string> {
    let request = first;
    let endless = 0;
    for (let page = 0; page < pagesMax; page += 1) {
      let askedAt = this.#world.now();
      const sent = (at: number): void => void (askedAt = at);
      const answer = await this.#exchange(url, { sToken, ...request }, schema, { sent });
      await each(answer, askedAt);
      // Only sinceModifiedToken ends a list: pages may be empty before the end.
      if (answer.sinceModifiedToken !== undefined) return answer.sinceModifiedToken;
      if (answer.batchToken !== undefined) {
        request = { batchToken: answer.batchToken };
        endless = 0;
        continue;
      }
      // Neither is no end: the same page is to be asked for again.
      endless += 1;
      if (endless === endlessMax)
        throw new PippinError("apple_refused", "Apple's list has neither a next page nor an end.");
      await this.#world.sleep(this.#backoffMs(endless));
    }
    throw new PippinError("apple_refused", `Apple's list did not end after ${pagesMax} pages.`);
  }

  /** One request, repeated as Apple's rules want it. */
  async #exchange<A>(
    url: string,
    body: Record<string, unknown>,
    schema: z.ZodType<A>,
    options: ExchangeOptions<A> = {},
  ): Promise<A> {
    const { isAnswer = () => false, anyAccount = false, sent } = options;
    const sToken = typeof body["sToken"] === "string" ? body["sToken"] : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === triesMax;
      await this.#keepQuiet();
      if (!anyAccount) this.#refuseClosed(sToken);
      sent?.(this.#world.now());
      const response = await this.#world
        .request(url, {
          method: "POST",
          headers: { "content-type": "application/json;charset=UTF8", "x-server-protocol-version": "2" },
          body: JSON.stringify(body),
        })
        .catch((error: unknown) => (last ? unreachable(error) : undefined));
      if (response === undefined) {
        await this.#world.sleep(this.#backoffMs(attempt));
        continue;
      }
      if (response.status === 503 || response.status === 429) {
        const afterMs = retryAfterMs(response, this.#world.now());
        // Everybody keeps quiet for so long: asking earlier would make the pause longer.
        if (afterMs !== undefined)
          this.#quietUntil = Math.max(this.#quietUntil, this.#world.now() + Math.min(afterMs, dayMs));
        const isLong = afterMs !== undefined && afterMs > retryAfterMsMax;
        if (last || isLong) throw leftAlone(afterMs ?? this.#backoffMs(attempt));
        // Retry-After is the least; a service that says 0 is not to be hammered.
        await this.#world.sleep(this.#backoffMs(attempt));
        continue;
      }
      // Apple's errors come with HTTP 200 and `status` -1 in the body.
      const envelope = parse(response, LooseEnvelope);
      if (!anyAccount) await this.#refuseForeign(sToken, envelope.clientContext);
      if (envelope.status !== undefined && envelope.status !== 0 && envelope.errorNumber !== undefined) {
        if (repeatable.has(envelope.errorNumber) && !last) {
          await this.#world.sleep(this.#backoffMs(attempt));
          continue;
        }
        const error = new VppError(envelope.errorNumber, envelope.errorMessage ?? "no message");
        if (sToken !== undefined && tokenErrors.has(error.errorNumber))
          await this.#watch?.refused(sToken, error);
        throw error;
      }
      const answer = parse(response, schema);
      if (envelope.status !== undefined && envelope.status < 0 && !isAnswer(answer)) {
        throw new VppError(envelope.errorNumber ?? 9603, envelope.errorMessage ?? "no message");
      }
      return answer;
    }
  }

  /** Half to the whole of 0.5, 1, 2, 4 s: those who failed together don't come back together. */
  #backoffMs(attempt: number): number {
    return retryFirstMs * 2 ** (attempt - 1) * (0.5 + this.#world.random() / 2);
  }

  /** Sits out a pause that Apple asked for, whoever was asked. Throws apple_unavailable when it is too long for that. */
  async #keepQuiet(): Promise<void> {
    for (;;) {
      const leftMs = this.#quietUntil - this.#world.now();
      if (leftMs <= 0) return;
      if (leftMs > retryAfterMsMax) throw leftAlone(leftMs);
      await this.#world.sleep(leftMs + retryFirstMs * this.#world.random());
    }
  }

  #refuseClosed(sToken: string | undefined): void {
    if (this.#closed && this.#closed.sToken === sToken) throw claimedElsewhere(this.#closed.holder);
  }

  /** Every answer tells whose the account is. Throws token_claimed_elsewhere, and lets nothing more out, when it isn't ours. */
  async #refuseForeign(sToken: string | undefined, clientContext: string | undefined): Promise<void> {
    if (sToken === undefined || this.#ownGuid === undefined) return;
    const holder = foreignHolder(clientContext, this.#ownGuid);
    if (holder === null) return;
    this.#closed = { sToken, holder };
    await this.#watch?.claimed(sToken, holder);
    throw claimedElsewhere(holder);
  }
}

interface ExchangeOptions<A> {
  /** Whether an answer with a status below 0 is one all the same: its entries tell. */
  readonly isAnswer?: (answer: A) => boolean;
  /** The account need not be ours. */
  readonly anyAccount?: boolean;
  /** Called just before each try. */
  readonly sent?: (at: number) => void;
}

function leftAlone(forMs: number): PippinError {
  return new PippinError("apple_unavailable", "Apple's service asks to be left alone for a while.", {
    details: { retryAfterMs: Math.ceil(forMs) },
  });
}
