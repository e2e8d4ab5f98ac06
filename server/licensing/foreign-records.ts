/**
 * Users and licences at Apple that other products created (R21–R23): only their names are kept, so that they can be counted and told
 * apart whichever way a list is read. Nothing else of the server ever looks at them.
 */
import type { ForeignRecord } from "../store/records.ts";
import type { Store, Transaction } from "../store/store.ts";

/** Past so many of a kind no more are named. */
const foreignMax = 100_000;

export async function noteForeign(tx: Transaction, record: ForeignRecord): Promise<void> {
  const isKnown = (await tx.get("foreign", record.id)) !== undefined;
  if (!isKnown && (await tx.count("foreign", "byKind", record.kind)) >= foreignMax) return;
  await tx.put("foreign", record);
}

export const foreignUserId = (clientUserIdStr: string) => `user ${clientUserIdStr}`;
export const foreignLicenseId = (licenseIdStr: string) => `license ${licenseIdStr}`;

/** After a list was read whole: what wasn't in it is no longer there. */
export async function forgetForeign(
  store: Store,
  kind: ForeignRecord["kind"],
  syncId: string,
): Promise<void> {
  let after: readonly [string, string] | undefined;
  for (;;) {
    const last = await store.transaction(async (tx) => {
      const query = { index: "byKind", partition: kind, limit: 500, ...(after ? { after } : {}) } as const;
      const page = await tx.list("foreign", query);
      for (const record of page) if (record.syncId !== syncId) await tx.delete("foreign", record.id);
      return page.at(-1);
    });
    if (last === undefined) return;
    after = [last.id, last.id];
  }
}
