/** The lab's own side of the App Store and the Apple ID service: new versions, redemption codes, what becomes of an Apple ID. */
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import type { AppleAccount } from "./apple-ids.ts";
import { AdamId, Release } from "./catalogue.ts";
import { decode } from "./control-input.ts";
import type { AppleApp, AppleContext, RouteParts } from "./exchange.ts";
import type { Answer } from "./vpp-records.ts";

const NewRelease = z.strictObject({
  version: Release.shape.version,
  /** Default: one more than the present one. */
  externalVersionIdentifier: Release.shape.externalVersionIdentifier.optional(),
  /** Default: as before. */
  bytes: Release.shape.bytes.optional(),
});
const ItemChange = z.strictObject({ deviceAssignable: z.boolean() });
const NewCodes = z.strictObject({ adamId: AdamId, quantity: z.number().int().min(1).max(1_000).default(1) });
const AppleIdChange = z.strictObject({
  /** Ends every session of the Apple ID, and a lock. */
  password: z.string().min(1).max(255).optional(),
  storeTermsAccepted: z.boolean().optional(),
  /** Ends a lock after wrong passwords; only Apple's clock begins one. */
  locked: z.literal(false).optional(),
});

/** Adds the routes to the control API. */
export function storeControlRoutes(app: AppleApp, { model, operations }: RouteParts): void {
  app.post("/catalogue/:adamId/versions", async (context) => {
    const { version, externalVersionIdentifier, bytes } = decode(NewRelease, context);
    const adamId = context.req.param("adamId");
    const item = await operations.perform(() => {
      const present = model.catalogue.get(adamId);
      if (!present) throw new PippinError("not_found", `the catalogue has no item ${adamId}`);
      return model.release(adamId, {
        version,
        externalVersionIdentifier: externalVersionIdentifier ?? present.externalVersionIdentifier + 1,
        bytes: bytes ?? present.bytes,
      });
    });
    return context.json(item, 201);
  });
  app.patch("/catalogue/:adamId", async (context) => {
    const { deviceAssignable } = decode(ItemChange, context);
    const adamId = context.req.param("adamId");
    return context.json(await operations.perform(() => model.setDeviceAssignable(adamId, deviceAssignable)));
  });
  app.post("/redemption-codes", async (context) => {
    const { adamId, quantity } = decode(NewCodes, context);
    const codes = await operations.perform(() => {
      const item = model.catalogue.app(adamId);
      if (!item) throw new PippinError("not_found", `the App Store has no app ${adamId}`);
      if (item.priceCents === 0)
        throw new PippinError("conflict", `${item.name} is free: it needs no redemption codes`);
      return model.redemptionCodes.issue(adamId, quantity);
    });
    return context.json({ adamId, codes }, 201);
  });
  app.get("/apple-ids/:appleId", (context) => context.json(view(accountOf(context))));
  app.patch("/apple-ids/:appleId", async (context) => {
    const { password, storeTermsAccepted, locked } = decode(AppleIdChange, context);
    const account = accountOf(context);
    await operations.perform(() => {
      if (password !== undefined) model.appleIds.setPassword(account, password);
      if (storeTermsAccepted !== undefined) model.appleIds.setStoreTerms(account, storeTermsAccepted);
      if (locked === false) model.appleIds.unlock(account);
    });
    return context.json(view(account));
  });

  function accountOf(context: AppleContext): AppleAccount {
    const appleId = context.req.param("appleId") ?? "";
    const account = model.appleIds.get(appleId);
    if (!account) throw new PippinError("not_found", `there is no Apple ID ${appleId}`);
    return account;
  }

  function view(account: AppleAccount): Answer {
    const { appleId, itsIdHash, countryCode, storeTermsAccepted, purchases } = account;
    const { wrongCount, lockedUntil } = model.appleIds.attemptsOf(account);
    return {
      ...{ appleId, itsIdHash, countryCode, storeTermsAccepted },
      purchases: [...purchases],
      wrongPasswords: wrongCount,
      lockedUntil: lockedUntil === 0 ? null : new Date(lockedUntil).toISOString(),
    };
  }
}
