/** How the phone comes under management: profile, identity, then check-in (connection.ts). */
import { z } from "zod";
import { cached } from "../shared/cached.ts";
import {
  createSigningRequest,
  derToPem,
  pemToDer,
  publicKeyOf,
  readCertificate,
  readIssuedCertificate,
  verifyCms,
} from "../shared/certificates.ts";
import { PippinError, problems, type ProblemCode } from "../shared/errors.ts";
import { decodePlist } from "../shared/plist.ts";
import { NetworkError, type HttpRequest, type HttpResponse } from "../shared/world.ts";
import { accessRights } from "./commands/handler.ts";
import type { PhoneBase } from "./core.ts";
import type { PhoneConfig, PhoneTrouble } from "./phone.ts";
import type { EnrollmentRecord, PhoneState } from "./state.ts";
import { Halted, jitteredDelayMs, pause, untilHalted } from "./tasks.ts";

const backoff = { firstMs: 1_000, capMs: 60_000 };
const requestTimeoutMs = 15_000;
const bodyBytesMax = 256 * 1024;
/** A real phone's is an escrowed keybag of some kilobytes; what matters is that it can't be guessed. */
const unlockTokenBytes = 64;

/** What a server says of itself it says to every phone, and each keeps it. */
const oneCopy = cached((text) => text);

const text = z.string().min(1).max(1_024);
const webAddress = (...schemes: string[]): z.ZodType<string> =>
  z
    .string()
    .max(2_048)
    .refine(
      (value) => URL.canParse(value) && schemes.includes(new URL(value).protocol),
      `an address that begins with ${schemes.join(" or ")}`,
    );

const Payload = z.looseObject({
  PayloadType: text,
  PayloadIdentifier: text,
  PayloadUUID: text,
  PayloadVersion: z.number().int(),
  PayloadDisplayName: text.optional(),
});
type Payload = z.infer<typeof Payload>;

const Profile = Payload.extend({
  PayloadType: z.literal("Configuration"),
  PayloadOrganization: text.optional(),
  PayloadContent: z.array(Payload).min(3).max(16),
});
type Profile = z.infer<typeof Profile>;

const RootPayload = Payload.extend({ PayloadContent: z.instanceof(Uint8Array) });
/**
 * Our own stand-in for SCEP, under a type of its own: the same facts in the same shape, but the request travels as plain PKCS #10
 * with the challenge as bearer token.
 */
const IdentityPayload = Payload.extend({
  PayloadContent: z.looseObject({
    URL: webAddress("http:", "https:"),
    Challenge: text,
    Keysize: z.literal(2048),
    "Key Type": z.literal("RSA"),
  }),
});
const MdmPayload = Payload.extend({
  IdentityCertificateUUID: text,
  Topic: text.max(255),
  ServerURL: webAddress("ws:", "wss:"),
  AccessRights: z.number().int().min(1).max(8191),
  CheckOutWhenRemoved: z.boolean().optional(),
  SignMessage: z.literal(false).optional(),
});

interface EnrollmentProfile {
  readonly profile: Profile;
  readonly rootCertificate: Buffer;
  readonly identity: z.infer<typeof IdentityPayload>;
  readonly mdm: z.infer<typeof MdmPayload>;
}

/** The link that the phone enrols by: the one it was given last. */
export function enrollmentUrlOf(state: Pick<PhoneState, "enrollmentUrl">, config: PhoneConfig): string {
  return state.enrollmentUrl ?? config.enrollmentUrl;
}

/**
 * Fetches the profile and the identity certificate, and keeps both. Tries again while the server can't be reached (`tell` hears
 * of it); throws PippinError with the server's code when it refuses, `identity_untrusted` or `malformed_message` when what
 * it sends doesn't hold, and Halted when the phone stops.
 */
export async function enroll(phone: PhoneBase, tell: (trouble: PhoneTrouble) => void): Promise<void> {
  const { world, config, store } = phone;
  const { state } = store;
  // The key pair comes first and stays: whoever asks twice with one key uses the enrolment token once.
  const keys = state.keys ?? (await untilHalted(world.generateKeyPair(), phone.signal));
  state.keys = keys;
  await store.save();

  const answer = await requestUntilAnswered(phone, tell, enrollmentUrlOf(state, config), {
    headers: { accept: "application/x-apple-aspen-config" },
  });
  const { profile, rootCertificate, identity, mdm } = readProfile(answer.body);

  const issued = await requestUntilAnswered(phone, tell, identity.PayloadContent.URL, {
    method: "POST",
    headers: {
      "content-type": "application/pkcs10",
      authorization: `Bearer ${identity.PayloadContent.Challenge}`,
    },
    body: createSigningRequest({ commonName: config.udid, keys }),
  });
  checkIdentity(issued.body, { rootCertificate, publicKeyPem: keys.publicKeyPem, now: world.now() });

  const clearsPasscodes = (mdm.AccessRights & accessRights.lockAndClearPasscode) !== 0;
  state.enrollment = {
    stage: "issued",
    certificate: issued.body.toString("base64"),
    rootCertificate: oneCopy(rootCertificate.toString("base64")),
    topic: oneCopy(mdm.Topic),
    serverUrl: oneCopy(mdm.ServerURL),
    accessRights: mdm.AccessRights,
    checkOutWhenRemoved: mdm.CheckOutWhenRemoved ?? false,
    pushToken: world.randomBytes(32).toString("base64"),
    pushMagic: world.uuid(),
    unlockToken: clearsPasscodes ? world.randomBytes(unlockTokenBytes).toString("base64") : null,
    profile: Object.assign(summary(profile), {
      organisation: oneCopy(profile.PayloadOrganization ?? ""),
      payloads: profile.PayloadContent.map(summary),
    }),
  };
  await store.save();
}

function summary(payload: Payload): EnrollmentRecord["profile"]["payloads"][number] {
  return {
    type: oneCopy(payload.PayloadType),
    identifier: oneCopy(payload.PayloadIdentifier),
    uuid: payload.PayloadUUID,
    version: payload.PayloadVersion,
    displayName: oneCopy(payload.PayloadDisplayName ?? payload.PayloadType),
  };
}

/**
 * Trust on first use: whoever answers at the enrolment address names its own authority, and from then on only that one counts.
 * What is checked is that the profile was signed by the authority it brings along, so that neither can be exchanged alone.
 */
function readProfile(bytes: Buffer): EnrollmentProfile {
  const { content, signerCertificate } = verifyCms(bytes);
  const profile = check(Profile, decodePlist(content, "plist-xml"), "the enrolment profile");
  const root = check(RootPayload, payloadOf(profile, "com.apple.security.root"), "its root certificate");
  const identity = check(IdentityPayload, payloadOf(profile, "com.pippin.security.csr"), "its identity");
  const mdm = check(MdmPayload, payloadOf(profile, "com.apple.mdm"), "its management payload");
  const rootCertificate = Buffer.from(root.PayloadContent);
  if (!signerCertificate.equals(rootCertificate))
    throw new PippinError(
      "identity_untrusted",
      "the enrolment profile is not signed by the authority whose certificate it brings",
    );
  if (mdm.IdentityCertificateUUID !== identity.PayloadUUID)
    throw new PippinError("malformed_message", "the management payload names an identity the profile lacks");
  return { profile, rootCertificate, identity, mdm };
}

function payloadOf(profile: Profile, type: string): Payload | undefined {
  return profile.PayloadContent.find((payload) => payload.PayloadType === type);
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Where, not what: the challenge is a secret.
  const place = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new PippinError(
    "malformed_message",
    `${what} is missing or not as expected${place && ` at ${place}`}`,
  );
}

function checkIdentity(
  der: Buffer,
  expected: { rootCertificate: Buffer; publicKeyPem: string; now: number },
): void {
  const authority = { certificatePem: derToPem(expected.rootCertificate, "CERTIFICATE") };
  const issued = readIssuedCertificate(der, authority, expected.now);
  const isOurs =
    typeof issued === "object"
      ? issued.publicKey.equals(publicKeyOf(expected.publicKeyPem))
      : // The two clocks may differ a little: no reason to give up.
        issued === "not-yet-valid" &&
        pemToDer(readCertificate(der).publicKeyPem).equals(pemToDer(expected.publicKeyPem));
  if (!isOurs)
    throw new PippinError(
      "identity_untrusted",
      "the server issued a certificate that is not for this phone's key, or not by its own authority",
    );
}

const ProblemDocument = z.looseObject({ code: z.string(), detail: z.string().optional() });

/** One exchange, repeated while no answer comes or the server says that it can't just now. */
async function requestUntilAnswered(
  phone: PhoneBase,
  tell: (trouble: PhoneTrouble) => void,
  url: string,
  init: HttpRequest,
): Promise<HttpResponse> {
  const { world, signal } = phone;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await requestOnce(phone, url, init);
    if (typeof outcome === "object") return outcome;
    const delayMs = jitteredDelayMs(world, attempt, backoff);
    // The path holds the enrolment token, so only the server is named.
    const message = `can't enrol at ${new URL(url).host} (${outcome}), trying again in ${Math.max(1, Math.round(delayMs / 1000))} s`;
    tell({ code: "unavailable", message });
    await pause(world, delayMs, signal);
  }
}

/** The answer, or why it is worth another try. Throws PippinError when the server refuses. */
async function requestOnce(phone: PhoneBase, url: string, init: HttpRequest): Promise<HttpResponse | string> {
  let response: HttpResponse;
  try {
    const options = { timeoutMs: requestTimeoutMs, bodyBytesMax, ...init };
    response = await untilHalted(phone.world.request(url, options), phone.signal);
  } catch (error) {
    if (error instanceof NetworkError) return error.code;
    if (error instanceof Halted) throw error;
    throw new Error("the World broke its word: request() threw no NetworkError", { cause: error });
  }
  if (response.status === 200) return response;
  if (response.status >= 500 || response.status === 429) return `status ${response.status}`;
  const problem = ProblemDocument.safeParse(parseJson(response.body));
  const code = problem.success && isProblemCode(problem.data.code) ? problem.data.code : "forbidden";
  const detail = problem.success ? (problem.data.detail ?? problem.data.code) : `status ${response.status}`;
  throw new PippinError(code, `the server refused the enrolment: ${detail.slice(0, 500)}`);
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined; // the schema refuses it
  }
}
