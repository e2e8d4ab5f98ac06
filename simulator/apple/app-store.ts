import { Hono } from "hono";
import { z } from "zod";
import {
  AcceptInvitationRequest,
  AcceptStoreTermsRequest,
  appStorePaths,
  appStoreProblems,
  AuthorizeRequest,
  DownloadRequest,
  HoldingsRequest,
  RedeemRequest,
  SignInRequest,
  type InvitationTerms,
} from "../../shared/app-store.ts";
import type { MiddlewareHandler } from "hono";
import type { AppleModel } from "./apple-model.ts";
import {
  behaving,
  failure,
  limitedBody,
  recordedWire,
  type AppleApp,
  type AppleContext,
  type RouteParts,
  type Variables,
} from "./exchange.ts";
import { refusalPage, termsPage } from "./invitation-page.ts";
import { AppStoreRefusal } from "./refusals.ts";
import { invitationPath } from "./vpp-records.ts";

/** The routes a phone talks to: sign in, look up, authorise, download, and the invitation to the program. */
export function storeRoutes(parts: RouteParts): AppleApp {
  const app: AppleApp = new Hono<{ Variables: Variables }>();
  const { model, operations } = parts;

  app.onError((error, context) => {
    if (error instanceof AppStoreRefusal) return refuse(context, error);
    return failure(operations, error, context);
  });
  const storeBehaving: MiddlewareHandler<{ Variables: Variables }> = async (context, next) => {
    const { storeUnavailable } = model.behaviour;
    if (!storeUnavailable) return next();
    return context.body(null, 503, { "Retry-After": String(storeUnavailable.retryAfterSeconds) });
  };
  const middleware = [
    limitedBody,
    recordedWire(parts, "store", (context) => phoneOf(context.get("body"), model)),
    behaving(parts),
    storeBehaving,
  ] as const;

  app.post(appStorePaths.signIn, ...middleware, async (context) => {
    const { appleId, password } = decode(SignInRequest, context.get("body"));
    const { sessionToken, account } = await operations.perform(() => model.signIn(appleId, password));
    const { itsIdHash, storeTermsAccepted } = account;
    return context.json({
      ...{ sessionToken, appleId: account.appleId, itsIdHash },
      ...(storeTermsAccepted ? {} : { storeTermsDue: true }),
    });
  });
  app.get(appStorePaths.lookup, ...middleware, (context) => {
    const { adamId, bundleId, serialNumber } = context.req.query();
    if (adamId) return context.json(model.downloads.lookup({ adamId }, serialNumber));
    if (bundleId) return context.json(model.downloads.lookup({ bundleId }, serialNumber));
    throw new AppStoreRefusal("invalid_request", "expected the query parameter adamId or bundleId");
  });
  app.post(appStorePaths.authorize, ...middleware, async (context) => {
    const input = decode(AuthorizeRequest, context.get("body"));
    return context.json({ ticket: await operations.perform(() => model.downloads.authorize(input)) });
  });
  app.post(appStorePaths.holdings, ...middleware, async (context) => {
    const holdings = decode(HoldingsRequest, context.get("body"));
    await operations.perform(() => model.downloads.keepOnly(holdings));
    return context.json({});
  });
  app.post(appStorePaths.download, ...middleware, async (context) => {
    const { ticket } = decode(DownloadRequest, context.get("body"));
    return context.json(await operations.perform(() => model.downloads.redeem(ticket)));
  });
  app.post(appStorePaths.redeem, ...middleware, async (context) => {
    const { sessionToken, adamId, code } = decode(RedeemRequest, context.get("body"));
    const used = await operations.perform(() => {
      const { account } = model.appleIds.session(sessionToken);
      model.downloads.requireStoreTerms(account);
      return model.redemptionCodes.redeem(code, adamId, account);
    });
    return context.json({ used });
  });
  app.post(appStorePaths.storeTerms, ...middleware, async (context) => {
    const { sessionToken } = decode(AcceptStoreTermsRequest, context.get("body"));
    await operations.perform(() =>
      model.appleIds.setStoreTerms(model.appleIds.session(sessionToken).account, true),
    );
    return context.json({});
  });

  app.get(invitationPath, ...middleware, (context) => {
    const { organisation } = model.openInvitation(inviteCodeOf(context));
    const terms = termsOf(organisation.facts.name);
    return wantsJson(context) ? context.json(terms) : context.html(termsPage(terms));
  });
  app.post(invitationPath, ...middleware, async (context) => {
    const { sessionToken } = decode(AcceptInvitationRequest, context.get("body"));
    const inviteCode = inviteCodeOf(context);
    await operations.perform(() => {
      const { account } = model.appleIds.session(sessionToken);
      model.downloads.requireStoreTerms(account);
      return model.accept(inviteCode, account);
    });
    return context.json({});
  });
  return app;
}

function decode<T>(schema: z.ZodType<T>, body: Buffer): T {
  let content: unknown;
  try {
    content = JSON.parse(body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new AppStoreRefusal("invalid_request", "the request isn't JSON");
    throw error;
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new AppStoreRefusal("invalid_request", z.prettifyError(parsed.error));
  return parsed.data;
}

function inviteCodeOf(context: AppleContext): string {
  const inviteCode = context.req.query("inviteCode");
  if (!inviteCode) throw new AppStoreRefusal("invitation_unknown", "the link lacks its inviteCode");
  return inviteCode;
}

/** A phone asks for JSON; anything else is taken for a browser. */
const wantsJson = (context: AppleContext): boolean =>
  (context.req.header("accept") ?? "").toLowerCase().includes("application/json");

function refuse(context: AppleContext, error: AppStoreRefusal): Response | Promise<Response> {
  const status = appStoreProblems[error.code];
  if (context.req.path === invitationPath && context.req.method === "GET" && !wantsJson(context)) {
    return context.html(refusalPage(error.message), status);
  }
  const { code, message, retryAfterMs } = error;
  return context.json({ error: { code, message, retryAfterMs } }, status);
}

function termsOf(organisation: string): InvitationTerms {
  return {
    organisation,
    title: `Get apps from ${organisation}`,
    text:
      `${organisation} would like to give you apps and books that it bought in volume. If you agree, they are linked to the ` +
      `Apple ID you are signed in with and appear among your purchases. ${organisation} can take an app back at any time, a ` +
      `book is yours to keep. It doesn't learn your Apple ID, nor what else you bought. You can leave whenever you want.`,
  };
}

const Sender = z.object({
  udid: z.string().optional(),
  sessionToken: z.string().optional(),
  ticket: z.string().optional(),
});

/** Which phone a request is from, for the trace: its UDID when the request tells, by itself or by what it was given before. */
function phoneOf(body: Buffer, model: AppleModel): string {
  let content: unknown;
  try {
    content = body.length > 0 ? JSON.parse(body.toString("utf8")) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const sender = Sender.safeParse(content);
  if (!sender.success) return "phone";
  const { udid, sessionToken, ticket } = sender.data;
  const session = sessionToken === undefined ? undefined : model.appleIds.findSession(sessionToken);
  const used = ticket === undefined ? undefined : model.downloads.tickets.get(ticket);
  return udid ?? used?.udid ?? session?.udid ?? "phone";
}
