/**
 * What a simulated phone says to the simulated App Store and Apple ID service. Apple's own protocol for this isn't published, so
 * this one is ours; the rules behind it (who may download what) are Apple's. The Apple ID password travels here and nowhere else.
 */
import { z } from "zod";

export const appStorePaths = {
  signIn: "/store/v1/sign-in",
  lookup: "/store/v1/lookup",
  authorize: "/store/v1/authorize",
  holdings: "/store/v1/holdings",
  download: "/store/v1/download",
  redeem: "/store/v1/redeem",
  storeTerms: "/store/v1/terms",
} as const;

export const SignInRequest = z.strictObject({
  appleId: z.string().min(1).max(255),
  password: z.string().min(1).max(255),
});
export const SignInAnswer = z.object({
  sessionToken: z.string(),
  appleId: z.string(),
  /** The same value that Apple tells the MDM server as `itsIdHash`. */
  itsIdHash: z.string(),
  /** The person has to agree to the App Store's terms before anything can be had with this Apple ID. */
  storeTermsDue: z.boolean().optional(),
});
export type SignInAnswer = z.infer<typeof SignInAnswer>;

/** `GET lookup?adamId=` or `?bundleId=`, perhaps with `&serialNumber=`: what the phone shows in its prompt. */
export const LookupItem = z.object({
  adamId: z.string(),
  bundleId: z.string(),
  name: z.string(),
  version: z.string(),
  externalVersionIdentifier: z.number().int(),
  /** Size of the download. */
  bytes: z.number().int(),
  /** Missing for a free app. */
  priceCents: z.number().int().min(0).optional(),
  /** The phone of that serial number holds a licence of its own: it gets the app without anybody's Apple ID. */
  deviceLicensed: z.boolean().optional(),
});
export type LookupItem = z.infer<typeof LookupItem>;

export const AuthorizeRequest = z.strictObject({
  /** Missing while nobody is signed in: then only a licence of the phone's own will do. */
  sessionToken: z.string().optional(),
  adamId: z.string(),
  /** 0 the Apple ID's own purchase (free apps), 1 a volume-purchase licence. */
  purchaseMethod: z.number().int().min(0).max(1),
  /** The asking device: one user licence covers five. */
  udid: z.string().min(1).max(64),
  /** What a licence of the device itself goes by (iOS 9 and later). */
  serialNumber: z.string().min(1).max(64).optional(),
});
/** A ticket fetches the app once (`POST download {ticket}`), so a download can't begin without an authorisation. */
export const AuthorizeAnswer = z.object({ ticket: z.string() });
/**
 * Everything from the App Store that is on the device or on its way there. A licence serves five devices: what the device no longer
 * has leaves its place to another. Answered with `{}`.
 */
export const HoldingsRequest = z.strictObject({
  sessionToken: z.string(),
  udid: z.string().min(1).max(64),
  adamIds: z.array(z.string().min(1).max(20)).max(2_000),
});
export const DownloadRequest = z.strictObject({ ticket: z.string() });
export const DownloadAnswer = LookupItem.extend({
  /** No more than this comes per second, however fast the phone is. */
  bytesPerSecond: z.number().int().positive().optional(),
  /** The connection breaks once so many bytes have come: authorise again. */
  breaksOffAtByte: z.number().int().min(0).optional(),
});
export type DownloadAnswer = z.infer<typeof DownloadAnswer>;

/** A redemption code buys a paid app for the Apple ID, once. Repeating it with the same Apple ID is harmless. */
export const RedeemRequest = z.strictObject({
  sessionToken: z.string(),
  adamId: z.string(),
  code: z.string().min(1).max(64),
});
/** Not `used`: the Apple ID had bought the app already, and the code is still good for somebody else. */
export const RedeemAnswer = z.object({ used: z.boolean() });
export type RedeemAnswer = z.infer<typeof RedeemAnswer>;
/** The signed-in person agrees to the App Store's own terms. Answered with `{}`. */
export const AcceptStoreTermsRequest = z.strictObject({ sessionToken: z.string() });

/** `GET` of the invitation URL: what the person is asked to agree to. */
export const InvitationTerms = z.object({ organisation: z.string(), title: z.string(), text: z.string() });
export type InvitationTerms = z.infer<typeof InvitationTerms>;
/** `POST` of the invitation URL: the signed-in person agrees. Answered with `{}`. */
export const AcceptInvitationRequest = z.strictObject({ sessionToken: z.string() });

/** Every refusal is `{error: {code, message}}` with one of these codes. */
export const appStoreProblems = {
  invalid_request: 400,
  wrong_password: 401,
  session_invalid: 401,
  /** Too many wrong passwords; `retryAfterMs` beside the code says how long. */
  apple_id_locked: 423,
  /** The shop doesn't have it. */
  item_unknown: 404,
  /** A book, or software for another kind of machine. */
  not_an_app: 404,
  /** Inner error 2605 on a real phone: neither this Apple ID nor the phone holds a licence for the item. */
  license_not_found: 403,
  device_limit: 403,
  ticket_invalid: 403,
  /** The App Store's own terms are not accepted with this Apple ID. */
  store_terms_due: 403,
  /** The shop won't sell this just now. */
  purchase_refused: 403,
  /** A redemption code of another app, of nobody, or one that somebody else used up. */
  code_invalid: 403,
  invitation_unknown: 404,
  /** Already accepted by somebody, or the user was retired. */
  invitation_used: 409,
} as const;
export type AppStoreProblemCode = keyof typeof appStoreProblems;
export const AppStoreProblem = z.object({
  error: z.object({
    code: z.enum(Object.keys(appStoreProblems) as [AppStoreProblemCode, ...AppStoreProblemCode[]]),
    message: z.string(),
    retryAfterMs: z.number().optional(),
  }),
});
