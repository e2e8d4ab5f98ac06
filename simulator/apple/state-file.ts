import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { VppUserStatus } from "../../shared/vpp.ts";
import type { Disk } from "../../shared/world.ts";
import type { AppleModel } from "./apple-model.ts";
import { itsIdHashOf } from "./apple-ids.ts";
import { CatalogueItem, Release } from "./catalogue.ts";
import { Invariants } from "./invariants.ts";
import { holderKey, type License, type LicensePool } from "./license-pool.ts";
import type { Organisation } from "./organisation.ts";

const count = z.number().int().nonnegative();

/** A licence as it differs from a freshly bought one; untouched ones follow from their purchase. */
const StoredLicense = z.strictObject({
  id: count,
  state: z.enum(["available", "assigned", "refunded"]),
  userId: count.optional(),
  serialNumber: z.string().optional(),
  assignedAt: count,
  everAssigned: z.boolean(),
  modified: count,
  devices: z.array(z.string()).optional(),
});

const StoredPool = z.strictObject({
  adamId: z.string(),
  pricingParam: z.enum(["STDQ", "PLUS"]),
  purchases: z.array(z.strictObject({ firstLicenseId: count, quantity: count, sequence: count })),
  touched: z.array(StoredLicense),
});

const StoredUser = z.strictObject({
  userId: count,
  clientUserIdStr: z.string(),
  email: z.string().optional(),
  status: VppUserStatus,
  inviteCode: z.string().optional(),
  appleId: z.string().optional(),
  linkedAt: count,
  modified: count,
});

const StoredOrganisation = z.strictObject({
  id: count,
  name: z.string(),
  appleId: z.string(),
  countryCode: z.string(),
  idHash: z.string(),
  uId: z.string(),
  clientContext: z.string().optional(),
  sequence: count,
  users: z.array(StoredUser),
  pools: z.array(StoredPool),
});

const State = z.strictObject({
  format: z.literal("pippin-apple"),
  version: z.literal(1),
  numbers: z.strictObject({ organisation: count, user: count, license: count, token: count }),
  addedItems: z.array(CatalogueItem),
  releases: z.array(Release.extend({ adamId: z.string() })).default([]),
  assignability: z.array(z.strictObject({ adamId: z.string(), deviceAssignable: z.boolean() })).default([]),
  redemptionCodes: z
    .array(z.strictObject({ code: z.string(), adamId: z.string(), usedBy: z.string().optional() }))
    .default([]),
  accounts: z.array(
    z.strictObject({
      appleId: z.string(),
      countryCode: z.string(),
      managedBy: count.optional(),
      salt: z.string(),
      passwordHash: z.string(),
      storeTermsAccepted: z.boolean().default(true),
      purchases: z.array(z.string()),
    }),
  ),
  attempts: z.array(z.strictObject({ appleId: z.string(), wrongCount: count, lockedUntil: count })),
  sessions: z.array(
    z.strictObject({ tokenHash: z.string(), appleId: z.string(), udid: z.string().optional() }),
  ),
  organisations: z.array(StoredOrganisation),
  tokens: z.array(
    z.strictObject({
      id: z.string(),
      organisationId: count,
      secretHash: z.string(),
      expiresAt: z.number().int(),
      revoked: z.boolean(),
    }),
  ),
  phones: z.array(z.strictObject({ udid: z.string(), serialNumber: z.string() })).default([]),
  tickets: z.array(
    z.strictObject({ ticket: z.string(), adamId: z.string(), udid: z.string(), issuedAt: count }),
  ),
});
type State = z.infer<typeof State>;

/** The whole state as plain data. */
export function toState(model: AppleModel): State {
  return {
    format: "pippin-apple",
    version: 1,
    numbers: { ...model.numbers },
    addedItems: model.addedItems,
    releases: [...model.releases].map(([adamId, release]) => ({ adamId, ...release })),
    assignability: [...model.assignability].map(([adamId, deviceAssignable]) => ({
      adamId,
      deviceAssignable,
    })),
    redemptionCodes: [...model.redemptionCodes.byCode].map(([code, { adamId, usedBy }]) => ({
      ...{ code, adamId },
      ...(usedBy === undefined ? {} : { usedBy }),
    })),
    accounts: [...model.appleIds.accounts.values()].map(({ itsIdHash: _, ...account }) => ({
      ...account,
      purchases: [...account.purchases],
    })),
    attempts: [...model.appleIds.attempts].map(([appleId, attempts]) => ({ appleId, ...attempts })),
    sessions: [...model.appleIds.sessions.values()].map((session) => ({
      tokenHash: session.tokenHash,
      appleId: session.account.appleId,
      udid: session.udid,
    })),
    organisations: [...model.organisations.values()].map((organisation) => ({
      ...organisation.facts,
      clientContext: organisation.clientContext,
      sequence: organisation.changes.sequence,
      users: [...organisation.users.byId.values()].map(({ itsIdHash: _, ...user }) => user),
      pools: [...organisation.pools.values()].map(poolState),
    })),
    tokens: [...model.tokens.byId.values()],
    phones: [...model.downloads.serialNumbers].map(([udid, serialNumber]) => ({ udid, serialNumber })),
    tickets: [...model.downloads.tickets].map(([ticket, content]) => ({ ticket, ...content })),
  };
}

function poolState(pool: LicensePool): z.infer<typeof StoredPool> {
  const boughtAt = new Map<number, number>();
  for (const purchase of pool.purchases) boughtAt.set(purchase.sequence, purchase.firstLicenseId);
  return {
    adamId: pool.adamId,
    pricingParam: pool.pricingParam,
    purchases: pool.purchases,
    // A change has a number of its own, so a licence that still has the number of a purchase is untouched.
    touched: pool.licenses
      .filter((license) => !boughtAt.has(license.modified))
      .map((license) => ({
        id: license.id,
        state: license.state,
        userId: license.holder?.userId,
        serialNumber: license.holder?.serialNumber,
        assignedAt: license.assignedAt,
        everAssigned: license.everAssigned,
        modified: license.modified,
        ...(license.devices.length > 0 && { devices: [...license.devices] }),
      })),
  };
}

/** Fills a fresh model from the file's content. Throws store_corrupt when it can't be read or contradicts itself. */
export function restore(model: AppleModel, content: string, path: string): void {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    throw new PippinError("store_corrupt", `${path} isn't JSON`, { cause });
  }
  const state = State.safeParse(json);
  if (!state.success) {
    throw new PippinError("store_corrupt", `${path}: ${z.prettifyError(state.error)}`);
  }
  try {
    fill(model, state.data);
  } catch (cause) {
    if (!(cause instanceof PippinError)) throw cause;
    throw new PippinError("store_corrupt", `${path}: ${cause.message}`, { cause });
  }
  const [violation] = new Invariants(model).checkAll();
  if (violation !== undefined) throw new PippinError("store_corrupt", `${path}: ${violation}`);
}

function fill(model: AppleModel, state: State): void {
  Object.assign(model.numbers, state.numbers);
  for (const item of state.addedItems) {
    // The catalogue file may have learnt the item since.
    if (!model.catalogue.get(item.adamId)) model.addItem(item);
  }
  for (const { adamId, ...release } of state.releases) {
    const known = model.catalogue.get(adamId)?.externalVersionIdentifier ?? Infinity;
    // The catalogue file may have caught up since, or may lack the item.
    if (release.externalVersionIdentifier > known) model.release(adamId, release);
  }
  for (const { adamId, deviceAssignable } of state.assignability) {
    if (model.catalogue.get(adamId)) model.setDeviceAssignable(adamId, deviceAssignable);
  }
  for (const { code, adamId, usedBy } of state.redemptionCodes)
    model.redemptionCodes.byCode.set(code, { adamId, usedBy });
  for (const { purchases, managedBy, ...account } of state.accounts) {
    model.appleIds.accounts.set(account.appleId, {
      ...account,
      managedBy,
      itsIdHash: itsIdHashOf(account.appleId),
      purchases: new Set(purchases),
    });
  }
  for (const { appleId, ...attempts } of state.attempts) model.appleIds.attempts.set(appleId, attempts);
  for (const session of state.sessions) {
    const account = model.appleIds.accounts.get(session.appleId);
    if (!account) throw new PippinError("store_corrupt", "a session of an Apple ID that doesn't exist");
    model.appleIds.openSession({ tokenHash: session.tokenHash, account, udid: session.udid });
  }
  for (const stored of state.organisations) fillOrganisation(model, stored);
  for (const token of state.tokens) {
    model.organisation(token.organisationId);
    model.tokens.insert(token);
  }
  for (const { udid, serialNumber } of state.phones) model.downloads.serialNumbers.set(udid, serialNumber);
  for (const { ticket, ...content } of state.tickets) model.downloads.tickets.set(ticket, content);
}

function fillOrganisation(model: AppleModel, stored: z.infer<typeof StoredOrganisation>): void {
  const { users, pools, sequence, clientContext, ...facts } = stored;
  const organisation = model.insertOrganisation(facts);
  organisation.clientContext = clientContext;
  for (const user of users) {
    organisation.users.insert({
      ...user,
      email: user.email,
      inviteCode: user.inviteCode,
      appleId: user.appleId,
      itsIdHash: user.appleId === undefined ? undefined : itsIdHashOf(user.appleId),
    });
  }
  for (const pool of pools) fillPool(organisation, pool);
  organisation.changes.sequence = sequence;
}

function fillPool(organisation: Organisation, stored: z.infer<typeof StoredPool>): void {
  const pool = organisation.openPool(stored.adamId, stored.pricingParam);
  for (const purchase of stored.purchases) {
    for (const license of pool.buy(purchase)) organisation.licenses.set(license.id, license);
  }
  for (const touched of stored.touched) {
    const license = organisation.licenses.get(touched.id);
    if (license?.pool !== pool)
      throw new PippinError("store_corrupt", `licence ${touched.id} was never bought`);
    license.state = touched.state;
    license.assignedAt = touched.assignedAt;
    license.everAssigned = touched.everAssigned;
    license.modified = touched.modified;
    if (touched.devices) license.devices = touched.devices;
    if (touched.userId !== undefined) license.holder = { userId: touched.userId };
    else if (touched.serialNumber !== undefined) license.holder = { serialNumber: touched.serialNumber };
    if (license.holder) pool.held.set(holderKey(license.holder), license);
    if (license.state === "refunded") pool.refundedCount += 1;
  }
  // In the order in which they became free, as before the restart.
  const byAge = (one: License, other: License): number => one.modified - other.modified || one.id - other.id;
  pool.free.clear();
  for (const license of pool.licenses.filter(({ state }) => state === "available").sort(byAge)) {
    pool.free.add(license);
  }
}

/** Keeps the state in one file. Calls that come while a write is under way share the next one. */
export class StateFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #content: () => string;
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(disk: Disk, path: string, content: () => string) {
    this.#disk = disk;
    this.#path = path;
    this.#content = content;
  }

  /** Resolves when the state of this moment, or a later one, is durable. Throws what the disk throws. */
  save(): Promise<void> {
    if (this.#waiting) return this.#waiting;
    if (!this.#running) return this.#write();
    this.#waiting = this.#afterRunning(this.#running);
    return this.#waiting;
  }

  async #afterRunning(running: Promise<void>): Promise<void> {
    // Whether that write succeeded is told to those who waited for it.
    await running.catch(() => undefined);
    this.#waiting = undefined;
    await this.#write();
  }

  #write(): Promise<void> {
    const writing = this.#disk.writeFileAtomic(this.#path, this.#content()).finally(() => {
      this.#running = undefined;
    });
    this.#running = writing;
    return writing;
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    for (;;) {
      const pending = this.#waiting ?? this.#running;
      if (!pending) return;
      await pending.catch(() => undefined); // told to those who waited for it
    }
  }
}
