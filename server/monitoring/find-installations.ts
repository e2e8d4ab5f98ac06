/** The list of installations under any combination of filters, page by page, with bounded work for each page. */
import { PippinError } from "../../shared/errors.ts";
import {
  installationStates,
  type IndexName,
  type InstallationReason,
  type InstallationRecord,
  type InstallationState,
} from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { labelByState, type InstallationLabel } from "./labels.ts";

export interface InstallationFilters {
  readonly state?: InstallationState | undefined;
  readonly label?: InstallationLabel | undefined;
  readonly reason?: InstallationReason | undefined;
  readonly adamId?: string | undefined;
  readonly userId?: string | undefined;
  readonly udid?: string | undefined;
  readonly groupId?: string | undefined;
}

export interface InstallationPage {
  readonly records: InstallationRecord[];
  /** Where the next page begins; null on the last one. */
  readonly next: readonly string[] | null;
}

/** Records and users looked at for one page. A combination that fits few answers with a short page and goes on from there. */
const scanMax = 3_000;
const batchMax = 200;

type Matches = (record: InstallationRecord) => boolean;

/** A way to the records: partitions of an index that is sorted by id. */
interface Path {
  readonly index: IndexName<"installations">;
  readonly partitions: readonly string[];
}

/**
 * One page, sorted by id (by user first, where a group is asked for without a user or a phone). A record that is there all the
 * time and fits all the time is handed out exactly once, however others change. Throws invalid_request for a place that is none.
 */
export async function findInstallations(
  reader: Reader,
  filters: InstallationFilters,
  limit: number,
  from: readonly string[] | undefined,
): Promise<InstallationPage> {
  const states = installationStates.filter(
    (state) =>
      (filters.state === undefined || state === filters.state) &&
      (filters.label === undefined || labelByState[state] === filters.label),
  );
  const { reason, adamId, userId, udid, groupId } = filters;
  const matches: Matches = (record) =>
    states.includes(record.state) &&
    (reason === undefined || record.reason === reason) &&
    (adamId === undefined || record.adamId === adamId) &&
    (userId === undefined || record.userId === userId) &&
    (udid === undefined || record.udid === udid);
  if (groupId === undefined) {
    return pageById(reader, await narrowest(reader, filters, states), matches, limit, placeById(from));
  }
  if (udid !== undefined || userId !== undefined) {
    const owner = udid === undefined ? userId : (await reader.get("devices", udid))?.userId;
    const user = typeof owner === "string" ? await reader.get("users", owner) : undefined;
    const isMember = user?.groupIds.includes(groupId) === true;
    // The records of one phone or one user are few, and all of them are the same user's.
    const ofMember: Matches = (record) => isMember && record.userId === user.id && matches(record);
    return pageById(reader, await narrowest(reader, filters, states), ofMember, limit, placeById(from));
  }
  return pageByMember(reader, groupId, adamId, matches, limit, placeByMember(from));
}

/** All of these are sorted by id, so that a page may take another way than the page before and still go on at its place. */
async function narrowest(
  reader: Reader,
  filters: InstallationFilters,
  states: readonly InstallationState[],
): Promise<Path> {
  const { adamId, userId, udid, reason } = filters;
  if (states.length === 0) return { index: "all", partitions: [] };
  const isEveryState = states.length === installationStates.length;
  const paths: Path[] = [];
  if (userId !== undefined && adamId !== undefined)
    paths.push({ index: "byHolder", partitions: [`${userId} ${adamId}`] });
  if (udid !== undefined) paths.push({ index: "byDevice", partitions: [udid] });
  if (userId !== undefined) paths.push({ index: "byUser", partitions: [userId] });
  if (reason !== undefined) paths.push({ index: "byReason", partitions: [reason] });
  if (adamId !== undefined) paths.push({ index: "byApp", partitions: [adamId] });
  if (adamId !== undefined && !isEveryState)
    paths.push({ index: "byAppState", partitions: states.map((state) => `${adamId} ${state}`) });
  if (!isEveryState) paths.push({ index: "byState", partitions: states });
  let best: { path: Path; size: number } | undefined;
  for (const path of paths) {
    let size = 0;
    for (const partition of path.partitions)
      size += await reader.count("installations", path.index, partition);
    if (best === undefined || size < best.size) best = { path, size };
  }
  return best?.path ?? { index: "all", partitions: [""] };
}

async function pageById(
  reader: Reader,
  path: Path,
  matches: Matches,
  limit: number,
  from: string | undefined,
): Promise<InstallationPage & { scanned: number }> {
  const records: InstallationRecord[] = [];
  let last = from;
  let scanned = 0;
  while (scanned < scanMax) {
    const batchSize = Math.min(limit + 1, batchMax);
    const batch = await mergedBatch(reader, path, last, batchSize);
    for (const record of batch) {
      if (records.length === limit) return { records, next: [last ?? ""], scanned };
      last = record.id;
      scanned += 1;
      if (matches(record)) records.push(record);
    }
    if (batch.length < batchSize) return { records, next: null, scanned };
  }
  return { records, next: [last ?? ""], scanned };
}

/** The next records of all partitions, as if they were one. */
async function mergedBatch(
  reader: Reader,
  { index, partitions }: Path,
  last: string | undefined,
  limit: number,
): Promise<InstallationRecord[]> {
  const found: InstallationRecord[] = [];
  const after = last === undefined ? {} : { after: [last, last] as const };
  for (const partition of partitions)
    found.push(...(await reader.list("installations", { index, partition, limit, ...after })));
  if (partitions.length === 1) return found;
  return found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
}

/** A place in a group: the user whose records are under way, and the last of them. */
interface MemberPlace {
  readonly userId: string;
  readonly id: string;
}

async function pageByMember(
  reader: Reader,
  groupId: string,
  adamId: string | undefined,
  matches: Matches,
  limit: number,
  from: MemberPlace | undefined,
): Promise<InstallationPage> {
  const records: InstallationRecord[] = [];
  let scanned = 0;
  let place = from;
  for (;;) {
    const users = await membersFrom(reader, groupId, place);
    for (const user of users) {
      const path: Path =
        adamId === undefined
          ? { index: "byUser", partitions: [user.id] }
          : { index: "byHolder", partitions: [`${user.id} ${adamId}`] };
      const within = place?.userId === user.id && place.id !== "" ? place.id : undefined;
      const page = await pageById(reader, path, matches, limit - records.length, within);
      records.push(...page.records);
      scanned += 1 + page.scanned;
      // An empty id: this user is done.
      place = { userId: user.id, id: page.next?.[0] ?? "" };
      const isFull = records.length === limit || scanned >= scanMax;
      if (isFull || page.next !== null) {
        return { records, next: (await isEnd(reader, groupId, place)) ? null : [place.userId, place.id] };
      }
    }
    if (users.length < batchMax) return { records, next: null };
  }
}

async function isEnd(reader: Reader, groupId: string, place: MemberPlace): Promise<boolean> {
  return place.id === "" && (await membersFrom(reader, groupId, place, 1)).length === 0;
}

/** Members from the place on: its own user first, unless that one is done. */
async function membersFrom(
  reader: Reader,
  groupId: string,
  place: MemberPlace | undefined,
  limit = batchMax,
) {
  const query = { index: "byGroup", partition: groupId, limit } as const;
  if (place === undefined) return reader.list("users", query);
  const next = await reader.list("users", { ...query, after: [place.userId, place.userId] });
  if (place.id === "") return next;
  const current = await reader.get("users", place.userId);
  return current?.groupIds.includes(groupId) === true ? [current, ...next].slice(0, limit) : next;
}

function placeById(from: readonly string[] | undefined): string | undefined {
  if (from !== undefined && from.length !== 1) throw wrongPlace();
  return from?.[0];
}

function placeByMember(from: readonly string[] | undefined): MemberPlace | undefined {
  if (from === undefined) return undefined;
  const [userId, id] = from;
  if (userId === undefined || id === undefined || from.length !== 2) throw wrongPlace();
  return { userId, id };
}

function wrongPlace(): PippinError {
  return new PippinError(
    "invalid_request",
    "query.cursor: expected the nextCursor of an earlier page, unchanged, with the same filters",
    { details: { errors: [{ path: "query.cursor", expected: "the nextCursor of an earlier page" }] } },
  );
}
