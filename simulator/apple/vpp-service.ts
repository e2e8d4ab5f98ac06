import { Hono } from "hono";
import { vppErrors } from "../../shared/vpp.ts";
import type { AppleModel } from "./apple-model.ts";
import { nextRefusal } from "./behaviour.ts";
import { productTypes, type CatalogueItem } from "./catalogue.ts";
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
import type { Organisation } from "./organisation.ts";
import { Paging } from "./paging.ts";
import { VppRefusal } from "./refusals.ts";
import type { IssuedToken } from "./service-tokens.ts";
import { VppArguments } from "./vpp-arguments.ts";
import { manageLimits, refusalFields, type VppCall, type VppHandler } from "./vpp-call.ts";
import { licenseServices } from "./vpp-licenses.ts";
import { invitationPath, VppRecords, type Answer } from "./vpp-records.ts";
import { userServices } from "./vpp-users.ts";

/** Apple's service lives under both; addresses in the configuration use the first. */
const prefixes = ["/WebObjects/MZFinance.woa/wa", "/mdm"] as const;
const lookupPath = "/WebObjects/MZStorePlatform.woa/wa/lookup";

const clientContextBytesMax = 255;
const lookupIdsMax = 200;

// A Map, so that a service called "constructor" finds nothing.
const services = new Map<string, VppHandler>([
  ["VPPClientConfigSrv", clientConfig],
  ...userServices,
  ...licenseServices,
]);

/** The routes of the VPP web service and of the content metadata lookup, as an MDM server sees them. */
export function vppRoutes(parts: RouteParts, pageSize: number): AppleApp {
  const app: AppleApp = new Hono<{ Variables: Variables }>();
  const { model } = parts;
  const records = new VppRecords({
    publicUrl: parts.publicUrl,
    item: (adamId) => model.catalogue.get(adamId),
  });
  const paging = new Paging(model.environment, {
    pageSize: () => model.behaviour.pageSize ?? pageSize,
    generation: () => model.listGeneration,
  });
  const open = (
    body: Buffer,
  ): Omit<VppCall, "organisation"> & { token: IssuedToken; organisation: Organisation } => {
    const args = VppArguments.parse(body);
    const account = model.authenticate(args.text("sToken", VppArguments.textLengthMax));
    account.organisation.users.surface(model.environment.now() - model.behaviour.registrationDelayMs);
    return { args, model, records, paging, ...account };
  };

  app.onError((error, context) => {
    if (error instanceof VppRefusal) return context.json({ status: -1, ...refusalFields(error, records) });
    return failure(parts.operations, error, context);
  });

  const middleware = [limitedBody, recordedWire(parts, "vpp", () => "server"), behaving(parts)] as const;
  for (const prefix of prefixes) {
    const configuration = (context: AppleContext): Response => context.json(serviceConfig(parts.publicUrl()));
    app.on(["GET", "POST"], `${prefix}/VPPServiceConfigSrv`, ...middleware, configuration);
    for (const [name, handler] of services) {
      app.post(`${prefix}/${name}`, ...middleware, async (context) => {
        const answer = await parts.operations.perform(() => {
          const call = open(context.get("body"));
          const account = accountFields(call.organisation, call.token, model);
          try {
            const refusal = nextRefusal(model.behaviour, name);
            if (refusal !== undefined) throw new VppRefusal(refusal);
            refuseOtherFacilitator(call);
            const result = handler(call);
            // Read again: the call may have changed the client context.
            return { status: 0, ...result, ...accountFields(call.organisation, call.token, model) };
          } catch (error) {
            if (!(error instanceof VppRefusal)) throw error;
            return { status: -1, ...refusalFields(error, records, call.organisation), ...account };
          }
        });
        return context.json(answer);
      });
      app.all(`${prefix}/${name}`, (context) =>
        context.json({ error: { code: "method_not_allowed", message: "use POST" } }, 405, { Allow: "POST" }),
      );
    }
  }
  app.get(lookupPath, ...middleware, (context) => context.json(lookup(context, model)));
  return app;
}

/** Groups of facilitators came later: the only member there is, is the token's own organisation. */
function refuseOtherFacilitator({ args, organisation }: VppCall): void {
  const memberId = args.filled("facilitatorMemberId");
  if (memberId !== undefined && memberId !== String(organisation.facts.id)) throw new VppRefusal(9639);
}

/** What any answer made with an sToken says about the account. */
function accountFields(organisation: Organisation, token: IssuedToken, model: AppleModel): Answer {
  return {
    uId: organisation.facts.uId,
    expirationMillis: token.expiresAt,
    tokenExpDate: model.tokens.reminder(token),
    clientContext: organisation.clientContext,
  };
}

function serviceConfig(publicUrl: string): Answer {
  const service = (name: string): string => `${publicUrl}${prefixes[0]}/${name}`;
  return {
    status: 0,
    registerUserSrvUrl: service("registerVPPUserSrv"),
    editUserSrvUrl: service("editVPPUserSrv"),
    getUserSrvUrl: service("getVPPUserSrv"),
    getUsersSrvUrl: service("getVPPUsersSrv"),
    retireUserSrvUrl: service("retireVPPUserSrv"),
    getLicensesSrvUrl: service("getVPPLicensesSrv"),
    getVPPAssetsSrvUrl: service("getVPPAssetsSrv"),
    manageVPPLicensesByAdamIdSrvUrl: service("manageVPPLicensesByAdamIdSrv"),
    clientConfigSrvUrl: service("VPPClientConfigSrv"),
    associateLicenseSrvUrl: service("associateVPPLicenseSrv"),
    disassociateLicenseSrvUrl: service("disassociateVPPLicenseSrv"),
    // A template: the caller replaces the whole placeholder, which is URL-encoded already.
    invitationEmailUrl: `${publicUrl}${invitationPath}?cc=us&inviteCode=%25inviteCode%25&mt=8`,
    contentMetadataLookupUrl: `${publicUrl}${lookupPath}`,
    vppWebsiteUrl: publicUrl,
    maxBatchAssociateLicenseCount: manageLimits.associate,
    maxBatchDisassociateLicenseCount: manageLimits.disassociate,
    errorCodes: Object.entries(vppErrors).map(([number, errorMessage]) => ({
      errorNumber: Number(number),
      errorMessage,
    })),
  };
}

/** Reads the account, or claims it: `clientContext` absent leaves it, empty clears it, anything else is stored. */
function clientConfig({ args, organisation }: VppCall): Answer {
  const clientContext = args.text("clientContext", clientContextBytesMax);
  const verbose = args.flag("verbose");
  if (clientContext !== undefined) {
    if (Buffer.byteLength(clientContext, "utf8") > clientContextBytesMax) {
      throw new VppRefusal(9602, `clientContext has ${clientContextBytesMax} bytes at most`);
    }
    organisation.clientContext = clientContext || undefined;
    organisation.changes.inner();
  }
  const { id, idHash, appleId, countryCode } = organisation.facts;
  return {
    appleId: verbose ? appleId : undefined,
    email: appleId,
    countryCode: countryCode.toUpperCase(),
    organizationId: id,
    organizationIdHash: idHash,
  };
}

/** Names and bundle ids by adamId; unknown ids are left out. */
function lookup(context: AppleContext, model: AppleModel): Answer {
  const adamIds = (context.req.query("id") ?? "").split(",").slice(0, lookupIdsMax);
  const found = adamIds
    .map((adamId) => model.catalogue.get(adamId.trim()))
    .filter((item) => item !== undefined);
  return {
    version: 2,
    isAuthenticated: isSignedIn(context, model),
    results: Object.fromEntries(found.map((item) => [item.adamId, metadata(item)])),
  };
}

/** The sToken may come in a cookie, for items that aren't public. */
function isSignedIn(context: AppleContext, model: AppleModel): boolean {
  const cookie = /(?:^|;\s*)itvt=([^;]+)/.exec(context.req.header("cookie") ?? "")?.[1];
  if (cookie === undefined) return false;
  try {
    model.authenticate(cookie);
    return true;
  } catch (error) {
    if (error instanceof VppRefusal) return false;
    throw error;
  }
}

function metadata(item: CatalogueItem): Answer {
  const kinds: Record<keyof typeof productTypes, string> = { 7: "desktopApp", 8: "iosSoftware", 10: "ebook" };
  return {
    id: item.adamId,
    name: item.name,
    bundleId: item.bundleId,
    kind: kinds[item.productTypeId],
    artistName: item.artistName,
    deviceFamilies: item.productTypeId === 7 ? ["mac"] : ["iphone", "ipad"],
    offers: [
      {
        type: item.priceCents === 0 ? "get" : "buy",
        price: item.priceCents / 100,
        version: { display: item.version, externalId: item.externalVersionIdentifier },
        assets: [{ flavor: "iosSoftware", size: item.bytes }],
      },
    ],
  };
}
