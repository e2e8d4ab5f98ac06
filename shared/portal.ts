/**
 * The company portal: what a phone and its server say about apps that are offered to the phone's user. These messages are our own,
 * not Apple's: in the field, an app of the server's maker asks its server. Here they travel over the device channel once check-in is
 * over, in the codec and within the limits of everything else there.
 *
 * The phone asks and the server answers, each answer with the `RequestID` of its question; answers and commands may come in any
 * order, and neither says anything about results (see shared/channel.ts). A question that got no answer may be asked again: asking
 * for an app twice is asking once.
 */
import { z } from "zod";

const RequestID = z.string().min(1).max(64);
const common = { UDID: z.string().min(1).max(64), RequestID };
const AdamID = z.string().regex(/^[0-9]{1,20}$/);

/** More apps than this are not listed; `Complete` tells. */
export const portalAppsMax = 500;

/** Which apps may the user of this phone install? */
export const PortalApps = z.strictObject({ MessageType: z.literal("PortalApps"), ...common });
export type PortalApps = z.infer<typeof PortalApps>;

/** The user of this phone wants this app. */
export const PortalInstall = z.strictObject({ MessageType: z.literal("PortalInstall"), ...common, AdamID });
export type PortalInstall = z.infer<typeof PortalInstall>;

export const PortalRequest = z.discriminatedUnion("MessageType", [PortalApps, PortalInstall]);
export type PortalRequest = z.infer<typeof PortalRequest>;

/**
 * `Available`: to be had for the asking. `Requested`: asked for, and waiting for something else than this phone. `WaitingForTerms`:
 * the program's terms have not been accepted yet. `Installing`, `Installed`, `Removing`: as they say. `Failed`: `Reason` says why; it
 * may be asked for again.
 */
export const portalAppStatuses = [
  "Available",
  "Requested",
  "WaitingForTerms",
  "Installing",
  "Installed",
  "Removing",
  "Failed",
] as const;
export type PortalAppStatus = (typeof portalAppStatuses)[number];

export const PortalApp = z.strictObject({
  AdamID,
  BundleID: z.string().max(255),
  Name: z.string().max(255),
  Status: z.enum(portalAppStatuses),
  /** Of a failed one: the installation's reason, as the admin sees it, e.g. `no-license`. */
  Reason: z.string().min(1).max(64).optional(),
  /** The organisation installs it then, unless the person did so before. */
  Deadline: z.date().optional(),
});
export type PortalApp = z.infer<typeof PortalApp>;

export const PortalAppsAnswer = z.strictObject({
  MessageType: z.literal("PortalAppsAnswer"),
  RequestID,
  /** By name. */
  Apps: z.array(PortalApp).max(portalAppsMax),
  Complete: z.boolean(),
});
export type PortalAppsAnswer = z.infer<typeof PortalAppsAnswer>;

export const PortalInstallAnswer = z.strictObject({
  MessageType: z.literal("PortalInstallAnswer"),
  RequestID,
  AdamID,
  /** `Accepted`: on record; what becomes of it, the list tells. */
  Outcome: z.enum(["Accepted", "Refused"]),
  /** Why it was refused: the app is not offered to the user of this phone. */
  Reason: z.enum(["NotOffered"]).optional(),
});
export type PortalInstallAnswer = z.infer<typeof PortalInstallAnswer>;

export const PortalAnswer = z.discriminatedUnion("MessageType", [PortalAppsAnswer, PortalInstallAnswer]);
export type PortalAnswer = z.infer<typeof PortalAnswer>;

const requestTypes: ReadonlySet<unknown> = new Set(["PortalApps", "PortalInstall"]);
const answerTypes: ReadonlySet<unknown> = new Set(["PortalAppsAnswer", "PortalInstallAnswer"]);

/** By its `MessageType` alone: whether it is well-formed, the schema tells. */
export function isPortalRequest(message: Readonly<Record<string, unknown>>): boolean {
  return requestTypes.has(message["MessageType"]);
}

export function isPortalAnswer(message: Readonly<Record<string, unknown>>): boolean {
  return answerTypes.has(message["MessageType"]);
}
