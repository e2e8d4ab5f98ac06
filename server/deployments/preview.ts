/** What a deployment would do, before anybody asks for it: by the same decisions that will carry it out. Nothing is written. */
import type { ServerContext } from "../context.ts";
import { findGroup } from "../directory/directory.ts";
import { readPolicies, type Policies } from "../policies.ts";
import type {
  DeploymentAction,
  DeploymentRecord,
  DeviceRecord,
  InstallationReason,
  LicenseType,
  UserRecord,
} from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { desiredBy, reaches } from "./desired.ts";
import { foresee, type Foreseen } from "./foresee.ts";
import { assignmentId, perOwnerMax } from "./installations.ts";

export interface DeploymentPlan {
  readonly adamId: string;
  /** A group that has a deployment of the app already is one whose deployment would be changed. */
  readonly groupIds: readonly string[];
  readonly action: DeploymentAction;
  readonly licenseType: LicenseType;
  readonly deadline: number | null;
}

export interface DeploymentPreview {
  users: { total: number; withoutPhone: number; mustAccept: number; invitedAlready: number };
  /** Each phone is in one of these, or in `refused`. */
  phones: {
    total: number;
    install: number;
    offer: number;
    remove: number;
    keep: number;
    untouched: number;
  };
  refused: Map<InstallationReason, number>;
  /** Phones on which another deployment of the app counts. */
  outweighed: number;
  /** Taken for those that are pushed; beside them by those that are offered the app, if all ask for it; given back. */
  licenses: { needed: number; ifAllAsk: number; returning: number };
  /** False when there were more users than are looked at. */
  complete: boolean;
}

/** Users looked at in one go; between two goes others get their turn. */
const batchMax = 200;
const usersMax = 20_000;

/** Throws not_found for a group that there isn't. */
export async function previewDeployment(
  { store, world }: ServerContext,
  plan: DeploymentPlan,
): Promise<DeploymentPreview> {
  const preview: DeploymentPreview = {
    users: { total: 0, withoutPhone: 0, mustAccept: 0, invitedAlready: 0 },
    phones: { total: 0, install: 0, offer: 0, remove: 0, keep: 0, untouched: 0 },
    refused: new Map(),
    outweighed: 0,
    licenses: { needed: 0, ifAllAsk: 0, returning: 0 },
    complete: true,
  };
  for (const [index, groupId] of plan.groupIds.entries()) {
    const counted = plan.groupIds.slice(0, index);
    let after: readonly [string, string] | undefined;
    do {
      const place = after;
      after = await store.read(async (reader) => {
        await findGroup(reader, groupId);
        const now = world.now();
        const query = { index: "byGroup", partition: groupId, limit: batchMax } as const;
        const users = await reader.list("users", place ? { ...query, after: place } : query);
        const shared = {
          plan,
          now,
          policies: await readPolicies(reader),
          others: await others(reader, plan),
        };
        for (const user of users) {
          // Who is in two of the groups is one person.
          if (!user.groupIds.some((id) => counted.includes(id))) await addUser(reader, user, shared, preview);
        }
        const last = users.at(-1)?.id ?? "";
        return users.length < batchMax ? undefined : [last, last];
      });
      if (after && preview.users.total >= usersMax) return { ...preview, complete: false };
    } while (after);
  }
  return preview;
}

interface Shared {
  readonly plan: DeploymentPlan;
  readonly now: number;
  readonly policies: Policies;
  /** The deployments of the app that stay as they are. */
  readonly others: readonly DeploymentRecord[];
}

async function others(reader: Reader, { adamId, groupIds }: DeploymentPlan): Promise<DeploymentRecord[]> {
  const query = { index: "byApp", partition: adamId, limit: perOwnerMax } as const;
  return (await reader.list("deployments", query)).filter(({ groupId }) => !groupIds.includes(groupId));
}

async function addUser(
  reader: Reader,
  user: UserRecord,
  shared: Shared,
  preview: DeploymentPreview,
): Promise<void> {
  const { plan, now, policies } = shared;
  const { adamId, action, deadline, licenseType } = plan;
  const query = { index: "byUser", partition: user.id, limit: perOwnerMax } as const;
  const phones = (await reader.list("devices", query)).filter(({ state }) => state === "enrolled");
  preview.users.total += 1;
  if (phones.length === 0) preview.users.withoutPhone += 1;
  const reaching = [
    ...shared.others.filter((deployment) => reaches(deployment, user)),
    { action, deadline, licenseType },
  ];
  const wanted = desiredBy(reaching, policies, now);
  if (wanted === null) return;
  const foreseen: (Foreseen & { readonly device: DeviceRecord })[] = [];
  for (const device of phones)
    foreseen.push({ ...(await foresee(reader, device, adamId, wanted, policies, now)), device });

  for (const { outcome, reason } of foreseen) {
    preview.phones.total += 1;
    if (outcome !== "refused") preview.phones[outcome] += 1;
    else if (reason) preview.refused.set(reason, (preview.refused.get(reason) ?? 0) + 1);
    if (!isHeard(action, wanted.action)) preview.outweighed += 1;
  }
  if (foreseen.some(({ needsTerms }) => needsTerms)) {
    preview.users.mustAccept += 1;
    if (user.vpp.invitedAt !== null) preview.users.invitedAlready += 1;
  }
  const taken = (outcome: "pushed" | "offered") =>
    foreseen.flatMap((one) =>
      one.takes && (one.outcome === "offer") === (outcome === "offered") ? [one.takes] : [],
    );
  const needed = new Set(taken("pushed"));
  preview.licenses.needed += needed.size;
  preview.licenses.ifAllAsk += new Set(taken("offered").filter((seat) => !needed.has(seat))).size;
  preview.licenses.returning += await countReturning(reader, user, adamId, foreseen);
}

/** Whether what all deployments ask for together has in it what the plan asks for. */
function isHeard(action: DeploymentAction, all: string): boolean {
  return (
    action === all || (all === "requiredAndAvailable" && (action === "required" || action === "available"))
  );
}

/** Licences that go back: the phones' own, and the user's once no phone lives on it. */
async function countReturning(
  reader: Reader,
  { id }: UserRecord,
  adamId: string,
  phones: readonly Foreseen[],
): Promise<number> {
  const own = phones.filter(({ ownSeat }) => ownSeat === "returns").length;
  const seat = await reader.get("assignments", assignmentId(id, adamId));
  if (seat?.state !== "held" || seat.stranded?.reason === "irrevocable" || phones.length === 0) return own;
  return phones.some(({ livesOnUsers }) => livesOnUsers) ? own : own + 1;
}
