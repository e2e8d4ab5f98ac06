/** What a scenario reads from the two sides. */
import { ApiError } from "../json-client.ts";
import type { Expectations } from "./expectations.ts";
import type { AppSummary, Lab, RunSummary, UserSummary } from "./scenario.ts";

export interface InstallationItem {
  id: string;
  udid: string;
  adamId: string;
  userId: string | null;
  state: string;
  reason: string | null;
}

const pagesMax = 1_000;

export async function allPages<T>(lab: Lab, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const query: string = `limit=200${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer: { items: T[]; nextCursor: string | null } = await lab.admin.get(
      `${path}${path.includes("?") ? "&" : "?"}${query}`,
    );
    items.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) return items;
  }
  throw new Error(`${path} has no end`);
}

interface SummaryAnswer {
  apps: (AppSummary & { failed: number })[];
}

interface LedgerAnswer {
  drift: number | null;
  violations: string[];
}

/** Nobody can tell while the token is dead, or somebody else's. */
async function ledgerOf(lab: Lab): Promise<LedgerAnswer> {
  try {
    return await lab.admin.get<LedgerAnswer>("/api/v1/ledger/check");
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "internal") throw error;
    return { drift: null, violations: [] };
  }
}

/** The result of a run, as both sides tell it. */
export async function summarise(
  lab: Lab,
  run: { scenario: string; startedAt: number; check: Expectations },
): Promise<RunSummary> {
  const { apps } = await lab.admin.get<SummaryAnswer>("/api/v1/summary");
  const ledger = await ledgerOf(lab);
  const apple = await lab.apple.get<{ violations: string[] }>("/control/v1/invariants");
  const devices = await allPages<{ userId: string | null; state: string }>(lab, "/api/v1/devices");
  const users = await allPages<{ id: string; name: string; terms: { status: string } }>(lab, "/api/v1/users");
  const people: UserSummary[] = users.map(({ id, name, terms }) => ({
    id,
    name,
    termsStatus: terms.status,
    phones: devices.filter((device) => device.userId === id).length,
  }));
  return {
    scenario: run.scenario,
    seed: lab.seed,
    passed: run.check.failures.length === 0,
    failures: run.check.failures,
    apps: apps.map((app) => ({
      adamId: app.adamId,
      name: app.name,
      total: app.total,
      used: app.used,
      installed: app.installed,
      failedNoLicense: app.failedNoLicense,
      failedOther: app.failed - app.failedNoLicense,
      waitingForTerms: app.waitingForTerms,
      notApplicable: app.notApplicable,
    })),
    devices: devices.filter((device) => device.state === "enrolled").length,
    users: users.length,
    people,
    drift: ledger.drift,
    violations: [...ledger.violations, ...apple.violations],
    durationMs: lab.world.now() - run.startedAt,
  };
}
