import { Hono } from "hono";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { formatVppDate, type VppUserStatus } from "../../shared/vpp.ts";
import { bearsKey } from "../bearer-key.ts";
import { AppleBehaviour } from "./behaviour.ts";
import { AdamId, NewCatalogueItem } from "./catalogue.ts";
import {
  failure,
  limitedBody,
  type AppleApp,
  type AppleContext,
  type RouteParts,
  type Variables,
} from "./exchange.ts";
import type { LicensePool } from "./license-pool.ts";
import { decode, parseJson, validate } from "./control-input.ts";
import { storeControlRoutes } from "./store-control.ts";
import { vppControlRoutes } from "./vpp-control.ts";
import type { Organisation } from "./organisation.ts";
import { AppStoreRefusal } from "./refusals.ts";
import type { Answer } from "./vpp-records.ts";

const CountryCode = z
  .string()
  .regex(/^[a-zA-Z]{2}$/, "a country code of two letters, such as us")
  .toLowerCase();
const Name = z.string().trim().min(1).max(255);
const AppleIdName = z.string().trim().min(1).max(255);
const Pricing = z.enum(["STDQ", "PLUS"]).default("STDQ");
const Quantity = z.number().int().min(1).max(100_000);

const NewOrganisation = z.strictObject({
  name: Name,
  appleId: AppleIdName,
  countryCode: CountryCode.default("us"),
});
const NewLicenses = z.strictObject({ adamId: AdamId, quantity: Quantity, pricingParam: Pricing });
const Refund = NewLicenses;
/** A lifetime below zero makes a token that has expired already. */
const NewToken = z.strictObject({ lifetimeDays: z.number().min(-3650).max(3650).default(365) });
const NewAppleId = z.strictObject({
  appleId: AppleIdName,
  password: z.string().min(1).max(255),
  countryCode: CountryCode.default("us"),
  /** Makes it a Managed Apple ID of this organisation. */
  organisationId: z.number().int().optional(),
  /** False: before this Apple ID gets anything, its owner has to agree to the App Store's terms. */
  storeTermsAccepted: z.boolean().default(true),
});
const NewAppleIds = z.strictObject({ appleIds: z.array(NewAppleId).min(1).max(1_000) });
const Acceptance = z.strictObject({ inviteCode: z.string().min(1).max(255), appleId: AppleIdName });

/** The lab's own side of the service, which Apple has no counterpart for on the wire: its web portal, its tills, its engine room. */
export function controlRoutes(parts: RouteParts, controlKey: string): AppleApp {
  const app: AppleApp = new Hono<{ Variables: Variables }>();
  const { model, operations } = parts;

  app.onError((error, context) => {
    if (error instanceof AppStoreRefusal) {
      const code = error.code === "invitation_unknown" ? "not_found" : "conflict";
      return failure(operations, new PippinError(code, error.message), context);
    }
    return failure(operations, error, context);
  });
  app.use(async (context, next) => {
    if (!bearsKey(context.req.header("authorization"), controlKey)) {
      throw new PippinError("unauthorized", "expected the control key as a bearer token");
    }
    await next();
  });
  app.use(limitedBody);
  storeControlRoutes(app, parts);
  vppControlRoutes(app, parts);

  app.post("/organisations", async (context) => {
    const input = decode(NewOrganisation, context);
    const { facts } = await operations.perform(() => model.addOrganisation(input));
    return context.json(
      {
        organisationId: facts.id,
        name: facts.name,
        appleId: facts.appleId,
        organizationIdHash: facts.idHash,
      },
      201,
    );
  });
  app.get("/organisations", (context) =>
    context.json({
      organisations: [...model.organisations.values()].map((one) => organisationView(parts, one)),
    }),
  );
  app.get("/organisations/:id", (context) =>
    context.json(organisationView(parts, organisationOf(parts, context))),
  );
  app.post("/organisations/:id/licenses", async (context) => {
    const { adamId, quantity, pricingParam } = decode(NewLicenses, context);
    const organisation = organisationOf(parts, context);
    const pool = await operations.perform(() => {
      if (!model.catalogue.get(adamId))
        throw new PippinError("not_found", `the catalogue has no item ${adamId}`);
      return organisation.buy(adamId, pricingParam, quantity);
    });
    return context.json(assetView(parts, pool), 201);
  });
  app.get("/organisations/:id/licenses", (context) =>
    context.json({ licenses: assignedLicenses(organisationOf(parts, context)) }),
  );
  app.post("/organisations/:id/refunds", async (context) => {
    const { adamId, quantity, pricingParam } = decode(Refund, context);
    const organisation = organisationOf(parts, context);
    const pool = organisation.pool(adamId, pricingParam);
    if (!pool)
      throw new PippinError("not_found", `the organisation never bought item ${adamId} ${pricingParam}`);
    await operations.perform(() => organisation.refund(pool, quantity));
    return context.json(assetView(parts, pool), 201);
  });
  app.post("/organisations/:id/tokens", async (context) => {
    const { lifetimeDays } = decode(NewToken, context);
    const organisation = organisationOf(parts, context);
    const { token, sToken, expDate } = await operations.perform(() =>
      model.issueToken(organisation, lifetimeDays),
    );
    return context.json({ tokenId: token.id, sToken, expDate }, 201);
  });
  app.post("/tokens/:tokenId/revoke", async (context) => {
    const token = await operations.perform(() => model.revokeToken(context.req.param("tokenId")));
    return context.json({ tokenId: token.id, revoked: token.revoked });
  });
  app.post("/apple-ids", async (context) => {
    const body = parseJson(context);
    const isBulk = typeof body === "object" && body !== null && "appleIds" in body;
    const wanted = isBulk ? validate(NewAppleIds, body).appleIds : [validate(NewAppleId, body)];
    const made = await operations.perform(() => model.addAppleIds(wanted));
    const views = made.map(({ appleId, itsIdHash }) => ({ appleId, itsIdHash }));
    return context.json(isBulk ? { appleIds: views } : views[0], 201);
  });
  app.post("/catalogue", async (context) => {
    const item = decode(NewCatalogueItem, context);
    await operations.perform(() => model.addItem(item));
    return context.json(item, 201);
  });
  app.get("/catalogue", (context) => context.json({ items: model.catalogue.all() }));
  app.post("/users/accept", async (context) => {
    const { inviteCode, appleId } = decode(Acceptance, context);
    const { organisation, user } = await operations.perform(() => {
      const account = model.appleIds.get(appleId);
      if (!account) throw new PippinError("not_found", `there is no Apple ID ${appleId}`);
      return model.accept(inviteCode, account);
    });
    return context.json({
      organisationId: organisation.facts.id,
      clientUserIdStr: user.clientUserIdStr,
      status: user.status,
      itsIdHash: user.itsIdHash,
    });
  });
  app.get("/behaviour", (context) => context.json(model.behaviour));
  app.put("/behaviour", (context) => {
    model.behaviour = { ...model.behaviour, ...decode(AppleBehaviour.partial(), context) };
    return context.json(model.behaviour);
  });
  app.get("/invariants", (context) => context.json(operations.checkAll()));
  app.all("*", () => {
    throw new PippinError("route_not_found", "the control API has no such route");
  });
  return app;
}

function organisationOf({ model }: RouteParts, context: AppleContext): Organisation {
  const id = context.req.param("id") ?? "";
  if (!/^\d{1,15}$/.test(id)) throw new PippinError("not_found", "an organisation's id is a number");
  return model.organisation(Number(id));
}

function assetView({ model }: RouteParts, pool: LicensePool): Answer {
  return {
    adamId: pool.adamId,
    name: model.catalogue.get(pool.adamId)?.name,
    deviceAssignable: model.catalogue.get(pool.adamId)?.deviceAssignable,
    pricingParam: pool.pricingParam,
    ...pool.counts,
    totalCount: pool.counts.assignedCount + pool.counts.availableCount,
  };
}

function organisationView(parts: RouteParts, organisation: Organisation): Answer {
  const { facts, users } = organisation;
  const userCounts: Record<VppUserStatus, number> = { Registered: 0, Associated: 0, Retired: 0, Deleted: 0 };
  for (const user of users.byId.values()) userCounts[user.status] += 1;
  return {
    organisationId: facts.id,
    name: facts.name,
    appleId: facts.appleId,
    countryCode: facts.countryCode,
    organizationIdHash: facts.idHash,
    uId: facts.uId,
    clientContext: organisation.clientContext,
    userCounts,
    assets: [...organisation.pools.values()].map((pool) => assetView(parts, pool)),
    tokens: parts.model.tokens.of(facts.id).map((token) => ({
      tokenId: token.id,
      expDate: formatVppDate(token.expiresAt),
      revoked: token.revoked,
    })),
  };
}

/** Every seat that is taken, with who has it. */
function assignedLicenses(organisation: Organisation): Answer[] {
  const seats: Answer[] = [];
  for (const pool of organisation.pools.values()) {
    for (const license of pool.licenses) {
      if (!license.holder) continue;
      const { userId, serialNumber } = license.holder;
      const user = userId === undefined ? undefined : organisation.users.byId.get(userId);
      seats.push({
        licenseId: license.id,
        adamId: pool.adamId,
        pricingParam: pool.pricingParam,
        clientUserIdStr: user?.clientUserIdStr,
        userStatus: user?.status,
        itsIdHash: user?.itsIdHash,
        serialNumber,
        assignedAt: license.assignedAt,
        devices: license.devices,
      });
    }
  }
  return seats;
}
