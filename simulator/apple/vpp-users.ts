import { z } from "zod";
import type { AppleAccount } from "./apple-ids.ts";
import type { Listing } from "./paging.ts";
import { isActive, type ProgramUser } from "./program-users.ts";
import { VppRefusal } from "./refusals.ts";
import type { Answer } from "./vpp-records.ts";
import type { VppCall, VppHandler } from "./vpp-call.ts";

export const userServices: readonly (readonly [string, VppHandler])[] = [
  ["registerVPPUserSrv", registerUser],
  ["getVPPUserSrv", getUser],
  ["getVPPUsersSrv", getUsers],
  ["editVPPUserSrv", editUser],
  ["retireVPPUserSrv", retireUser],
];

function registerUser({ args, organisation, records, model }: VppCall): Answer {
  const clientUserIdStr = args.filled("clientUserIdStr");
  const email = args.text("email");
  if (clientUserIdStr === undefined) throw new VppRefusal(9600, "clientUserIdStr or email");
  // An active user is returned as it is, whatever else was sent.
  const isKnown = organisation.users.activeByClientId.has(clientUserIdStr);
  const account = isKnown ? undefined : managedAccount(model, args.filled("managedAppleIDStr"));
  return { user: records.user(organisation.register(clientUserIdStr, email, account)) };
}

function getUser({ args, organisation, records }: VppCall): Answer {
  const userId = args.number("userId");
  const clientUserIdStr = args.filled("clientUserIdStr");
  const itsIdHash = args.filled("itsIdHash");
  let user: ProgramUser | undefined;
  if (userId !== undefined) {
    user = organisation.users.byId.get(userId);
  } else if (clientUserIdStr === undefined) {
    throw new VppRefusal(9600, "userId or clientUserIdStr");
  } else if (itsIdHash === undefined) {
    user = organisation.users.activeByClientId.get(clientUserIdStr);
  } else {
    // Of several, the newest. A Deleted record can be had by its userId only.
    user = organisation.users
      .records(clientUserIdStr)
      .findLast((record) => record.itsIdHash === itsIdHash && record.status !== "Deleted");
  }
  if (!user) throw new VppRefusal(9604);
  return { user: records.userWithLicenses(organisation, user) };
}

const UserFilter = z.strictObject({ includes: z.enum(["active", "all", "retired"]) });
type UserFilter = z.infer<typeof UserFilter>;

const users: Listing<ProgramUser, UserFilter> = {
  kind: "users",
  filter: UserFilter,
  all: (organisation) => organisation.users.byId.values(),
  id: (user) => user.userId,
  find: (organisation, id) => organisation.users.byId.get(id),
  matches(user, { includes }) {
    if (user.status === "Retired") return includes !== "active";
    return isActive(user) && includes !== "retired";
  },
  // A later read of changes says itself whether it wants the retired ones.
  remembers: [],
};

function getUsers({ args, organisation, records, paging }: VppCall): Answer {
  const includeRetired = args.flag("includeRetired");
  const includes: UserFilter["includes"] = args.flag("includeRetiredOnly")
    ? "retired"
    : includeRetired
      ? "all"
      : "active";
  const page = paging.page(organisation, users, {
    batchToken: args.text("batchToken", 4096) || undefined,
    sinceModifiedToken: args.text("sinceModifiedToken", 4096) || undefined,
    overrideIndex: args.number("overrideIndex"),
    filter: { includes },
  });
  return {
    users: page.records.map((user) => records.user(user)),
    totalCount: page.isFirst ? page.totalCount : undefined,
    batchToken: page.batchToken,
    sinceModifiedToken: page.sinceModifiedToken,
  };
}

/** `managedAppleIDStr` links a user who isn't linked yet. */
function editUser({ args, organisation, records, model }: VppCall): Answer {
  const user = activeUser({ args, organisation });
  const email = args.text("email");
  organisation.edit(user, email, managedAccount(model, args.filled("managedAppleIDStr")));
  return { user: records.user(user) };
}

function retireUser({ args, organisation, records }: VppCall): Answer {
  const user = activeUser({ args, organisation });
  organisation.retire(user);
  return { user: records.userWithLicenses(organisation, user) };
}

/**
 * The user a change is for: `userId` wins. Apple's text doesn't say what a clientUserIdStr without an active record is answered
 * here; 9609 names the reason better than 9604, which is for reading.
 */
export function activeUser({ args, organisation }: Pick<VppCall, "args" | "organisation">): ProgramUser {
  const userId = args.number("userId");
  const clientUserIdStr = args.filled("clientUserIdStr");
  if (userId !== undefined) {
    const user = organisation.users.byId.get(userId);
    if (!user) throw new VppRefusal(9609);
    if (user.status === "Retired") throw new VppRefusal(9618);
    if (user.status === "Deleted") throw new VppRefusal(9620);
    return user;
  }
  if (clientUserIdStr === undefined) throw new VppRefusal(9600, "userId or clientUserIdStr");
  const user = organisation.users.activeByClientId.get(clientUserIdStr);
  if (!user) throw new VppRefusal(9609);
  return user;
}

/** A Managed Apple ID by name. 9642: it runs the program somewhere but has no store account; 9635: nobody has it. */
function managedAccount(model: VppCall["model"], name: string | undefined): AppleAccount | undefined {
  if (name === undefined) return undefined;
  const account = model.appleIds.get(name);
  if (account) return account;
  const wanted = name.trim().toLowerCase();
  const isManager = [...model.organisations.values()].some(
    ({ facts }) => facts.appleId.toLowerCase() === wanted,
  );
  throw new VppRefusal(isManager ? 9642 : 9635);
}
