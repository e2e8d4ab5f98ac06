import { expect } from "vitest";
import type { AppStoreProblemCode } from "../../../shared/app-store.ts";
import { createRecorder, type TraceEvent } from "../../../shared/trace.ts";
import { createApple, type Apple, type AppleOptions } from "../../../simulator/apple/apple.ts";
import { defaultCatalogue } from "../../../simulator/apple/catalogue.ts";
import { FakeWorld } from "./fake-world.ts";

export const controlKey = "control-key-of-the-test";
export const baseUrl = "http://apple.test";
export const pages = "361309726";
export const slack = "618783545";
export const word = "586447913";
/** A book and a Mac application that `openBench` adds. */
export const book = "1000000001";
export const macApp = "1000000002";
export const undeviceable = "1000000003";

export type Json = Record<string, unknown>;
export interface Reply {
  status: number;
  headers: Headers;
  json: Json;
  text: string;
}

/** An Apple service called in-process, with short ways to say what a test says often. */
export interface Bench {
  readonly world: FakeWorld;
  readonly apple: Apple;
  readonly events: TraceEvent[];
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** A call of the VPP service; the answer's JSON, with HTTP 200 taken for granted. */
  vpp(service: string, args?: Json): Promise<Json>;
  control(method: string, path: string, body?: unknown): Promise<Reply>;
  store(path: string, body: unknown): Promise<Reply>;
  refused(path: string, body: unknown): Promise<AppStoreProblemCode>;
  /** Signs the person in. */
  session(appleId: string): Promise<string>;
  /** Registers the user and lets the person accept. */
  join(clientUserIdStr: string, appleId: string): Promise<Json>;
  register(clientUserIdStr: string): Promise<Json>;
  organisationId: number;
  sToken: string;
}

export const password = "correct horse";

/** One organisation with 10 licences for Pages, and the Apple IDs ann, bob and cy @example.com. */
export async function openBench(
  options: Partial<AppleOptions> & { keepsWire?: boolean; world?: FakeWorld; isEmpty?: boolean } = {},
): Promise<Bench> {
  const { keepsWire = false, world = new FakeWorld(), isEmpty = false, ...appleOptions } = options;
  const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire });
  const events: TraceEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const apple = await createApple(
    { world, recorder },
    { controlKey, publicUrl: () => baseUrl, catalogue: defaultCatalogue(), ...appleOptions },
  );

  const bench: Bench = {
    world,
    apple,
    events,
    organisationId: 0,
    sToken: "",
    async send(method, path, body, headers = {}) {
      const init: RequestInit = { method, headers };
      if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
      const response = await apple.handle(new Request(`${baseUrl}${path}`, init), { address: "127.0.0.1" });
      const text = await response.text();
      const isJson = (response.headers.get("content-type") ?? "").includes("json");
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? (JSON.parse(text) as Json) : {},
      };
    },
    async vpp(service, args = {}) {
      const reply = await bench.send("POST", `/WebObjects/MZFinance.woa/wa/${service}`, {
        sToken: bench.sToken,
        ...args,
      });
      expect(reply.status).toBe(200);
      return reply.json;
    },
    control: (method, path, body) =>
      bench.send(method, `/control/v1${path}`, body, { authorization: `Bearer ${controlKey}` }),
    store: (path, body) => bench.send("POST", path, body),
    async refused(path, body) {
      const { json } = await bench.store(path, body);
      return (json.error as { code: AppStoreProblemCode }).code;
    },
    async session(appleId) {
      const { json } = await bench.store("/store/v1/sign-in", { appleId, password });
      return String(json.sessionToken);
    },
    async register(clientUserIdStr) {
      const { user } = await bench.vpp("registerVPPUserSrv", { clientUserIdStr });
      return user as Json;
    },
    async join(clientUserIdStr, appleId) {
      const { inviteCode } = await bench.register(clientUserIdStr);
      const { json } = await bench.control("POST", "/users/accept", { inviteCode, appleId });
      return json;
    },
  };
  if (isEmpty) return bench;
  const made = await bench.control("POST", "/organisations", { name: "Contoso", appleId: "vpp@contoso.com" });
  bench.organisationId = Number(made.json.organisationId);
  const token = await bench.control("POST", `/organisations/${bench.organisationId}/tokens`, {});
  bench.sToken = String(token.json.sToken);
  await bench.control("POST", "/apple-ids", {
    appleIds: ["ann", "bob", "cy"].map((name) => ({ appleId: `${name}@example.com`, password })),
  });
  const items = [
    { adamId: book, bundleId: "book.handbook", name: "Handbook", productTypeId: 10, deviceAssignable: false },
    { adamId: macApp, bundleId: "mac.tool", name: "Mac Tool", productTypeId: 7 },
    { adamId: undeviceable, bundleId: "ios.personal", name: "Personal", deviceAssignable: false },
  ];
  for (const item of items) await bench.control("POST", "/catalogue", item);
  await buy(bench, pages, 10);
  return bench;
}

export async function buy(bench: Bench, adamId: string, quantity: number): Promise<void> {
  const reply = await bench.control("POST", `/organisations/${bench.organisationId}/licenses`, {
    adamId,
    quantity,
  });
  expect(reply.status).toBe(201);
}

/** Assigns by manageVPPLicensesByAdamIdSrv. */
export const give = (bench: Bench, adamId: string, clientUserIdStrs: string[]): Promise<Json> =>
  bench.vpp("manageVPPLicensesByAdamIdSrv", {
    adamIdStr: adamId,
    pricingParam: "STDQ",
    associateClientUserIdStrs: clientUserIdStrs,
  });

export const take = (bench: Bench, adamId: string, clientUserIdStrs: string[]): Promise<Json> =>
  bench.vpp("manageVPPLicensesByAdamIdSrv", {
    adamIdStr: adamId,
    pricingParam: "STDQ",
    disassociateClientUserIdStrs: clientUserIdStrs,
  });

/** `assigned/available/refunded` by Apple's own answer. */
export async function counts(bench: Bench, adamId: string): Promise<string> {
  const { assets } = await bench.vpp("getVPPAssetsSrv", { includeLicenseCounts: true });
  const asset = (assets as Json[]).find(({ adamIdStr }) => adamIdStr === adamId);
  return `${asset?.assignedCount}/${asset?.availableCount}/${asset?.retiredCount}`;
}

/** Nothing was found wrong, by the checks of every call and by a full one. */
export async function expectSound(bench: Bench): Promise<void> {
  const { json } = await bench.control("GET", "/invariants");
  expect(json.violations).toEqual([]);
  expect(bench.apple.violations()).toEqual([]);
}
