/** The API on a memory store and a world whose clock the test moves. What lies behind it is faked as far as it has its own tests. */
import { Hono } from "hono";
import { expect } from "vitest";
import { createApi, type Api } from "../../../server/api/api.ts";
import { createAuditLog } from "../../../server/audit/audit-log.ts";
import { drawApiKey } from "../../../server/api-keys.ts";
import { CommandService } from "../../../server/commands/command-service.ts";
import { createEventRing } from "../../../server/event-ring.ts";
import { createKeyWatch, type KeyWatch } from "../../../server/key-watch.ts";
import { createMetrics } from "../../../server/metrics.ts";
import { createEventStreams } from "../../../server/monitoring/event-stream.ts";
import { createPulseStreams } from "../../../server/monitoring/pulse.ts";
import type { Companion } from "../../../server/outbox.ts";
import { createSecretBox } from "../../../server/secrets.ts";
import type {
  DeploymentService,
  LedgerCheck,
  LicensingService,
  PeopleService,
} from "../../../server/services.ts";
import type { LicenseVerbs } from "../../../server/licensing/license-verbs.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import type {
  AppRecord,
  DeploymentRecord,
  DeviceRecord,
  InstallationRecord,
  LicenseActRecord,
  Role,
  SyncRecord,
} from "../../../server/store/records.ts";
import { createWebhookService } from "../../../server/webhooks/webhook-service.ts";
import { PippinError } from "../../../shared/errors.ts";
import { createRecorder, type TraceEvent } from "../../../shared/trace.ts";
import { FakeWorld } from "../fake-world.ts";

export const startOfTime = Date.parse("2016-07-01T08:00:00.000Z");

export const sToken = "c2VjcmV0LXNlcnZpY2UtdG9rZW4=";

export interface Harness {
  api: Api;
  world: FakeWorld;
  store: ReturnType<typeof openMemoryStore>;
  events: TraceEvent[];
  keys: Record<Role, string>;
  /** What the faked services were asked. */
  calls: { name: string; args: unknown[] }[];
  keyWatch: KeyWatch;
  call(method: string, path: string, options?: CallOptions): Promise<Answered>;
}

export interface CallOptions {
  /** Null sends no Authorization header. Default: the admin's. */
  key?: string | null;
  json?: unknown;
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  peer?: string;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed, when it is JSON. */
  body: Record<string, unknown>;
}

export interface HarnessOptions {
  readonly consoleApp?: Hono;
  readonly publicUrl?: string;
}

export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const world = new FakeWorld(startOfTime);
  const store = openMemoryStore();
  const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: true });
  const events: TraceEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const companions: Companion[] = [];
  const context = { world, store, recorder, companions };
  const calls: Harness["calls"] = [];
  const push = { wake: () => {}, isConnected: (udid: string) => udid === "phone-1", connectedCount: 1 };
  const hooks = {
    deviceEnrolled: async () => {},
    deviceUnenrolled: async () => {},
    commandSettled: async () => {},
    wake: () => {},
  };
  const metrics = createMetrics({ ...context, connectedCount: () => push.connectedCount });
  const keyWatch = createKeyWatch(world);
  const ring = createEventRing(recorder);
  const audit = createAuditLog(context);
  const box = createSecretBox(Buffer.alloc(32, 7), (length) => world.randomBytes(length));
  const webhooks = createWebhookService({
    context,
    box,
    onFailure: (error) => expect.unreachable(String(error)),
  });
  companions.push(audit, webhooks.companion);
  const enrollApp = new Hono();
  enrollApp.get("/:token", (c) => {
    if (c.req.param("token") === "crash") throw new Error("a secret in a bug's message");
    if (c.req.param("token") !== "good")
      throw new PippinError("enrollment_token_invalid", "Not a link of ours.");
    return c.text("profile");
  });
  const api = createApi({
    ...context,
    licensing: fakeLicensing(calls, world.now()),
    deployments: fakeDeployments(calls, world.now()),
    licenseVerbs: fakeLicenseVerbs(calls, store, world.now()),
    people: fakePeople(calls),
    commands: new CommandService({ commands: { ...context, hooks }, push }),
    push,
    events: ring,
    metrics,
    keyWatch,
    streams: createEventStreams({ world, recorder, ring, keyWatch }),
    pulse: createPulseStreams({
      ...context,
      keyWatch,
      connectedCount: () => push.connectedCount,
      onFailure: (error) => expect.unreachable(String(error)),
    }),
    audit,
    webhooks,
    publicUrl: () => options.publicUrl ?? "http://pippin.test",
    enrollApp,
    ...(options.consoleApp ? { consoleApp: options.consoleApp } : {}),
  });
  const keys = { admin: "", operator: "", "read-only": "" };
  for (const role of ["admin", "operator", "read-only"] as const) {
    const { record, key } = drawApiKey(world, { name: role, role });
    await store.transaction((tx) => tx.put("apiKeys", record));
    keys[role] = key;
  }

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answered> {
    const key = options.key === undefined ? keys.admin : options.key;
    const headers = new Headers(options.headers);
    if (key !== null) headers.set("authorization", `Bearer ${key}`);
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    if (options.json !== undefined && !headers.has("content-type"))
      headers.set("content-type", "application/json");
    const request = new Request(`http://pippin.test${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const response = await api.handle(request, { address: options.peer ?? "127.0.0.1" });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (isStream) await response.body?.cancel();
    const text = isStream ? "" : await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const answered = {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
    expectAsDescribed(api, method, path, answered);
    return answered;
  }
  return { api, world, store, events, keys, calls, keyWatch, call };
}

/** Whatever any test asks for, the answer must be what the route's schema says, and nothing more. */
function expectAsDescribed(api: Api, method: string, path: string, answered: Answered): void {
  if (answered.status >= 300) return;
  const pathname = path.split("?")[0] ?? "";
  const found = api.endpoints.find(
    (candidate) =>
      candidate.method.toUpperCase() === method &&
      new RegExp(`^${candidate.path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(pathname),
  );
  if (!found) return;
  if (answered.status !== found.answer.status) {
    throw new Error(
      `${method} ${path} answered ${answered.status} and is described with ${found.answer.status}`,
    );
  }
  if (found.answer.schema && found.answer.mediaType === undefined) found.answer.schema.parse(answered.body);
}

function fakeLicensing(calls: Harness["calls"], now: number): LicensingService {
  const account = {
    id: "vpp",
    tokenName: "Orchard",
    appleId: "vpp@orchard.example",
    organisation: "Orchard",
    accountHash: "hash",
    countryCode: "IT",
    state: "valid" as const,
    claimedBy: null,
    uploadedAt: now,
    updatedAt: now,
    expiresAt: now + 1,
    lastSyncAt: null,
    lastSyncResult: null,
    nextSyncAt: now,
    warning: null,
    strandedLicenses: null,
  };
  let uploaded = false;
  const sync: SyncRecord = {
    id: "sync-1",
    sequence: 1,
    startedAt: now,
    finishedAt: now,
    trigger: "manual",
    result: "completed",
    error: null,
    apps: 1,
    users: 0,
    licenses: 0,
    foreignUsers: 0,
    foreignLicenses: 0,
  };
  const view = { checkedAt: now, viewReadAt: null, viewAgeMs: null };
  const check: LedgerCheck = {
    ...view,
    ...{ lines: [], drift: 0, differences: [], countDifferences: [], violations: [] },
  };
  return {
    async uploadToken(upload, cause) {
      calls.push({ name: "uploadToken", args: [upload, cause] });
      if (!upload.acknowledged)
        throw new PippinError("token_not_acknowledged", "Expected acknowledged: true.");
      uploaded = true;
      return account;
    },
    account: async () => (uploaded ? account : undefined),
    async takeControl(input, cause) {
      calls.push({ name: "takeControl", args: [input, cause] });
      if (!input.confirm) throw new PippinError("confirmation_required", "Expected confirm: true.");
      return { account, sync };
    },
    async deleteToken(confirm, cause) {
      calls.push({ name: "deleteToken", args: [confirm, cause] });
      if (!confirm)
        throw new PippinError("confirmation_required", "Expected confirm=true.", {
          details: { strandedLicenses: 3 },
        });
      return { organisation: "Orchard", strandedLicenses: 3, deletedAt: now };
    },
    appleWebsite: async () => "https://vpp.test",
    async sync(trigger, cause) {
      calls.push({ name: "sync", args: [trigger, cause] });
      return sync;
    },
    checkLedger: async () => check,
  };
}

function fakePeople(calls: Harness["calls"]): PeopleService {
  const note = (name: string, args: unknown[]) => {
    calls.push({ name, args });
    if (args[0] === "nobody") throw new PippinError("not_found", "There is no user nobody.");
  };
  return {
    retire: async (...args) => note("retire", args),
    reinstate: async (...args) => note("reinstate", args),
    refresh: async (...args) => note("refresh", args),
    resendInvitation: async (...args) => note("resendInvitation", args),
    removeGroup: async (...args) => note("removeGroup", args),
    async removeUser(...args) {
      note("removeUser", args);
      return { deleted: true };
    },
  };
}

/** Keeps the act, as the real one does before it begins. */
function fakeLicenseVerbs(
  calls: Harness["calls"],
  store: ReturnType<typeof openMemoryStore>,
  now: number,
): LicenseVerbs {
  return {
    async perform(input) {
      calls.push({ name: input.verb, args: [input] });
      if (input.userId === "nobody") throw new PippinError("not_found", "There is no user nobody.");
      const { verb, userId, adamId, by, cause, confirm } = input;
      if (userId === null && adamId === null && !confirm)
        throw new PippinError("confirmation_required", "Expected confirm: true.", {
          details: { licenses: 3 },
        });
      const item = {
        userId: "anna",
        adamId: "1",
        outcome: "failed",
        code: "9607",
        message: "Never.",
      } as const;
      const act: LicenseActRecord = {
        ...{ id: "act-1", sequence: 1, verb, userId, adamId, by, cause, startedAt: now, finishedAt: null },
        ...{ phase: "seats", expandAfter: null, asked: 3, done: 1, failed: 1, items: [item] },
      };
      await store.transaction((tx) => tx.put("licenseActs", act));
      return act;
    },
  };
}

function fakeDeployments(calls: Harness["calls"], now: number): DeploymentService {
  const record = (id: string): DeploymentRecord => ({
    id,
    adamId: "1",
    groupId: "sales",
    action: "required",
    deadline: null,
    createdAt: now,
    updatedAt: now,
    expandAfter: null,
    removed: false,
    cause: 0,
  });
  const act = (name: string) => async (id: string, cause?: number) => {
    calls.push({ name, args: [id, cause] });
    const [udid = "", adamId = ""] = id.split(" ");
    return installation(udid, adamId);
  };
  return {
    async create(input, cause) {
      calls.push({ name: "create", args: [input, cause] });
      return { ...record("deployment-1"), ...input };
    },
    async change(id, input, cause) {
      calls.push({ name: "change", args: [id, input, cause] });
      if (id === "none") throw new PippinError("not_found", "There is no deployment none.");
      return { ...record(id), ...input };
    },
    async remove(id, cause) {
      calls.push({ name: "remove", args: [id, cause] });
      if (id === "none") throw new PippinError("not_found", "There is no deployment none.");
    },
    retry: act("retry"),
    resend: act("resend"),
    cancel: act("cancel"),
    async membershipChanged(_tx, _outbox, userId) {
      calls.push({ name: "membershipChanged", args: [userId] });
    },
    wake: () => void calls.push({ name: "wake", args: [] }),
  };
}

export function device(id: string, change: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    id,
    serialNumber: null,
    kind: "user",
    supervised: false,
    userId: null,
    state: "enrolled",
    identity: "identity",
    topic: "com.apple.mgmt.External.1",
    pushMagic: "sealed-push-magic",
    pushToken: "push-token",
    awaitingConfiguration: false,
    productName: null,
    osVersion: null,
    enrolledAt: startOfTime,
    lastSeenAt: startOfTime,
    ...change,
  };
}

export function app(id: string, change: Partial<AppRecord> = {}): AppRecord {
  return {
    id,
    name: `App ${id}`,
    bundleId: `test.app${id}`,
    pricingParam: "STDQ",
    deviceAssignable: false,
    irrevocable: false,
    total: 10,
    assigned: 4,
    available: 6,
    retired: 0,
    syncedAt: startOfTime,
    ...change,
  };
}

export function installation(
  udid: string,
  adamId: string,
  change: Partial<InstallationRecord> = {},
): InstallationRecord {
  return {
    id: `${udid} ${adamId}`,
    udid,
    adamId,
    userId: null,
    desired: "required",
    state: "pending",
    reason: null,
    detail: null,
    since: startOfTime,
    attempts: 0,
    appState: null,
    appStateAt: null,
    commandUUID: null,
    commandType: null,
    verifications: 0,
    dueAt: null,
    waitingSince: null,
    cause: 0,
    ...change,
  };
}
