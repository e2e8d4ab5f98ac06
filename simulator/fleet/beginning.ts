/** What a lab begins with: the journey, a generated fleet, or nothing. */
import { PippinError } from "../../shared/errors.ts";
import type { RunningLab } from "../lab.ts";
import { appleIdOf, organisation, purchases } from "../organisation.ts";
import { journey } from "../scenarios/journey.ts";
import type { RunSummary } from "../scenarios/scenario.ts";
import type { Beginning } from "../snapshots/archive.ts";
import { planFleet, type FleetPlan } from "./plan-fleet.ts";

/** Licences that nobody needs, so that nobody fights over the last one. */
const spareLicenses = 10;
const licensesMax = 100_000;
const chunkSize = 500;
const enrolPatienceMs = 10 * 60_000;
const json = "application/json";

/** Brings a lab that has nothing to where it begins. Answers with what the journey came to, where it was played. */
export async function beginLab(lab: RunningLab, beginning: Beginning): Promise<RunSummary | undefined> {
  if (beginning.play === "journey") return await journey.run(lab);
  if (beginning.play === "fleet") await beginFleet(lab, beginning);
  return undefined;
}

async function beginFleet(lab: RunningLab, { seed, fleetSize }: Beginning): Promise<void> {
  const plan = planFleet(seed, fleetSize, lab.pace);
  await buy(lab, plan);
  if (plan.phones.length === 0) return;
  const users = plan.people.map(({ groups, ...person }) => ({ ...person, groups: groups.split(";") }));
  for (const chunk of chunks(users)) await lab.admin.post("/api/v1/users/import", { users: chunk });
  await enrol(lab, plan);
  lab.progress(`${plan.phones.length} phones of ${plan.people.length} people enrolled`);
}

async function buy({ apple, admin, pace }: RunningLab, plan: FleetPlan): Promise<void> {
  const { organisationId } = await apple.post<{ organisationId: string }>(
    "/control/v1/organisations",
    organisation,
  );
  const root = `/control/v1/organisations/${organisationId}`;
  const quantity = Math.min(licensesMax, plan.people.length + spareLicenses);
  for (const { adamId } of purchases) await apple.post(`${root}/licenses`, { adamId, quantity });
  const appleIds = plan.people.map(appleIdOf);
  for (const chunk of chunks(appleIds)) await apple.post("/control/v1/apple-ids", { appleIds: chunk });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const { name: tokenName, appleId } = organisation;
  const upload = { sToken, tokenName, appleId, acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), json);
  await admin.post("/api/v1/vpp/sync", {});
  if (pace === "natural") return;
  // People who think for milliseconds should not wait seconds for the server to ask.
  const soon = { firstSeconds: 0.2, factor: 1.4, maxSeconds: 30 };
  await admin.send("PATCH", "/api/v1/policies", JSON.stringify({ termsPoll: soon, verify: soon }), json);
}

async function enrol(lab: RunningLab, plan: FleetPlan): Promise<void> {
  for (const chunk of chunks(plan.phones)) {
    const made = await lab.admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
      tokens: chunk.map(({ kind, owner }) => ({ kind, userId: owner })),
    });
    await lab.addPhones(
      chunk.map((phone, index) => ({ ...phone, enrollmentUrl: made.tokens[index]?.url ?? "" })),
    );
  }
  const { world } = lab;
  for (const endsAt = world.now() + enrolPatienceMs; ;) {
    const waiting = lab.phones.filter((phone) => !phone.view().enrolled).length;
    if (waiting === 0) return;
    if (world.now() >= endsAt)
      throw new PippinError("unavailable", `${waiting} phones of the fleet could not enrol`);
    await world.sleep(world.kind === "virtual" ? 1_000 : 50);
  }
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, index) =>
    items.slice(index * chunkSize, (index + 1) * chunkSize),
  );
}
