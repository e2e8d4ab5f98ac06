/** What a phone keeps across restarts: one JSON document, replaced as a whole. */
import { z } from "zod";
import { managedAppStates } from "../shared/app-states.ts";
import { PippinError } from "../shared/errors.ts";
import type { JsonValue } from "../shared/json.ts";
import type { World } from "../shared/world.ts";
import { DocumentTexts, formatPhone } from "./state-text.ts";
import { Halted } from "./tasks.ts";

const Download = z.object({
  version: z.string(),
  externalVersionIdentifier: z.number().int(),
  bytes: z.number().int().min(0),
});

const StoredDictionary = z.custom<JsonValue>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const AppRecord = Download.extend({
  adamId: z.string(),
  bundleId: z.string(),
  name: z.string(),
  state: z.enum(["absent", ...managedAppStates]),
  installed: z.boolean(),
  managementFlags: z.number().int(),
  /** 0 the person's own purchase, 1 a volume-purchase licence. */
  purchaseMethod: z.number().int(),
  /** The store said that the phone itself holds a licence of the app: nobody's Apple ID is needed. */
  deviceLicensed: z.boolean().optional(),
  /** The command that the present state goes back to. */
  commandUUID: z.string().nullable(),
  /** How often the state moved; tells two visits to the same state apart. */
  moves: z.number().int(),
  /** What the server gave a managed app, and what the app tells the server; in the JSON form of shared/plist.ts. */
  configuration: StoredDictionary.optional(),
  attributes: StoredDictionary.optional(),
  feedback: StoredDictionary.optional(),
  /** Sent by the server, not used yet. */
  redemptionCode: z.string().optional(),
  /** The Apple ID had bought the app already; told to the server once. */
  unusedRedemptionCode: z.string().optional(),
});
export type AppRecord = z.infer<typeof AppRecord>;

const ProfilePayload = z.object({
  type: z.string(),
  identifier: z.string(),
  uuid: z.string(),
  version: z.number().int(),
  displayName: z.string(),
});

const EnrollmentRecord = z.object({
  stage: z.enum(["issued", "authenticated", "enrolled"]),
  /** DER, base64. */
  certificate: z.string(),
  rootCertificate: z.string(),
  topic: z.string(),
  serverUrl: z.string(),
  accessRights: z.number().int(),
  checkOutWhenRemoved: z.boolean(),
  /** Base64. Made once, so that a repeated check-in says the same. */
  pushToken: z.string(),
  /** Base64; what the server can clear the passcode with. Null when the profile doesn't give it the right to. */
  unlockToken: z.string().nullable().default(null),
  pushMagic: z.string(),
  profile: ProfilePayload.extend({ organisation: z.string(), payloads: z.array(ProfilePayload) }),
});
type WholeEnrollment = z.infer<typeof EnrollmentRecord>;
/** Another enrolment is another record. */
export type EnrollmentRecord = Readonly<Omit<WholeEnrollment, "stage">> & Pick<WholeEnrollment, "stage">;

const Performed = z.object({
  commandUUID: z.string(),
  requestType: z.string(),
  /** The whole result, in the JSON form of shared/plist.ts. */
  result: z.custom<JsonValue>((value) => value !== undefined),
});
/** Never changed once made. */
export type Performed = Readonly<z.infer<typeof Performed>>;

const Unreceived = z.object({
  commandUUID: z.string(),
  /** States in this result that are reported only once. */
  reportedOnce: z.array(z.object({ bundleId: z.string(), moves: z.number().int() })),
});
export type Unreceived = z.infer<typeof Unreceived>;

/** A configuration profile beside the one that brought the phone under management. */
const InstalledProfile = ProfilePayload.extend({
  organisation: z.string().nullable(),
  description: z.string().nullable(),
  removalDisallowed: z.boolean(),
  hasRemovalPasscode: z.boolean(),
  /** Whether the server installed it: then it goes when the management goes. */
  managed: z.boolean(),
  /** The signer's certificate, base64 of DER. */
  signer: z.string().nullable(),
  payloads: z.array(
    ProfilePayload.extend({ organisation: z.string().nullable(), description: z.string().nullable() }),
  ),
  /** Certificates in it, base64 of DER. */
  certificates: z.array(z.string()),
  /** What its restrictions payloads say. */
  restrictions: z.record(z.string(), z.boolean()),
  passcodePolicy: z
    .object({ forcePIN: z.boolean(), minLength: z.number().int(), requireAlphanumeric: z.boolean() })
    .nullable(),
});
export type InstalledProfile = z.infer<typeof InstalledProfile>;

/** How the phone is about to leave what it does, once the server has heard of it. */
const departureKinds = ["restart", "shutDown", "erase", "removeManagement"] as const;
export type DepartureKind = (typeof departureKinds)[number];

/** What the server or the person has set. */
const DeviceSettings = z.object({
  deviceName: z.string().nullable().default(null),
  organizationInfo: z.record(z.string(), z.string()).nullable().default(null),
  activationLockAllowedWhileSupervised: z.boolean().nullable().default(null),
  dataRoaming: z.boolean().default(false),
  voiceRoaming: z.boolean().default(false),
  personalHotspot: z.boolean().default(false),
});
export type DeviceSettings = z.infer<typeof DeviceSettings>;

const PhoneDocument = z.object({
  version: z.literal(1),
  udid: z.string(),
  locked: z.boolean(),
  /** Null: none is set. */
  passcode: z.string().nullable().default(null),
  /** What the server put on the lock screen. */
  lockMessage: z
    .object({ message: z.string().nullable(), phoneNumber: z.string().nullable() })
    .nullable()
    .default(null),
  busy: z.boolean().default(false),
  airplane: z.boolean().default(false),
  power: z.enum(["on", "off"]).default("on"),
  /** Whether Setup Assistant waits for the server's word to go on. */
  setup: z.enum(["awaitingConfiguration", "done"]).default("done"),
  /** Something that check-in tells has changed since the server was last told. */
  tokenUpdateDue: z.boolean().default(false),
  departure: z
    .object({ kind: z.enum(departureKinds), commandUUID: z.string().nullable() })
    .nullable()
    .default(null),
  settings: DeviceSettings.prefault({}),
  /** In the order in which they were installed. */
  profiles: z.array(InstalledProfile).default([]),
  /** The link it enrols by, if not the one of its configuration. */
  enrollmentUrl: z.string().nullable().default(null),
  /** Not under management any more, and why: somebody has to set it up anew. */
  resting: z.enum(["unenrolled", "erased"]).nullable().default(null),
  /** Phones may share a pair, so it is never changed. */
  keys: z.object({ privateKeyPem: z.string(), publicKeyPem: z.string() }).readonly().nullable(),
  enrollment: EnrollmentRecord.nullable(),
  account: z.object({ appleId: z.string(), itsIdHash: z.string(), sessionToken: z.string() }).nullable(),
  apps: z.array(AppRecord),
  /** Invitations that the person hasn't answered, oldest first. */
  invitations: z.array(z.object({ url: z.string(), commandUUID: z.string() })),
  /** Results that the server hasn't confirmed, oldest first. */
  unreceived: z.array(Unreceived),
  /** Commands that were performed, oldest first. */
  performed: z.array(Performed),
});
const PhoneState = PhoneDocument.refine(
  (state) => state.enrollment === null || state.keys !== null,
  "an enrolment with its keys",
);
export interface PhoneState extends z.infer<typeof PhoneState> {
  enrollment: EnrollmentRecord | null;
}

/** Results are kept for so many commands; a server that repeats an older one gets it performed again. */
export const performedMax = 256;

/** The state, and the one way to make a change last. */
export interface PhoneStore {
  /** Changed in place, without a pause between changes that belong together. */
  readonly state: PhoneState;
  /**
   * Resolves when every change made so far is on disk. Callers of one moment share one write. Throws DiskError, and Halted when
   * the phone was switched off before the write began.
   */
  save(): Promise<void>;
  /** Calls `task` once the changes made so far are on disk, and never if they don't get there. In order. */
  whenSaved(task: () => void): void;
  /** No write begins after this. Resolves when one that is under way has ended. */
  halt(): Promise<void>;
}

/**
 * The phone's state, or that of a new one, with `fresh` where it differs. Throws PippinError `store_corrupt` when the file can't be
 * read as a phone, `configuration_invalid` when it is another's.
 */
export async function openPhoneStore(
  world: World,
  directory: string,
  udid: string,
  fresh: Partial<PhoneState> = {},
): Promise<PhoneStore> {
  const path = `${directory}/phone.json`;
  await world.disk.makeDirectory(directory);
  const bytes = await world.disk.readFile(path);
  const state = bytes === undefined ? { ...newState(udid), ...fresh } : parseState(bytes, path);
  if (state.udid !== udid)
    throw new PippinError(
      "configuration_invalid",
      `${path} belongs to the phone ${state.udid}, not to ${udid}: use another folder`,
    );

  const texts = new DocumentTexts();
  let tasks: (() => void)[] = [];
  let halted = false;
  let writing: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;

  async function write(): Promise<void> {
    if (halted) throw new Halted();
    const done = tasks;
    tasks = [];
    await world.disk.writeFileAtomic(path, formatPhone(state, texts));
    for (const task of done) task();
  }

  async function writeAfter(previous: Promise<void>): Promise<void> {
    await previous.catch(() => undefined); // its own callers heard of it
    waiting = undefined;
    writing = write();
    await writing;
  }

  return {
    state,
    save() {
      waiting ??= writeAfter(writing);
      return waiting;
    },
    whenSaved(task) {
      tasks.push(task);
    },
    async halt() {
      halted = true;
      await writing.catch(() => undefined);
    },
  };
}

/** A phone as it comes out of the box. */
function newState(udid: string): PhoneState {
  return PhoneDocument.parse({
    version: 1,
    udid,
    locked: false,
    keys: null,
    enrollment: null,
    account: null,
    apps: [],
    invitations: [],
    unreceived: [],
    performed: [],
  });
}

/** Makes the phone in this folder a new one, with `fresh` where it differs. */
export async function wipePhoneStore(
  world: World,
  directory: string,
  udid: string,
  fresh: Partial<PhoneState>,
): Promise<void> {
  await world.disk.writeFileAtomic(
    `${directory}/phone.json`,
    formatPhone({ ...newState(udid), ...fresh }, new DocumentTexts()),
  );
}

function parseState(bytes: Buffer, path: string): PhoneState {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    // Without the cause: it quotes the document, which holds the phone's secrets.
    throw new PippinError(
      "store_corrupt",
      `${path} is damaged: it is no JSON document. Remove it to start with a new phone`,
    );
  }
  const parsed = PhoneState.safeParse(json);
  if (!parsed.success) {
    // Where, not what: the document holds the phone's secrets.
    const places = parsed.error.issues
      .slice(0, 3)
      .map((issue) => issue.path.join(".") || "the whole document");
    throw new PippinError(
      "store_corrupt",
      `${path} is damaged: not as expected at ${places.join(", ")}. Remove it to start with a new phone`,
    );
  }
  return parsed.data;
}
