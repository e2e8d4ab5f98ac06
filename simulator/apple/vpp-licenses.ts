import { z } from "zod";
import type { License, LicensePool, PricingParam } from "./license-pool.ts";
import type { Organisation } from "./organisation.ts";
import type { Listing } from "./paging.ts";
import type { ProgramUser } from "./program-users.ts";
import { VppRefusal } from "./refusals.ts";
import type { Answer } from "./vpp-records.ts";
import { manageLimits, refusalFields, type VppCall, type VppHandler } from "./vpp-call.ts";
import { activeUser } from "./vpp-users.ts";

export const licenseServices: readonly (readonly [string, VppHandler])[] = [
  ["getVPPAssetsSrv", getAssets],
  ["getVPPLicensesSrv", getLicenses],
  ["associateVPPLicenseSrv", associateLicense],
  ["associateVPPLicenseWithVPPUserSrv", associateLicense],
  ["disassociateVPPLicenseSrv", disassociateLicense],
  ["disassociateVPPLicenseFromVPPUserSrv", disassociateLicense],
  ["manageVPPLicensesByAdamIdSrv", manageLicenses],
];

function pricingOf(args: VppCall["args"]): PricingParam | undefined {
  const text = args.filled("pricingParam");
  if (text === undefined || text === "STDQ" || text === "PLUS") return text;
  throw new VppRefusal(9602, "pricingParam is STDQ or PLUS");
}

function getAssets({ args, organisation, records }: VppCall): Answer {
  const pricingParam = pricingOf(args);
  const withCounts = args.flag("includeLicenseCounts");
  const pools = [...organisation.pools.values()].filter(
    (pool) => pricingParam === undefined || pool.pricingParam === pricingParam,
  );
  return { assets: pools.map((pool) => records.asset(pool, withCounts)), totalCount: pools.length };
}

const LicenseFilter = z.strictObject({
  adamId: z.string().optional(),
  pricingParam: z.enum(["STDQ", "PLUS"]).optional(),
  serialNumber: z.string().optional(),
  holder: z.enum(["any", "assigned", "user", "device"]),
});
type LicenseFilter = z.infer<typeof LicenseFilter>;

const licenses: Listing<License, LicenseFilter> = {
  kind: "licenses",
  filter: LicenseFilter,
  *all(organisation) {
    yield* [...organisation.licenses.values()].sort((one, other) => one.id - other.id);
  },
  id: (license) => license.id,
  find: (organisation, id) => organisation.licenses.get(id),
  matches(license, filter, isUpdate) {
    const { pool, holder } = license;
    if (filter.adamId !== undefined && filter.adamId !== pool.adamId) return false;
    if (filter.pricingParam !== undefined && filter.pricingParam !== pool.pricingParam) return false;
    // Who reads changes must also hear of licences that were taken back, even when only assigned ones were asked for:
    // there would be no other way to learn of it.
    if (isUpdate && license.everAssigned && holder === undefined) return true;
    if (filter.serialNumber !== undefined && filter.serialNumber !== holder?.serialNumber) return false;
    if (filter.holder === "user") return holder?.userId !== undefined;
    if (filter.holder === "device") return holder?.serialNumber !== undefined;
    return filter.holder === "any" || holder !== undefined;
  },
  remembers: ["adamId", "pricingParam"],
};

function getLicenses({ args, organisation, records, paging }: VppCall): Answer {
  const adamId = args.filled("adamId") ?? args.filled("adamIdStr");
  const userOnly = args.flag("userAssignedOnly");
  const deviceOnly = args.flag("deviceAssignedOnly");
  const assignedOnly = args.flag("assignedOnly");
  if (userOnly && deviceOnly)
    throw new VppRefusal(9602, "userAssignedOnly and deviceAssignedOnly exclude each other");
  const page = paging.page(organisation, licenses, {
    batchToken: args.text("batchToken", 4096) || undefined,
    sinceModifiedToken: args.text("sinceModifiedToken", 4096) || undefined,
    overrideIndex: args.number("overrideIndex"),
    filter: {
      adamId,
      pricingParam: adamId === undefined ? undefined : pricingOf(args),
      serialNumber: args.filled("serialNumber"),
      holder: userOnly ? "user" : deviceOnly ? "device" : assignedOnly ? "assigned" : "any",
    },
  });
  const isUpdate = args.filled("sinceModifiedToken") !== undefined;
  return {
    licenses: page.records.map((license) => records.license(organisation, license)),
    totalCount: page.isFirst && !isUpdate ? page.totalCount : undefined,
    totalBatchCount: page.isFirst ? page.pageCount : undefined,
    batchCount: page.records.length,
    batchToken: page.batchToken,
    sinceModifiedToken: page.sinceModifiedToken,
  };
}

/** The older way: one user, one licence, either a given one or any free one of the item. */
function associateLicense(call: VppCall): Answer {
  const { args, organisation, records } = call;
  const licenseId = args.number("licenseId");
  const adamId = args.filled("adamId") ?? args.filled("adamIdStr");
  if (licenseId === undefined && adamId === undefined) throw new VppRefusal(9600, "licenseId or adamId");
  const pricingParam = pricingOf(args) ?? "STDQ";
  const user = activeUser(call);
  let pool: LicensePool | undefined;
  let wanted: License | undefined;
  if (licenseId !== undefined) {
    wanted = organisation.licenses.get(licenseId);
    if (!wanted) throw new VppRefusal(9610);
    ({ pool } = wanted);
  } else if (adamId !== undefined) {
    pool = organisation.pool(adamId, pricingParam);
  }
  const license = assign(call, pool, user, wanted);
  return { license: records.license(organisation, license), user: records.user(user) };
}

function disassociateLicense({ args, organisation, records }: VppCall): Answer {
  const licenseId = args.number("licenseId");
  if (licenseId === undefined) throw new VppRefusal(9600, "licenseId");
  const license = organisation.licenses.get(licenseId);
  if (!license) throw new VppRefusal(9610);
  const holderId = license.holder?.userId;
  const userId = args.number("userId") ?? holderId;
  if (userId !== holderId) throw new VppRefusal(9619, "another user has this licence");
  organisation.takeBack(license);
  const user = holderId === undefined ? undefined : organisation.users.byId.get(holderId);
  return { license: records.license(organisation, license), user: user && records.user(user) };
}

/**
 * Many at once. What is taken back comes first, so that it can be given away in the same call. Status -3 as soon as one entry
 * failed, also when all did: the reasons are in the entries; -1 with an error number means that nothing was looked at.
 */
function manageLicenses(call: VppCall): Answer {
  const { args, organisation, records, model } = call;
  const adamId = args.filled("adamIdStr") ?? args.filled("adamId");
  if (adamId === undefined) throw new VppRefusal(9600, "adamIdStr");
  // Apple's older text requires it, the present one has this default.
  const pricingParam = pricingOf(args) ?? "STDQ";
  const item = model.catalogue.get(adamId);
  if (!item) throw new VppRefusal(9602, "there is no item with this adamIdStr");
  args.flag("notifyDisassociation");

  const give = onlyList(
    args,
    ["associateClientUserIdStrs", "associateSerialNumbers"],
    manageLimits.associate,
  );
  const take = onlyList(
    args,
    ["disassociateClientUserIdStrs", "disassociateLicenseIdStrs", "disassociateSerialNumbers"],
    manageLimits.disassociate,
  );
  if (!give && !take) throw new VppRefusal(9600, "a list of whom to give licences to or take them from");

  const pool = organisation.pool(adamId, pricingParam);
  const disassociations = take?.entries.map((entry) =>
    settle(call, nameEntry(take.name, entry), () => {
      const license = heldLicense(organisation, pool, take.name, entry);
      organisation.takeBack(license);
      return license;
    }),
  );
  const associations = give?.entries.map((entry) =>
    settle(call, nameEntry(give.name, entry), () => {
      if (give.name === "associateSerialNumbers") return organisation.assignToDevice(pool, item, entry);
      const user = organisation.users.activeByClientId.get(entry);
      if (!user) throw new VppRefusal(9609);
      return assign(call, pool, user);
    }),
  );
  const hasFailed = [...(disassociations ?? []), ...(associations ?? [])].some(
    (entry) => "errorNumber" in entry,
  );
  return { status: hasFailed ? -3 : 0, ...records.item(adamId, pricingParam), associations, disassociations };
}

/** The one list of a kind that was sent; two are undefined behaviour by Apple's text, and refused here. */
function onlyList(
  args: VppCall["args"],
  names: readonly string[],
  limit: number,
): { name: string; entries: string[] } | undefined {
  const sent = names
    .map((name) => ({ name, entries: args.list(name) ?? [] }))
    .filter(({ entries }) => entries.length > 0);
  if (sent.length > 1) throw new VppRefusal(9602, `only one of ${names.join(", ")} can be sent`);
  const [list] = sent;
  if (list && list.entries.length > limit) {
    throw new VppRefusal(
      9602,
      `${list.name} has ${list.entries.length} entries, at most ${limit} are allowed`,
    );
  }
  return list;
}

function nameEntry(listName: string, entry: string): Answer {
  if (listName.endsWith("SerialNumbers")) return { serialNumber: entry };
  if (listName.endsWith("LicenseIdStrs")) return { licenseIdStr: entry };
  return { clientUserIdStr: entry };
}

function settle({ organisation, records }: VppCall, name: Answer, act: () => License): Answer {
  try {
    return { ...name, licenseIdStr: String(act().id) };
  } catch (error) {
    if (!(error instanceof VppRefusal)) throw error;
    const already = error.licenseAlreadyAssigned;
    return {
      ...name,
      ...(already && { licenseIdStr: String(already.id) }),
      ...refusalFields(error, records, organisation),
    };
  }
}

function heldLicense(
  organisation: Organisation,
  pool: LicensePool | undefined,
  listName: string,
  entry: string,
): License {
  let license: License | undefined;
  if (listName === "disassociateLicenseIdStrs") {
    license = /^\d{1,15}$/.test(entry) ? organisation.licenses.get(Number(entry)) : undefined;
    if (!license || license.pool !== pool) throw new VppRefusal(9610, "no such licence of this item");
  } else if (listName === "disassociateSerialNumbers") {
    license = pool?.heldBy({ serialNumber: entry });
  } else {
    const user = organisation.users.activeByClientId.get(entry);
    if (!user) throw new VppRefusal(9609);
    license = pool?.heldBy(user);
  }
  if (!license) throw new VppRefusal(9619);
  return license;
}

function assign(
  { organisation, model }: VppCall,
  pool: LicensePool | undefined,
  user: ProgramUser,
  wanted?: License,
): License {
  const account = user.appleId === undefined ? undefined : model.appleIds.get(user.appleId);
  return organisation.assignToUser(pool, user, account, wanted);
}
