/** What became of one app on all phones, and of all apps on the phones of one user, in a few numbers. */
import type { AppRecord, InstallationRecord } from "../store/records.ts";
import { installationStates } from "../store/records.ts";
import type { IndexPosition, Reader, Store } from "../store/store.ts";
import { countByLabel, labelByState, labelOfUser, noCounts, type LabelCounts } from "./labels.ts";

/** Records read in one go; between two goes others get their turn. */
const batchMax = 500;
/** Past it a roll-up by user says that it is not complete. */
const installationsMax = 200_000;
/** Deployments of one app that are looked at; more groups than an organisation deploys one app to. */
const deploymentsMax = 1_000;

/** By phone, from the index alone: the cost does not depend on how many there are. */
export async function countDevices(reader: Reader, adamId: string): Promise<LabelCounts> {
  const counts = noCounts();
  for (const state of installationStates) {
    counts[countByLabel[labelByState[state]]] += await reader.count(
      "installations",
      "byAppState",
      `${adamId} ${state}`,
    );
  }
  return counts;
}

export function addTo(counts: LabelCounts, record: Pick<InstallationRecord, "state">): void {
  counts[countByLabel[labelByState[record.state]]] += 1;
}

/** Of one user and one app: the phones, counted. */
export interface UserOfApp {
  readonly userId: string;
  readonly phones: LabelCounts;
  /** Install commands sent to all of them. */
  readonly attempts: number;
}

export interface UsersOfAppPage {
  readonly users: UserOfApp[];
  /** The last user, when there are more. */
  readonly next: string | null;
}

/**
 * The next users of an app, each whole. `batch` reads the next records of the app in the order of its users: in one transaction for
 * a page, in one for each batch where all are wanted.
 */
async function readUsers(
  batch: (after: IndexPosition | undefined) => Promise<InstallationRecord[]>,
  limit: number,
  afterUser: string | undefined,
): Promise<UsersOfAppPage> {
  const users: { userId: string; phones: LabelCounts; attempts: number }[] = [];
  let after: IndexPosition | undefined = afterUser === undefined ? undefined : pastUser(afterUser);
  for (;;) {
    const records = await batch(after);
    for (const record of records) {
      const userId = record.userId ?? "";
      let user = users.at(-1);
      if (user?.userId !== userId) {
        if (users.length === limit) return { users, next: user?.userId ?? null };
        users.push((user = { userId, phones: noCounts(), attempts: 0 }));
      }
      addTo(user.phones, record);
      user.attempts += record.attempts;
      after = [`${userId} ${record.udid}`, record.id];
    }
    if (records.length < batchMax) return { users, next: null };
  }
}

/** Behind all records of the user: no UDID begins with a tilde. */
function pastUser(userId: string): IndexPosition {
  return [`${userId} ~`, "~"];
}

/** One page of the users who have the app on a phone, or are to have it. */
export function listUsersOfApp(
  reader: Reader,
  adamId: string,
  limit: number,
  afterUser: string | undefined,
): Promise<UsersOfAppPage> {
  return readUsers((after) => nextOfApp(reader, adamId, after), limit, afterUser);
}

function nextOfApp(
  reader: Reader,
  adamId: string,
  after: IndexPosition | undefined,
): Promise<InstallationRecord[]> {
  return reader.list("installations", {
    index: "byAppUser",
    partition: adamId,
    limit: batchMax,
    ...(after ? { after } : {}),
  });
}

export interface UserCounts extends LabelCounts {
  /** False when there are more installations than are looked at. */
  complete: boolean;
}

/** By user. Reads all installations of the app, a batch in each transaction, and keeps none: what changes meanwhile counts either way. */
export async function countUsers(store: Store, adamId: string): Promise<UserCounts> {
  const counts = { ...noCounts(), complete: true };
  let current: { userId: string; phones: LabelCounts } | undefined;
  const settle = () => {
    if (current) counts[countByLabel[labelOfUser(current.phones)]] += 1;
  };
  let after: IndexPosition | undefined;
  for (let read = 0; ;) {
    const place = after;
    const records = await store.read((reader) => nextOfApp(reader, adamId, place));
    for (const record of records) {
      const userId = record.userId ?? "";
      if (current?.userId !== userId) {
        settle();
        current = { userId, phones: noCounts() };
      }
      addTo(current.phones, record);
      after = [`${userId} ${record.udid}`, record.id];
    }
    read += records.length;
    if (records.length < batchMax || read >= installationsMax) {
      settle();
      return { ...counts, complete: records.length < batchMax };
    }
  }
}

/** What the deployments in force ask for, each action once, sorted; empty for an app that is not deployed. */
export async function deployedActions(reader: Reader, adamId: string): Promise<string[]> {
  const deployments = await reader.list("deployments", {
    index: "byApp",
    partition: adamId,
    limit: deploymentsMax,
  });
  return [...new Set(deployments.filter(({ removed }) => !removed).map(({ action }) => action))].sort();
}

export interface AppLine {
  readonly app: AppRecord;
  readonly actions: string[];
  readonly devices: LabelCounts;
}

/** One app as the list of volume-purchased apps shows it. */
export async function lineOf(reader: Reader, app: AppRecord): Promise<AppLine> {
  return {
    app,
    actions: await deployedActions(reader, app.id),
    devices: await countDevices(reader, app.id),
  };
}
