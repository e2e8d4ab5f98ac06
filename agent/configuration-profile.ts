/** Reading a configuration profile, as bytes from the server or the person. */
import { z } from "zod";
import { readCertificate, verifyCms } from "../shared/certificates.ts";
import { PippinError } from "../shared/errors.ts";
import { decodePlist, type PlistDictionary } from "../shared/plist.ts";
import { mdmErrorDomain, mdmErrors } from "../shared/results.ts";
import type { ErrorCause } from "./commands/handler.ts";
import { supervisedOnly } from "./restrictions.ts";
import type { InstalledProfile } from "./state.ts";

export const profileBytesMax = 256 * 1024;
const payloadsMax = 64;
const restrictionsMax = 256;

/** Codes and domains as phones report them (Apple's MDM protocol reference, "Error Codes"). */
const profileErrorDomain = "MCProfileErrorDomain";
const payloadErrorDomain = "MCPayloadErrorDomain";
const certificateErrorDomain = "MCCertificateErrorDomain";

const text = z.string().min(1).max(1_024);
const optionalText = z.string().max(8_192).optional();
const common = {
  PayloadType: text,
  PayloadIdentifier: text,
  PayloadUUID: text,
  PayloadVersion: z.number().int(),
  PayloadDisplayName: optionalText,
  PayloadOrganization: optionalText,
  PayloadDescription: optionalText,
};
const Payload = z.looseObject(common);
type Payload = z.infer<typeof Payload>;
const Profile = z.looseObject({
  ...common,
  PayloadRemovalDisallowed: z.boolean().optional(),
  HasRemovalPasscode: z.boolean().optional(),
  PayloadContent: z.array(z.unknown()),
});

const certificateTypes: ReadonlySet<string> = new Set([
  "com.apple.security.root",
  "com.apple.security.pkcs1",
  "com.apple.security.pem",
]);

export type ProfileReading =
  | { readonly ok: true; readonly profile: Omit<InstalledProfile, "managed"> }
  | { readonly ok: false; readonly cause: ErrorCause };

/** Why a profile isn't taken; caught where reading began. */
class Unreadable extends Error {
  override readonly cause: ErrorCause;
  constructor(cause: ErrorCause) {
    super(cause.description);
    this.cause = cause;
  }
}

function unreadable(domain: string, code: number, description: string): Unreadable {
  return new Unreadable({ domain, code, description });
}

/**
 * Reads a profile, bare or inside a signature. As on a phone, a signature must be intact, but anybody may have made it: the person
 * sees such a profile as not verified.
 */
export function readConfigurationProfile(
  bytes: Uint8Array,
  options: { supervised: boolean },
): ProfileReading {
  try {
    const { content, signer } = unwrap(bytes);
    return { ok: true, profile: { ...readContent(content, options.supervised), signer } };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, cause: error.cause };
    throw error;
  }
}

function unwrap(bytes: Uint8Array): { content: PlistDictionary; signer: string | null } {
  if (bytes.length > profileBytesMax)
    throw unreadable(profileErrorDomain, 1000, `A profile has at most ${profileBytesMax} bytes.`);
  // DER begins with a SEQUENCE; no property list does.
  if (bytes[0] !== 0x30) return { content: decode(bytes), signer: null };
  const signed = attempt(
    () => verifyCms(bytes),
    () => unreadable(profileErrorDomain, 1004, "The profile's signature is broken."),
  );
  return { content: decode(signed.content), signer: signed.signerCertificate.toString("base64") };
}

function decode(bytes: Uint8Array): PlistDictionary {
  return attempt(
    () => decodePlist(bytes),
    () => unreadable(profileErrorDomain, 1000, "The profile is malformed."),
  );
}

/** A refusal of our readers means that what came is no good; anything else is a mistake of our own. */
function attempt<T>(read: () => T, refuse: () => Unreadable): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PippinError) throw refuse();
    throw error;
  }
}

function readContent(
  content: PlistDictionary,
  supervised: boolean,
): Omit<InstalledProfile, "managed" | "signer"> {
  if ("EncryptedPayloadContent" in content)
    throw unreadable(profileErrorDomain, 1006, "The profile is encrypted for another phone.");
  const profile = fields(Profile, content, profileErrorDomain, { missing: 1002, wrong: 1003 });
  if (profile.PayloadType !== "Configuration")
    throw unreadable(profileErrorDomain, 1010, "The profile is no configuration profile.");
  if (profile.PayloadVersion !== 1)
    throw unreadable(profileErrorDomain, 1001, "The profile has an unsupported version.");
  if (profile.PayloadContent.length === 0)
    throw unreadable(profileErrorDomain, 1005, "The profile is empty.");
  if (profile.PayloadContent.length > payloadsMax)
    throw unreadable(profileErrorDomain, 1000, `A profile has at most ${payloadsMax} payloads.`);
  const payloads = profile.PayloadContent.map((payload) =>
    fields(Payload, payload, payloadErrorDomain, { missing: 2002, wrong: 2003 }),
  );
  requireUnique(payloads);
  return {
    ...summary(profile),
    removalDisallowed: profile.PayloadRemovalDisallowed ?? false,
    hasRemovalPasscode:
      profile.HasRemovalPasscode ??
      payloads.some(({ PayloadType: type }) => type === "com.apple.profileRemovalPassword"),
    payloads: payloads.map(summary),
    certificates: payloads.flatMap(certificateIn),
    restrictions: Object.fromEntries(payloads.flatMap((payload) => restrictionsIn(payload, supervised))),
    passcodePolicy: passcodePolicyIn(payloads),
  };
}

/** Checks by the schema. What is missing and what has the wrong type are told apart, as a phone does. */
function fields<T>(
  schema: z.ZodType<T>,
  value: unknown,
  domain: string,
  codes: { missing: number; wrong: number },
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const key = String(parsed.error.issues[0]?.path[0] ?? "");
  const isMissing = typeof value === "object" && value !== null && key !== "" && !(key in value);
  throw unreadable(
    domain,
    isMissing ? codes.missing : codes.wrong,
    isMissing ? `The required field ${key} is missing.` : `The field ${key} has a wrong value.`,
  );
}

function requireUnique(payloads: readonly Payload[]): void {
  for (const [key, code] of [
    ["PayloadUUID", 1007],
    ["PayloadIdentifier", 1008],
  ] as const) {
    if (new Set(payloads.map((payload) => payload[key])).size < payloads.length)
      throw unreadable(profileErrorDomain, code, `Two payloads have the same ${key}.`);
  }
}

function summary(payload: Payload): InstalledProfile["payloads"][number] {
  return {
    type: payload.PayloadType,
    identifier: payload.PayloadIdentifier,
    uuid: payload.PayloadUUID,
    version: payload.PayloadVersion,
    displayName: payload.PayloadDisplayName ?? payload.PayloadIdentifier,
    organisation: payload.PayloadOrganization ?? null,
    description: payload.PayloadDescription ?? null,
  };
}

function certificateIn(payload: Payload): string[] {
  if (payload.PayloadType === "com.apple.mdm")
    throw unreadable(
      mdmErrorDomain,
      mdmErrors.invalidReplacementProfile,
      "A phone is managed by one server: the management is not replaced by a command.",
    );
  if (!certificateTypes.has(payload.PayloadType)) return [];
  const content = payload["PayloadContent"];
  const malformed = () => unreadable(certificateErrorDomain, 9005, "A certificate is malformed.");
  if (!(content instanceof Uint8Array)) throw malformed();
  const der = derOf(content);
  attempt(() => readCertificate(der), malformed);
  return [der.toString("base64")];
}

/** Certificates travel as DER or, under a payload type of its own and often under the others, as PEM. */
function derOf(content: Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const pem = /-----BEGIN CERTIFICATE-----([\w+/=\s]+)-----END CERTIFICATE-----/.exec(
    bytes.toString("latin1"),
  );
  return pem?.[1] === undefined ? bytes : Buffer.from(pem[1], "base64");
}

function restrictionsIn(payload: Payload, supervised: boolean): [string, boolean][] {
  if (payload.PayloadType !== "com.apple.applicationaccess") return [];
  const found: [string, boolean][] = [];
  for (const [name, value] of Object.entries(payload)) {
    if (!/^(?:allow|force)[A-Z]/.test(name)) continue;
    if (typeof value !== "boolean")
      throw unreadable(payloadErrorDomain, 2003, `The field ${name} has a wrong value.`);
    if (supervised || !supervisedOnly.has(name)) found.push([name, value]);
  }
  if (found.length > restrictionsMax)
    throw unreadable(payloadErrorDomain, 2000, `A payload has at most ${restrictionsMax} restrictions.`);
  return found;
}

const PasscodePolicy = z.looseObject({
  forcePIN: z.boolean().default(false),
  minLength: z.number().int().min(0).max(16).default(0),
  requireAlphanumeric: z.boolean().default(false),
});

function passcodePolicyIn(payloads: readonly Payload[]): InstalledProfile["passcodePolicy"] {
  const payload = payloads.find(({ PayloadType: type }) => type === "com.apple.mobiledevice.passwordpolicy");
  if (payload === undefined) return null;
  const { forcePIN, minLength, requireAlphanumeric } = fields(PasscodePolicy, payload, payloadErrorDomain, {
    missing: 2002,
    wrong: 2003,
  });
  return { forcePIN, minLength, requireAlphanumeric };
}
