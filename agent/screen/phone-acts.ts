/** What a person can do at the screen, by name. Each is what the same act by command or by a persona does. */
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";

const textMax = 255;
const Text = z.string().min(1).max(textMax);
const Nothing = z.strictObject({});
const On = z.strictObject({ on: z.boolean() });
const advanceSecondsMax = 24 * 60 * 60;

export interface PhoneAct {
  readonly schema: z.ZodType;
  /** `given` fits the schema. */
  readonly perform: (on: ScreenPhone, given: never, rack: PhoneRack) => void | Promise<void>;
  /** Whether it is done to the world around, not in it. */
  readonly isOutside: boolean;
}

function act<T>(
  schema: z.ZodType<T>,
  perform: (on: ScreenPhone, given: T, rack: PhoneRack) => void | Promise<void>,
  isOutside = false,
): PhoneAct {
  return { schema, perform, isOutside };
}

/** A Map, not an object: an act called “constructor” must find nothing. */
export const phoneActs: ReadonlyMap<string, PhoneAct> = new Map<string, PhoneAct>([
  [
    "tap",
    act(
      z.strictObject({
        promptId: Text,
        button: Text,
        /** Typed before the tap. */
        fields: z.strictObject({ appleId: Text.optional(), password: Text.optional() }).default({}),
      }),
      ({ hand }, { promptId, button, fields }) => {
        for (const name of ["appleId", "password"] as const) {
          const text = fields[name];
          if (text !== undefined) hand.type(text, name, promptId);
        }
        hand.tap(button, promptId);
      },
    ),
  ],
  ["lock", act(Nothing, ({ hand }) => hand.phone.lock())],
  [
    "unlock",
    act(z.strictObject({ passcode: Text.optional() }), ({ hand }, { passcode }) =>
      hand.phone.unlock(passcode),
    ),
  ],
  [
    "passcode",
    act(z.strictObject({ passcode: Text.nullable() }), ({ hand }, { passcode }) =>
      hand.phone.setPasscode(passcode),
    ),
  ],
  ["airplane", act(On, ({ hand }, { on }) => hand.phone.setAirplane(on))],
  ["boot", act(Nothing, ({ hand }) => hand.phone.boot())],
  ["shut-down", act(Nothing, ({ hand }) => hand.phone.shutDown())],
  ["restart", act(Nothing, ({ hand }) => hand.phone.restart())],
  ["erase", act(Nothing, ({ hand }) => hand.phone.erase())],
  [
    "enroll",
    act(z.strictObject({ url: z.url().max(2_048).optional() }), async ({ hand }, { url }, rack) => {
      const link = url ?? (await rack.enrollmentLink?.(hand.phone.config.udid));
      if (link === undefined)
        throw new PippinError("invalid_request", "body.url: expected a link to enrol by");
      await hand.phone.enroll(link);
    }),
  ],
  [
    "install",
    act(z.strictObject({ adamId: Text }), ({ hand }, { adamId }) => hand.phone.portal.install(adamId)),
  ],
  [
    "delete-app",
    act(z.strictObject({ bundleId: Text }), ({ hand }, { bundleId }) => hand.phone.deleteApp(bundleId)),
  ],
  [
    "get",
    act(z.strictObject({ adamId: z.string().regex(/^\d{1,20}$/) }), ({ hand }, { adamId }) =>
      untilAsked(hand.phone, hand.phone.installFromStore(adamId)),
    ),
  ],
  [
    "remove-profile",
    act(z.strictObject({ identifier: Text.optional() }), ({ hand }, { identifier }) =>
      hand.phone.removeProfile(identifier),
    ),
  ],
  [
    "sign-in",
    act(z.strictObject({ appleId: Text, password: Text }), ({ hand }, credentials) =>
      hand.phone.signIn(credentials),
    ),
  ],
  ["sign-out", act(Nothing, ({ hand }) => hand.phone.signOut())],
  [
    "hand",
    act(
      z.strictObject({ heldBy: z.enum(["person", "nobody"]) }),
      async ({ hand }, { heldBy }, rack) => {
        if (rack.setHeld === undefined)
          throw new PippinError("conflict", "there is nobody here who could hold the phone");
        await rack.setHeld(hand.phone.config.udid, heldBy === "person");
      },
      true,
    ),
  ],
  [
    "advance",
    act(
      z.strictObject({ seconds: z.number().int().min(1).max(advanceSecondsMax) }),
      async (_on, { seconds }, rack) => {
        if (rack.advance === undefined)
          throw new PippinError("clock_not_held", "This clock goes by itself and can't be moved.");
        await rack.advance(seconds * 1_000);
      },
      true,
    ),
  ],
]);

/** Getting an app ends when it is there; whoever taps is free again as soon as the phone asks something. */
function untilAsked(phone: ScreenPhone["hand"]["phone"], done: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = phone.onChange(({ prompt }) => {
      if (prompt === null) return;
      end();
      resolve();
    });
    void done.then(resolve, reject).finally(end);
  });
}
