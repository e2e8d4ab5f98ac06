/** The lab's own side of the VPP web service: tokens that die, lists that get lost, and another product that takes the account. */
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { decode } from "./control-input.ts";
import type { AppleApp, AppleContext, RouteParts } from "./exchange.ts";
import type { Organisation } from "./organisation.ts";
import { isActive } from "./program-users.ts";
import { VppRefusal } from "./refusals.ts";
import type { IssuedToken } from "./service-tokens.ts";

const NewContext = z.strictObject({
  /** Null takes it away. */
  clientContext: z.string().min(1).max(255).nullable(),
});
const TakeOver = z.strictObject({
  /** What the other product calls itself. */
  hostname: z.string().min(1).max(100).default("other-mdm.example"),
  /** Whether it begins by retiring every user and taking every licence back, as Apple's rule lets it. */
  wipe: z.boolean().default(false),
});

/** Adds the routes to the control API. */
export function vppControlRoutes(app: AppleApp, { model, operations }: RouteParts): void {
  app.put("/organisations/:id/client-context", async (context) => {
    const { clientContext } = decode(NewContext, context);
    const organisation = organisationOf(context);
    await operations.perform(() => setContext(organisation, clientContext ?? undefined));
    return context.json({ clientContext });
  });
  app.post("/organisations/:id/take-over", async (context) => {
    const { hostname, wipe } = decode(TakeOver, context);
    const organisation = organisationOf(context);
    const hex = model.environment.randomHex(16);
    const guid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
    const clientContext = JSON.stringify({ hostname, guid: guid.join("-") });
    const wiped = await operations.perform(() => {
      setContext(organisation, clientContext);
      return wipe ? wipeOut(organisation) : { retiredUsers: 0, returnedLicenses: 0 };
    });
    return context.json({ clientContext, ...wiped });
  });
  app.post("/tokens/:tokenId/expire", async (context) => {
    const token = await operations.perform(() => {
      const found = tokenOf(context);
      model.tokens.expire(found);
      return found;
    });
    return context.json({ tokenId: token.id, expired: true });
  });
  app.post("/tokens/:tokenId/forget", async (context) => {
    const token = await operations.perform(() => {
      const found = tokenOf(context);
      model.tokens.forget(found);
      return found;
    });
    return context.json({ tokenId: token.id, forgotten: true });
  });
  app.post("/lists/forget", (context) => {
    model.listGeneration += 1;
    return context.json({ forgotten: true });
  });

  function organisationOf(context: AppleContext): Organisation {
    const id = context.req.param("id") ?? "";
    if (!/^\d{1,15}$/.test(id)) throw new PippinError("not_found", "an organisation's id is a number");
    return model.organisation(Number(id));
  }

  function tokenOf(context: AppleContext): IssuedToken {
    const tokenId = context.req.param("tokenId") ?? "";
    const token = model.tokens.byId.get(tokenId);
    if (!token) throw new PippinError("not_found", `there is no token ${tokenId}`);
    return token;
  }
}

function setContext(organisation: Organisation, clientContext: string | undefined): void {
  organisation.clientContext = clientContext;
  organisation.changes.inner();
}

/** Licences that can't be revoked stay with whom they are. */
function wipeOut(organisation: Organisation): { retiredUsers: number; returnedLicenses: number } {
  let returnedLicenses = 0;
  for (const license of [...organisation.licenses.values()].filter(({ state }) => state === "assigned")) {
    try {
      organisation.takeBack(license);
      returnedLicenses += 1;
    } catch (error) {
      if (!(error instanceof VppRefusal)) throw error;
    }
  }
  const active = [...organisation.users.byId.values()].filter(isActive);
  for (const user of active) organisation.retire(user);
  return { retiredUsers: active.length, returnedLicenses };
}
