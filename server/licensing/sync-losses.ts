/** What our records had and Apple no longer has (R20): kept, so that an admin sees what another product destroyed. */
import type { LossRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

const lossesMax = 10_000;

export async function noteLoss(tx: Transaction, loss: Omit<LossRecord, "id" | "sequence">): Promise<void> {
  const sequence = await tx.sequence();
  await tx.put("losses", { id: String(sequence), sequence, ...loss });
  const excess = (await tx.count("losses", "all", "")) - lossesMax;
  if (excess <= 0) return;
  for (const old of await tx.list("losses", { index: "all", partition: "", limit: Math.min(excess, 100) })) {
    await tx.delete("losses", old.id);
  }
}

/** What one sync found lost. */
export async function countLosses(
  tx: Transaction,
  syncId: string,
): Promise<{ lostUsers: number; lostLicenses: number }> {
  let lostUsers = 0;
  let lostLicenses = 0;
  let after: readonly [number, string] | undefined;
  for (;;) {
    const query = { index: "bySync", partition: syncId, limit: 1_000, ...(after ? { after } : {}) } as const;
    const page = await tx.list("losses", query);
    for (const loss of page) {
      if (loss.kind === "user") lostUsers += 1;
      else lostLicenses += 1;
    }
    const last = page.at(-1);
    if (last === undefined) return { lostUsers, lostLicenses };
    after = [last.sequence, last.id];
  }
}
