/** The API on a memory store and a world whose clock the test moves. What lies behind it is faked as far as it has its own tests. */
import { Hono } from "hono";
import { createApi, type Api } from "../../../server/api/api.ts";
import { drawApiKey } from "../../../server/api-keys.ts";
import { CommandService } from "../../../server/commands/command-service.ts";
import { createEventRing } from "../../../server/event-ring.ts";
import { createMetrics } from "../../../server/metrics.ts";
import type { DeploymentService, LedgerCheck, LicensingService } from "../../../server/services.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import type {
  AppRecord,
  DeploymentRecord,
  DeviceRecord,
  InstallationRecord,
  Role,
  SyncRecord,
} from "../../../server/store/records.ts";
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

export async function openHarness(): Promise<Harness> {
  const world = new FakeWorld(startOfTime);
  const store = openMemoryStore();
  const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: true });
  const events: TraceEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const context = { world, store, recorder };
  const calls: Harness["calls"] = [];
  const push = { wake: () => {}, isConnected: (udid: string) => udid === "phone-1", connectedCount: 1 };
  const hooks = {
    deviceEnrolled: async () => {},
    deviceUnenrolled: async () => {},
    commandSettled: async () => {},
    wake: () => {},
  };
  const metrics = createMetrics({ ...context, connectedCount: () => push.connectedCount });
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
    commands: new CommandService({ commands: { ...context, hooks }, push }),
    push,
    events: createEventRing(recorder),
    metrics,
    publicUrl: () => "http://pippin.test",
    enrollApp,
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
    const text = await response.text();
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
  return { api, world, store, events, keys, calls, call };
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
  const check: LedgerCheck = { checkedAt: now, lines: [], drift: 0, differences: [], violations: [] };
  return {
    async uploadToken(upload, cause) {
      calls.push({ name: "uploadToken", args: [upload, cause] });
      if (!upload.acknowledged)
        throw new PippinError("token_not_acknowledged", "Expected acknowledged: true.");
      uploaded = true;
      return account;
    },
    account: async () => (uploaded ? account : undefined),
    async sync(trigger, cause) {
      calls.push({ name: "sync", args: [trigger, cause] });
      return sync;
    },
    checkLedger: async () => check,
    async resendInvitation(userId, cause) {
      calls.push({ name: "resendInvitation", args: [userId, cause] });
      if (userId === "nobody") throw new PippinError("not_found", "There is no user nobody.");
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
    async retry(id, cause) {
      calls.push({ name: "retry", args: [id, cause] });
      const [udid = "", adamId = ""] = id.split(" ");
      return installation(udid, adamId);
    },
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
