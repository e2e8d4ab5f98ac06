import type { VppAsset } from "../../shared/vpp.ts";
import { wakeReason } from "../deployments/installations.ts";
import type { AppRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { requireAccount, type Reading } from "./sync-reading.ts";

const lookupBatch = 50;
const productTypeApp = 8;

/** Apple's list of what was bought, with names from the shop. Answers with how many apps there are. */
export async function readApps(reading: Reading): Promise<number> {
  const { context, sToken, countryCode } = reading;
  const askedAt = context.world.now();
  const assets = (await context.vpp.assets(sToken)).filter((asset) => asset.productTypeId === productTypeApp);
  for (let from = 0; from < assets.length; from += lookupBatch) {
    const batch = assets.slice(from, from + lookupBatch);
    const adamIds = batch.map((asset) => asset.adamIdStr);
    const facts = await context.vpp.lookup(adamIds, countryCode);
    await context.store.transaction(async (tx) => {
      await requireAccount(tx);
      const moving = await movingSeats(tx);
      for (const asset of batch) {
        const before = await tx.get("apps", asset.adamIdStr);
        const named = facts.get(asset.adamIdStr) ?? before;
        // Without a bundle id nothing a phone says could be matched to it.
        if (named === undefined) continue;
        const moved =
          before !== undefined &&
          (moving.has(asset.adamIdStr) || (await hasMoved(tx, asset.adamIdStr, askedAt)));
        await tx.put("apps", {
          id: asset.adamIdStr,
          name: named.name,
          bundleId: named.bundleId,
          pricingParam: asset.pricingParam,
          deviceAssignable: asset.deviceAssignable ?? false,
          irrevocable: asset.isIrrevocable,
          ...(moved ? keptCounts(before, asset) : countsOf(asset)),
          syncedAt: context.world.now(),
        });
        if (before && asset.deviceAssignable === true && !before.deviceAssignable)
          await wakeReason(tx, "not-device-assignable", asset.adamIdStr, context.world.now());
      }
    });
  }
  return assets.length;
}

type Counts = Pick<AppRecord, "total" | "assigned" | "available" | "retired">;

function countsOf(asset: VppAsset): Counts {
  return {
    total: asset.totalCount ?? 0,
    assigned: asset.assignedCount ?? 0,
    available: asset.availableCount ?? 0,
    retired: asset.retiredCount ?? 0,
  };
}

/** Apps of which a seat is on its way: nobody can tell whether Apple's count has it. */
async function movingSeats(reader: Reader): Promise<ReadonlySet<string>> {
  const query = { index: "unsettled", partition: "", limit: 1_000 } as const;
  return new Set((await reader.list("assignments", query)).map((seat) => seat.adamId));
}

/** A seat of this app moved since Apple was asked. */
async function hasMoved(reader: Reader, adamId: string, askedAt: number): Promise<boolean> {
  const latest = { index: "byApp", partition: adamId, order: "descending", limit: 50 } as const;
  const movements = await reader.list("ledger", latest);
  return movements.some(({ kind, at }) => (kind === "taken" || kind === "returned") && at >= askedAt);
}

/** Our own count, which every movement keeps; only what was bought or refunded comes from Apple. */
function keptCounts(before: AppRecord, asset: VppAsset): Counts {
  const total = asset.totalCount ?? 0;
  const available = Math.min(total, Math.max(0, before.available + total - before.total));
  return { total, available, assigned: total - available, retired: asset.retiredCount ?? 0 };
}
