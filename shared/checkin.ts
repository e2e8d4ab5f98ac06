/** Check-in messages of Apple's MDM protocol, with Apple's names and types. */
import { z } from "zod";

const data = z.instanceof(Uint8Array);
/** A real phone's has some kilobytes. */
export const unlockTokenBytesMax = 32 * 1024;
/** Keys that later systems add are kept, not refused: Apple tells servers to ignore what they don't know. */
const common = { Topic: z.string().min(1).max(255), UDID: z.string().min(1).max(64) };

/** Starts an enrolment; nothing is enrolled yet. */
export const Authenticate = z.looseObject({
  MessageType: z.literal("Authenticate"),
  ...common,
  OSVersion: z.string().max(64).optional(),
  BuildVersion: z.string().max(64).optional(),
  ProductName: z.string().max(64).optional(),
  SerialNumber: z.string().max(64).optional(),
  IMEI: z.string().max(64).optional(),
  MEID: z.string().max(64).optional(),
  DeviceName: z.string().max(255).optional(),
  Model: z.string().max(64).optional(),
  ModelName: z.string().max(64).optional(),
});
export type Authenticate = z.infer<typeof Authenticate>;

/** Ends an enrolment, and comes again whenever a value changes. */
export const TokenUpdate = z.looseObject({
  MessageType: z.literal("TokenUpdate"),
  ...common,
  Token: data,
  PushMagic: z.string().min(1).max(255),
  UnlockToken: data.refine((token) => token.length <= unlockTokenBytesMax).optional(),
  AwaitingConfiguration: z.boolean().optional(),
});
export type TokenUpdate = z.infer<typeof TokenUpdate>;

/** The profile was removed. Sent once, when the profile asks for it; never to be counted on. */
export const CheckOut = z.looseObject({ MessageType: z.literal("CheckOut"), ...common });
export type CheckOut = z.infer<typeof CheckOut>;

export const CheckinMessage = z.discriminatedUnion("MessageType", [Authenticate, TokenUpdate, CheckOut]);
export type CheckinMessage = z.infer<typeof CheckinMessage>;
