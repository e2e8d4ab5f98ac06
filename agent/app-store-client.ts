/** The phone's side of the App Store, the Apple ID service and the volume-purchase program's invitations. */
import { z } from "zod";
import {
  AppStoreProblem,
  appStorePaths,
  AuthorizeAnswer,
  DownloadAnswer,
  InvitationTerms,
  LookupItem,
  RedeemAnswer,
  SignInAnswer,
  type AppStoreProblemCode,
} from "../shared/app-store.ts";
import { NetworkError, type HttpRequest, type HttpResponse, type World } from "../shared/world.ts";
import { jitteredDelayMs, pause, untilHalted } from "./tasks.ts";

/** `unreachable`: after a few tries no answer came that could be understood. */
export type StoreRefusal = AppStoreProblemCode | "unreachable";
export interface Refused<Code> {
  readonly ok: false;
  readonly code: Code;
  /** How long it stays so, if the store said that. */
  readonly retryAfterMs?: number;
}
export type StoreResult<T, Code = StoreRefusal> = { readonly ok: true; readonly value: T } | Refused<Code>;

/** How an app is named. */
export type AppName = { readonly adamId: string } | { readonly bundleId: string };

export interface AppStoreClient {
  /** Tells also whether the phone itself holds a licence of the app. */
  lookup(name: AppName, signal: AbortSignal): Promise<StoreResult<LookupItem>>;
  signIn(
    credentials: { appleId: string; password: string },
    signal: AbortSignal,
  ): Promise<StoreResult<SignInAnswer>>;
  /** Answers with the ticket. Without a session only a licence of the phone's own will do. */
  authorize(
    purchase: { sessionToken?: string; adamId: string; purchaseMethod: number },
    signal: AbortSignal,
  ): Promise<StoreResult<string>>;
  download(ticket: string, signal: AbortSignal): Promise<StoreResult<DownloadAnswer>>;
  /** Tells what is on the phone, or on its way there. */
  tellHoldings(
    holdings: { sessionToken: string; adamIds: readonly string[] },
    signal: AbortSignal,
  ): Promise<StoreResult<unknown>>;
  redeem(
    request: { sessionToken: string; adamId: string; code: string },
    signal: AbortSignal,
  ): Promise<StoreResult<RedeemAnswer>>;
  /** Agrees to the App Store's own terms. */
  acceptStoreTerms(sessionToken: string, signal: AbortSignal): Promise<StoreResult<unknown>>;
  readTerms(invitationUrl: string, signal: AbortSignal): Promise<StoreResult<InvitationTerms>>;
  acceptTerms(
    invitationUrl: string,
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<StoreResult<unknown>>;
  /** Whether an address is Apple's: only there a session token may be sent. */
  isApples(url: string): boolean;
}

const triesMax = 4;
const backoff = { firstMs: 1_000, capMs: 8_000 };
/** The longest `Retry-After` that is waited for: while somebody looks at the screen or the server waits, and in the background. */
const patienceMs = { foreground: 8_000, background: 10 * 60_000 } as const;
const requestTimeoutMs = 15_000;
const bodyBytesMax = 256 * 1024;
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function createAppStoreClient(
  world: World,
  /** `serialNumber`: left out by a phone that can't hold a licence itself. */
  options: { appleUrl: string; udid: string; serialNumber?: string },
): AppStoreClient {
  return new HttpAppStore(world, options);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class HttpAppStore implements AppStoreClient {
  readonly #world: World;
  readonly #base: string;
  readonly #udid: string;
  readonly #own: { readonly serialNumber?: string };

  constructor(world: World, options: { appleUrl: string; udid: string; serialNumber?: string }) {
    this.#world = world;
    this.#base = options.appleUrl.replace(/\/+$/, "");
    this.#udid = options.udid;
    this.#own = options.serialNumber === undefined ? {} : { serialNumber: options.serialNumber };
  }

  lookup(name: AppName, signal: AbortSignal): Promise<StoreResult<LookupItem>> {
    const query = new URLSearchParams(Object.entries({ ...name, ...this.#own })).toString();
    return this.#exchange(`${this.#base}${appStorePaths.lookup}?${query}`, get(), LookupItem, signal);
  }

  signIn(
    credentials: { appleId: string; password: string },
    signal: AbortSignal,
  ): Promise<StoreResult<SignInAnswer>> {
    return this.#post("signIn", credentials, SignInAnswer, signal);
  }

  async authorize(
    purchase: { sessionToken?: string; adamId: string; purchaseMethod: number },
    signal: AbortSignal,
  ): Promise<StoreResult<string>> {
    const body = { ...purchase, ...this.#own, udid: this.#udid };
    const result = await this.#post("authorize", body, AuthorizeAnswer, signal, "background");
    return result.ok ? { ok: true, value: result.value.ticket } : result;
  }

  download(ticket: string, signal: AbortSignal): Promise<StoreResult<DownloadAnswer>> {
    return this.#post("download", { ticket }, DownloadAnswer, signal, "background");
  }

  tellHoldings(
    holdings: { sessionToken: string; adamIds: readonly string[] },
    signal: AbortSignal,
  ): Promise<StoreResult<unknown>> {
    return this.#post("holdings", { ...holdings, udid: this.#udid }, z.unknown(), signal, "background");
  }

  redeem(
    request: { sessionToken: string; adamId: string; code: string },
    signal: AbortSignal,
  ): Promise<StoreResult<RedeemAnswer>> {
    return this.#post("redeem", request, RedeemAnswer, signal, "background");
  }

  acceptStoreTerms(sessionToken: string, signal: AbortSignal): Promise<StoreResult<unknown>> {
    return this.#post("storeTerms", { sessionToken }, z.unknown(), signal);
  }

  readTerms(invitationUrl: string, signal: AbortSignal): Promise<StoreResult<InvitationTerms>> {
    return this.#exchange(invitationUrl, get(), InvitationTerms, signal);
  }

  acceptTerms(
    invitationUrl: string,
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<StoreResult<unknown>> {
    return this.#exchange(invitationUrl, post({ sessionToken }), z.unknown(), signal);
  }

  isApples(url: string): boolean {
    return URL.canParse(url) && originOf(url) === originOf(this.#base);
  }

  #post<T>(
    path: keyof typeof appStorePaths,
    body: object,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    patience?: keyof typeof patienceMs,
  ): Promise<StoreResult<T>> {
    return this.#exchange(`${this.#base}${appStorePaths[path]}`, post(body), schema, signal, patience);
  }

  /**
   * One exchange, tried again while there is no answer to go by. Refusals of the store are final. The store is never asked earlier
   * than it wished to be: rather, the phone gives up.
   */
  async #exchange<T>(
    url: string,
    init: HttpRequest,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    patience: keyof typeof patienceMs = "foreground",
  ): Promise<StoreResult<T>> {
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      const outcome = await this.#exchangeOnce(url, init, schema, signal);
      if ("ok" in outcome) return outcome;
      const waitMs = Math.max(outcome.waitMs, jitteredDelayMs(this.#world, attempt, backoff));
      if (outcome.waitMs > patienceMs[patience] || attempt === triesMax - 1) break;
      await pause(this.#world, waitMs, signal);
    }
    return { ok: false, code: "unreachable" };
  }

  async #exchangeOnce<T>(
    url: string,
    init: HttpRequest,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<StoreResult<T> | { waitMs: number }> {
    let response;
    try {
      response = await untilHalted(
        this.#world.request(url, { timeoutMs: requestTimeoutMs, bodyBytesMax, ...init }),
        signal,
      );
    } catch (error) {
      if (error instanceof NetworkError) return { waitMs: 0 };
      throw error;
    }
    const body = parseJson(response.body);
    if (response.status === 200) {
      const answer = schema.safeParse(body);
      return answer.success ? { ok: true, value: answer.data } : { waitMs: 0 };
    }
    const problem = AppStoreProblem.safeParse(body);
    if (!problem.success) return { waitMs: retryAfterMsOf(response) };
    const { code, retryAfterMs } = problem.data.error;
    return { ok: false, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

function get(): HttpRequest {
  return { headers: { accept: "application/json" } };
}

function post(body: object): HttpRequest {
  return {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

/** `Retry-After` in milliseconds; 0 when it is missing or no number of seconds. */
function retryAfterMsOf(response: HttpResponse): number {
  const value = response.headers["retry-after"] ?? "";
  return /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : 0;
}

/** The names of this machine count as one, since people mix them. */
function originOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${loopbackNames.has(hostname) ? "loopback" : hostname}:${port}`;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined; // the schemas refuse it
  }
}
