/** The phone's side of the App Store, the Apple ID service and the volume-purchase program's invitations. */
import { z } from "zod";
import {
  AppStoreProblem,
  appStorePaths,
  AuthorizeAnswer,
  DownloadAnswer,
  InvitationTerms,
  LookupItem,
  SignInAnswer,
  type AppStoreProblemCode,
} from "../shared/app-store.ts";
import { NetworkError, type HttpRequest, type World } from "../shared/world.ts";
import { jitteredDelayMs, pause, untilHalted } from "./tasks.ts";

/** `unreachable`: after a few tries no answer came that could be understood. */
export type StoreRefusal = AppStoreProblemCode | "unreachable";
export type StoreResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: StoreRefusal };

export interface AppStoreClient {
  lookup(adamId: string, signal: AbortSignal): Promise<StoreResult<LookupItem>>;
  signIn(
    credentials: { appleId: string; password: string },
    signal: AbortSignal,
  ): Promise<StoreResult<SignInAnswer>>;
  /** Answers with the ticket. */
  authorize(
    purchase: { sessionToken: string; adamId: string; purchaseMethod: number },
    signal: AbortSignal,
  ): Promise<StoreResult<string>>;
  download(ticket: string, signal: AbortSignal): Promise<StoreResult<LookupItem>>;
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
const requestTimeoutMs = 15_000;
const bodyBytesMax = 256 * 1024;
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function createAppStoreClient(
  world: World,
  options: { appleUrl: string; udid: string },
): AppStoreClient {
  const base = options.appleUrl.replace(/\/+$/, "");

  /** One exchange, tried again while there is no answer to go by. Refusals of the store are final. */
  async function exchange<T>(
    url: string,
    init: HttpRequest,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<StoreResult<T>> {
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      if (attempt > 0) await pause(world, jitteredDelayMs(world, attempt - 1, backoff), signal);
      const result = await exchangeOnce(url, init, schema, signal);
      if (result) return result;
    }
    return { ok: false, code: "unreachable" };
  }

  async function exchangeOnce<T>(
    url: string,
    init: HttpRequest,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<StoreResult<T> | undefined> {
    let response;
    try {
      response = await untilHalted(
        world.request(url, { timeoutMs: requestTimeoutMs, bodyBytesMax, ...init }),
        signal,
      );
    } catch (error) {
      if (error instanceof NetworkError) return undefined;
      throw error;
    }
    const body = parseJson(response.body);
    if (response.status === 200) {
      const answer = schema.safeParse(body);
      return answer.success ? { ok: true, value: answer.data } : undefined;
    }
    const problem = AppStoreProblem.safeParse(body);
    return problem.success ? { ok: false, code: problem.data.error.code } : undefined;
  }

  const get = (): HttpRequest => ({ headers: { accept: "application/json" } });
  const post = (body: object): HttpRequest => ({
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  });

  return {
    lookup: (adamId, signal) =>
      exchange(
        `${base}${appStorePaths.lookup}?adamId=${encodeURIComponent(adamId)}`,
        get(),
        LookupItem,
        signal,
      ),
    signIn: (credentials, signal) =>
      exchange(`${base}${appStorePaths.signIn}`, post(credentials), SignInAnswer, signal),
    async authorize(purchase, signal) {
      const body = post({ ...purchase, udid: options.udid });
      const result = await exchange(`${base}${appStorePaths.authorize}`, body, AuthorizeAnswer, signal);
      return result.ok ? { ok: true, value: result.value.ticket } : result;
    },
    download: (ticket, signal) =>
      exchange(`${base}${appStorePaths.download}`, post({ ticket }), DownloadAnswer, signal),
    readTerms: (invitationUrl, signal) => exchange(invitationUrl, get(), InvitationTerms, signal),
    acceptTerms: (invitationUrl, sessionToken, signal) =>
      exchange(invitationUrl, post({ sessionToken }), z.unknown(), signal),
    isApples(url) {
      if (!URL.canParse(url)) return false;
      return originOf(url) === originOf(base);
    },
  };
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
