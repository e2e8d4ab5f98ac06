/** A phone in the hand: what is to be seen, and everything that a person can do with it. */
import type { Context, Hono } from "hono";
import { z } from "zod";
import type { Phone, PhoneStatus } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Hand } from "../people/hand.ts";
import { makeEnrollmentLink, type ControlledLab } from "./controlled-lab.ts";
import { decodeBody, decodeQuery } from "./decode.ts";
import { findPhone } from "./find-phone.ts";
import { phoneLine, phoneSight } from "./phone-sight.ts";

const root = "/lab/v1/phones";
const textMax = 255;
const Text = z.string().max(textMax);
const Nothing = z.strictObject({});
const On = z.strictObject({ on: z.boolean() });
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

export const phoneStatuses = [
  ...["enrolling", "enrolled", "restarting", "refused", "unenrolled", "erased"],
  ...["off", "replaced", "failed", "stopped"],
] as readonly PhoneStatus[] as readonly [PhoneStatus, ...PhoneStatus[]];

const ListQuery = z.strictObject({
  status: z.enum(phoneStatuses).optional(),
  connected: flag.optional(),
  /** Whether a sheet is open. */
  asking: flag.optional(),
  /** Part of a name, a serial number or an owner. */
  search: z.string().min(1).max(textMax).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.string().min(1).max(64).optional(),
});

type Act<T> = (hand: Hand, given: T) => void | Promise<void>;

/** Adds the routes. */
export function phoneRoutes(app: Hono, control: ControlledLab): void {
  app.get(root, (context) => {
    requireRunning(control);
    const { limit, cursor, ...filter } = decodeQuery(ListQuery, context);
    const { hands } = control.lab;
    const from = cursor === undefined ? 0 : placeAfter(hands, cursor);
    const fitting = hands.slice(from).filter((hand) => fits(hand, filter));
    const items = fitting.slice(0, limit);
    const nextCursor = fitting.length > limit ? (items.at(-1)?.phone.config.udid ?? null) : null;
    return context.json({ items: items.map(phoneLine), nextCursor });
  });
  app.get(`${root}/:phone`, (context) => context.json(phoneSight(handOf(context))));
  app.get(`${root}/:phone/portal`, async (context) => {
    const { portal } = handOf(context).phone;
    return context.json({ items: await control.drive(() => portal.list()) });
  });

  act("tap", z.strictObject({ button: Text.min(1), promptId: Text.optional() }), (hand, given) =>
    hand.tap(given.button, given.promptId),
  );
  act(
    "type",
    z.strictObject({ text: Text.min(1), field: z.enum(["appleId", "password"]).optional() }),
    (hand, { text, field }) => hand.type(text, field),
  );
  act("lock", Nothing, ({ phone }) => phone.lock());
  act("unlock", z.strictObject({ passcode: Text.optional() }), ({ phone }, { passcode }) =>
    phone.unlock(passcode),
  );
  act("passcode", z.strictObject({ passcode: Text.min(1).nullable() }), ({ phone }, { passcode }) =>
    phone.setPasscode(passcode),
  );
  act("airplane", On, ({ phone }, { on }) => phone.setAirplane(on));
  act("busy", On, ({ phone }, { on }) => phone.setBusy(on));
  act("boot", Nothing, ({ phone }) => phone.boot());
  act("shut-down", Nothing, ({ phone }) => phone.shutDown());
  act("restart", Nothing, ({ phone }) => phone.restart());
  act("erase", Nothing, ({ phone }) => phone.erase());
  act("enroll", z.strictObject({ url: z.url().max(2_048).optional() }), async (hand, { url }) => {
    const { kind } = hand.phone.config;
    await hand.phone.enroll(url ?? (await makeEnrollmentLink(control.lab, kind, hand.owner)));
  });
  act("delete-app", z.strictObject({ app: Text.min(1) }), ({ phone }, { app: wanted }) =>
    phone.deleteApp(installedApp(phone, wanted)),
  );
  act("portal", z.strictObject({ adamId: Text.min(1) }), ({ phone }, { adamId }) =>
    phone.portal.install(adamId),
  );
  act("remove-profile", z.strictObject({ identifier: Text.optional() }), ({ phone }, { identifier }) =>
    phone.removeProfile(identifier),
  );
  act("sign-out", Nothing, ({ phone }) => phone.signOut());
  act("hand", z.strictObject({ heldBy: z.enum(["person", "nobody"]) }), (hand, { heldBy }) =>
    control.lab.setHeld(hand, heldBy === "person"),
  );

  /** What the person does, and how the phone is then. */
  function act<T>(name: string, schema: z.ZodType<T>, does: Act<T>): void {
    app.post(`${root}/:phone/${name}`, async (context) => {
      const given = await decodeBody(schema, context);
      const hand = handOf(context);
      await control.drive(async () => {
        await does(hand, given);
      });
      return context.json(phoneSight(hand));
    });
  }

  function handOf(context: Context): Hand {
    requireRunning(control);
    return findPhone(control.lab.hands, context.req.param("phone") ?? "");
  }
}

/** While the lab is moved as a whole, its phones are on their way too. */
export function requireRunning({ keeping }: ControlledLab): void {
  if (keeping.isMoving)
    throw new PippinError("unavailable", `the lab ${keeping.underWay ?? "moves"} just now`, {
      details: { retryAfterSeconds: 1 },
    });
}

function fits(hand: Hand, filter: Omit<z.infer<typeof ListQuery>, "limit" | "cursor">): boolean {
  const { status, connected, asking, search } = filter;
  const view = hand.phone.view();
  if (status !== undefined && view.status !== status) return false;
  if (connected !== undefined && view.connected !== connected) return false;
  if (asking !== undefined && (view.prompt !== null) !== asking) return false;
  if (search === undefined) return true;
  const names = [view.deviceName, hand.phone.config.serialNumber, hand.owner ?? ""];
  return names.some((name) => name.toLowerCase().includes(search.toLowerCase()));
}

function placeAfter(hands: readonly Hand[], cursor: string): number {
  const index = hands.findIndex(({ phone }) => phone.config.udid === cursor);
  if (index < 0) throw new PippinError("invalid_request", "query.cursor: expected `nextCursor` of a page");
  return index + 1;
}

/** By its bundle id, App Store id or name. */
function installedApp(phone: Phone, wanted: string): string {
  const name = wanted.toLowerCase();
  const app = phone
    .view()
    .apps.find((one) => one.bundleId === wanted || one.adamId === wanted || one.name.toLowerCase() === name);
  return app?.bundleId ?? wanted;
}
